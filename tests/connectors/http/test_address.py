"""The address guard: nothing that is not public gets through, whatever form it is written in."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from commerce.errors import Refused
from connectors.http.address import AddressRule, never, not_public
from connectors.http.settings import HttpSettings

RULE = AddressRule()
ANY = AddressRule(networks=(ip_network("0.0.0.0/0"), ip_network("::/0")))

V4 = st.integers(0, 2**32 - 1).map(IPv4Address)
SPECIAL_V4 = st.sampled_from(
    [
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.9.9.9",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.7",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "192.0.0.192",
        "168.63.129.16",
        "100.100.100.200",
    ]
).map(IPv4Address)
V6 = st.one_of(
    st.integers(0, 2**128 - 1).map(IPv6Address),
    st.integers(0, 2**120 - 1).map(lambda low: IPv6Address((0x20 << 120) | low)),
)


@given(st.one_of(V4, SPECIAL_V4, V6))
@example(IPv6Address("2001:4860:4860::8888"))
@example(IPv4Address("8.8.8.8"))
def test_nothing_that_ipaddress_calls_special_is_public(address):
    special = (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or not address.is_global
        or (address.is_reserved and not _is_nat64(address))
        or (address.version == 6 and (address.is_site_local or address.ipv4_mapped or address.sixtofour))
    )
    if special or address in map(ip_address, ("168.63.129.16", "192.0.0.192")):
        with pytest.raises(Refused):
            RULE.check("feed.example", str(address))
    elif not not_public(address):
        assert RULE.check("feed.example", str(address)) == address


@given(SPECIAL_V4)
def test_every_ipv6_form_of_a_forbidden_address_is_forbidden(v4):
    low = int(v4)
    forms = [
        IPv6Address(f"::ffff:{v4}"),
        IPv6Address(f"64:ff9b::{v4}"),
        IPv6Address((0x2002 << 112) | (low << 80)),  # 6to4
        IPv6Address((0x20010000 << 96) | (low ^ 0xFFFFFFFF)),  # Teredo
        IPv6Address(low),  # IPv4-compatible
    ]
    for address in forms:
        with pytest.raises(Refused):
            RULE.check("feed.example", str(address))


def test_a_public_address_behind_nat64_is_public_and_one_in_mapped_form_is_not():
    assert RULE.check("feed.example", "64:ff9b::8.8.8.8")
    with pytest.raises(Refused, match="IPv4 address in IPv6 form"):
        RULE.check("feed.example", "::ffff:8.8.8.8")


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2a00:1450:4001::1", "2606:4700::1"]
)
def test_the_public_internet_is_reachable(address):
    assert str(RULE.check("feed.example", address)) == address


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd20:ce::254",
        "fe80::1",
        "fe80::1%2",
        "ff02::1",
        "224.0.0.1",
        "0.0.0.0",
        "::",
        "255.255.255.255",
        "::ffff:169.254.169.254",
        "64:ff9b::169.254.169.254",
        "2002:a9fe:a9fe::1",
        "::ffff:0.0.0.0",
    ],
)
def test_metadata_multicast_and_nobody_are_refused_whatever_the_settings(address):
    for rule in (RULE, ANY, AddressRule(hosts={"feed.example"})):
        with pytest.raises(Refused, match="never connected to"):
            rule.check("feed.example", address)


def test_a_named_host_may_be_private_and_no_other():
    rule = AddressRule(hosts=HttpSettings(allow_private=("Feeds.LAN.", "[::1]")).private_hosts)
    assert rule.check("feeds.lan", "192.168.1.5")
    assert rule.check("FEEDS.lan.", "10.0.0.5")
    assert rule.check("::1", "::1")
    with pytest.raises(Refused, match=r"name feed\.example in `allow_private`"):
        rule.check("feed.example", "192.168.1.5")
    with pytest.raises(Refused):
        rule.check("localhost", "::1")


def test_a_named_network_may_be_reached_by_any_name():
    rule = AddressRule(networks=HttpSettings(allow_private=("192.168.10.7/24",)).private_networks)
    assert rule.check("anything.example", "192.168.10.250")
    with pytest.raises(Refused):
        rule.check("anything.example", "192.168.11.1")


def test_a_resolver_that_answers_nonsense_is_refused():
    with pytest.raises(Refused, match="no network address"):
        RULE.check("feed.example", "not an address")


@given(st.one_of(V4, V6))
def test_never_implies_not_public(address):
    assert not never(address) or not_public(address) or address == ip_address("168.63.129.16")


def _is_nat64(address):
    return address.version == 6 and address in ip_network("64:ff9b::/96")

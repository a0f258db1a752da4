"""Decides which network addresses may be connected to. Pure: nothing is resolved and nothing is opened here."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from commerce.errors import Refused
from connectors.http.settings import Network, bare_host

Address = IPv4Address | IPv6Address

# The IANA special-purpose registries, because what `ipaddress` calls global changes with the patch level of Python.
_SPECIAL_V4 = tuple(
    ip_network(net)
    for net in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_GLOBAL_V6 = ip_network("2000::/3")
_SPECIAL_V6 = tuple(ip_network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
_NAT64 = ip_network("64:ff9b::/96")

# Where clouds hand out credentials. Link-local addresses are refused as a whole, so those are not repeated.
_METADATA = frozenset(
    ip_address(text)
    for text in ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::23", "fd00:ec2::254", "fd20:ce::254")
)


class AddressRule:
    """Admits public addresses, and private ones where the installation's settings name host or network."""

    def __init__(self, hosts: Iterable[str] = (), networks: Iterable[Network] = ()) -> None:
        self._hosts = frozenset(hosts)
        self._networks = tuple(networks)

    def check(self, host: str, text: str) -> Address:
        """The address written in `text`, to which `host` leads; raises Refused when it must not be connected to."""
        try:
            address = ip_address(text)
        except ValueError:
            raise Refused(f"{host} leads to {text!r}, which is no network address; nothing was sent") from None
        if why := never(address):
            raise Refused(f"{host} leads to {address}, {why}; such an address is never connected to")
        why = not_public(address)
        if why and not self._allows(host, address):
            raise Refused(
                f"{host} leads to {address}, {why}; nothing was sent. "
                f"If this partner really is in your own network, name {host} in `allow_private` of the HTTP settings"
            )
        return address

    def _allows(self, host: str, address: Address) -> bool:
        named = bare_host(host) in self._hosts
        return named or any(address.version == net.version and address in net for net in self._networks)


def never(address: Address) -> str:
    """Why no setting can admit the address (with anything it embeds); empty if one can."""
    for one in (address, *_embedded(address)):
        if one in _METADATA or one.is_link_local:
            return "a link-local or cloud metadata address"
        if one.is_multicast:
            return "a multicast address"
        if one.is_unspecified or one == IPv4Address("255.255.255.255"):
            return "an address that is no single machine's"
    return ""


def not_public(address: Address) -> str:
    """Why the address is not one of the public internet; empty if it is."""
    if isinstance(address, IPv4Address):
        special = any(address in net for net in _SPECIAL_V4)
        return _kind(address) if special or not address.is_global or address.is_reserved else ""
    if address in _NAT64:
        return not_public(IPv4Address(int(address) & 0xFFFFFFFF))
    if address.ipv4_mapped is not None:
        return "an IPv4 address in IPv6 form"
    if address not in _GLOBAL_V6 or any(address in net for net in _SPECIAL_V6) or not address.is_global:
        return _kind(address)
    return ""


def _kind(address: Address) -> str:
    if address.is_loopback:
        return "this machine itself"
    return "a private address" if address.is_private else "an address reserved for special use"


def _embedded(address: Address) -> list[IPv4Address]:
    """IPv4 addresses that a gateway or the kernel would reach through this IPv6 address."""
    if isinstance(address, IPv4Address):
        return []
    if address in _NAT64:
        return [IPv4Address(int(address) & 0xFFFFFFFF)]
    return [one for one in (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())) if one is not None]

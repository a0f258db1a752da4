"""Codes are those of RFC 6238, taken one step around, never twice; recovery codes are read however they are typed."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from meschain.access.totp import (
    RECOVERY_CODES,
    accepted_step,
    new_recovery_codes,
    new_totp_secret,
    provisioning_uri,
    qr_svg,
    recovery_hash,
)

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
RFC_6238 = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]
"""Appendix B, SHA-1: seconds since 1970 and the code of eight digits; ours are its last six."""
NOW = datetime(2026, 11, 23, 12, 0, 10, tzinfo=UTC)


def code(secret: str, at: datetime) -> str:
    return pyotp.TOTP(secret).at(at)


@pytest.mark.parametrize(("seconds", "digits"), RFC_6238)
def test_codes_are_those_of_the_rfc(seconds, digits):
    now = datetime.fromtimestamp(seconds, UTC)
    assert accepted_step(RFC_SECRET, digits[-6:], now) == seconds // 30
    assert accepted_step(RFC_SECRET, digits, now) is None, "eight digits are not what our apps show"


@pytest.mark.parametrize(("late", "taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_one_step_around_is_taken(late, taken):
    secret = new_totp_secret()
    shown = NOW + timedelta(seconds=late)
    step = accepted_step(secret, code(secret, shown), NOW)
    assert step == (int(shown.timestamp()) // 30 if taken else None)


def test_no_code_is_taken_twice_and_none_from_before():
    secret = new_totp_secret()
    step = accepted_step(secret, code(secret, NOW), NOW)
    assert step is not None
    assert accepted_step(secret, code(secret, NOW), NOW, last_step=step) is None
    assert accepted_step(secret, code(secret, NOW - timedelta(seconds=30)), NOW, last_step=step) is None
    assert accepted_step(secret, code(secret, NOW + timedelta(seconds=30)), NOW, last_step=step) == step + 1


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "abcdef", "12 34", "١٢٣٤٥٦", "１２３４５６", "-12345", "12345\n", "x" * 10_000]
)
def test_what_is_no_code(typed):
    assert accepted_step(RFC_SECRET, typed, NOW) is None


def test_a_code_may_be_typed_in_groups():
    assert accepted_step(RFC_SECRET, "287 082", datetime.fromtimestamp(59, UTC)) == 1
    assert accepted_step(RFC_SECRET, "755224", datetime.fromtimestamp(0, UTC)) == 0, (
        "RFC 4226, counter 0: no step before"
    )


def test_keys_have_160_bits_and_differ():
    keys = {new_totp_secret() for _ in range(50)}
    assert len(keys) == 50
    assert {len(base64.b32decode(key)) for key in keys} == {20}


def test_an_app_finds_everything_in_the_address():
    address = urlsplit(provisioning_uri(RFC_SECRET, "ayşe@example.com"))
    assert (address.scheme, address.netloc, unquote(address.path)) == ("otpauth", "totp", "/MesChain:ayşe@example.com")
    assert parse_qs(address.query) == {"secret": [RFC_SECRET], "issuer": ["MesChain"]}
    assert pyotp.parse_uri(address.geturl()).at(59) == "287082"


def test_the_qr_code_is_a_drawing_and_nothing_else():
    drawing = etree.fromstring(qr_svg(provisioning_uri(RFC_SECRET, "ayşe@example.com")))
    assert drawing.tag.endswith("svg")
    assert {part.tag.rpartition("}")[2] for part in drawing.iter()} == {"svg", "g", "path"}
    assert not {name for part in drawing.iter() for name in part.attrib if name.startswith(("on", "style", "href"))}
    assert {part.get("fill") or part.get("stroke") for part in drawing.iter() if part.tag.endswith("path")} == {
        "#fff",
        "#000",
    }


def test_recovery_codes():
    codes = new_recovery_codes()
    assert len(codes) == len(set(codes)) == RECOVERY_CODES == 10
    hashes = {recovery_hash(each) for each in codes}
    assert len(hashes) == 10
    assert None not in hashes
    assert not any(each.replace("-", "") in str(hashes) for each in codes)
    for each in codes:
        typed = each.lower().replace("-", " ").replace("0", "o").replace("1", "l")
        assert recovery_hash(typed) == recovery_hash(f" {each} ") == recovery_hash(each)


@pytest.mark.parametrize(
    "typed", ["", "AAAA-BBBB-CCCC-DDD", "AAAA-BBBB-CCCC-DDDDD", "AAAA-BBBB-CCCC-DDDU", "ÄAAA-BBBB-CCCC-DDDD"]
)
def test_what_is_no_recovery_code(typed):
    assert recovery_hash(typed) is None


@given(st.text(max_size=30))
def test_any_text_is_answered(typed):
    assert accepted_step(RFC_SECRET, typed, NOW) is None or len(typed.replace(" ", "")) == 6
    assert recovery_hash(typed) is None or len(typed) >= 16

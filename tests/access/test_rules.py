"""What may name a tenant, and which currencies and time zones it may have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import Refused
from meschain.access.rules import check_currency, check_slug, check_time_zone


@given(slug=st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True))
def test_a_slug_of_the_right_form_is_taken_as_it_is(slug: str) -> None:
    assert check_slug(slug, "a tenant") == slug


@pytest.mark.parametrize("slug", ["", "Acme", "a b", "a/b", "..", "-a", "a-", "ş", "a" * 64, "a\n", "a\0"])
def test_a_slug_must_fit_into_paths_and_addresses(slug: str) -> None:
    with pytest.raises(Refused, match=r"a supplier cannot be called .* a-z, 0-9 and dash"):
        check_slug(slug, "a supplier")


def test_a_currency_may_be_open() -> None:
    assert check_currency(None) is None
    assert check_currency("TRY") == "TRY"


@pytest.mark.parametrize("code", ["TL", "try", "XXX", ""])
def test_a_currency_must_be_one(code: str) -> None:
    with pytest.raises(Refused, match="ISO 4217"):
        check_currency(code)


@pytest.mark.parametrize("name", ["UTC", "Europe/Istanbul", "America/Argentina/Buenos_Aires"])
def test_a_time_zone_of_the_database_is_taken(name: str) -> None:
    assert check_time_zone(name) == name


@pytest.mark.parametrize("name", ["Istanbul", "", "../etc/passwd", "Europe/Istanbul\0", "Europe", "/etc/passwd"])
def test_a_time_zone_must_be_one(name: str) -> None:
    with pytest.raises(Refused, match="IANA"):
        check_time_zone(name)

"""Currencies as feeds write them, and the rounding of amounts we issue."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.currency import ISO_4217, currency_in, minor_digits, parse_currency, round_to_minor, strip_currency
from commerce.errors import BadRecord
from commerce.numbers import parse_decimal


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("TL", "TRY"), ("TRL", "TRY"), ("TRY", "TRY"), ("₺", "TRY"), ("EURO", "EUR"), ("$", "USD"),
        ("tl", "TRY"), ("YTL", "TRY"), ("Türk Lirası", "TRY"), ("TÜRK LİRASI", "TRY"), ("euro", "EUR"), ("€", "EUR"),
        ("US$", "USD"), ("usd", "USD"), ("Dolar", "USD"), ("£", "GBP"), ("STERLİN", "GBP"), (" chf ", "CHF"),
        ("", None), (" \u00a0", None),
    ],
)  # fmt: skip
def test_aliases(text: str, code: str | None) -> None:
    assert parse_currency(text) == code


@pytest.mark.parametrize("text", ["XYZ", "TLY", "32,5", "T L", "EUR/USD", "?"])
def test_an_unknown_currency_is_refused(text: str) -> None:
    with pytest.raises(BadRecord) as refusal:
        parse_currency(text, "kur")
    assert (refusal.value.reason, refusal.value.field) == ("unknown_currency", "kur")


@given(st.sampled_from(sorted(ISO_4217)))
def test_every_code_names_itself(code: str) -> None:
    assert parse_currency(code.lower()) == code
    assert currency_in(f"1.50 {code}") == currency_in(f"{code} 1.50") == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("199.90 TRY", "TRY"), ("$9.99 ", "USD"), ("₺1.299,90", "TRY"), ("1 299,90 TL", "TRY"), ("5€", "EUR"),
        ("1\u202f299,90\u00a0€", "EUR"), ("₺-5", "TRY"), ("$5 USD", "USD"), ("199.90", None), ("", None), ("TL", None),
        ("five TRY", None),
    ],
)  # fmt: skip
def test_currency_beside_the_number(text: str, code: str | None) -> None:
    assert currency_in(text) == code


@pytest.mark.parametrize("text", ["$5 CAD", "USD 5 TRY", "€5₺"])
def test_two_currencies_beside_one_number_are_no_answer(text: str) -> None:
    with pytest.raises(BadRecord, match="two currencies"):
        currency_in(text)


words = st.sampled_from(["", "TL", "₺", "$", "US$", "EURO", "€", "TRY", "usd", "XYZ", "adet", "-"])
blanks = st.sampled_from(["", " ", "\u00a0", "\u202f", "\u2009"])


@given(words, blanks, st.sampled_from(["5", "1.299,90", "1\u202f299,90", "1 299,90"]), blanks, words)
def test_no_currency_is_stripped_unseen(before: str, gap: str, number: str, blank: str, behind: str) -> None:
    """Else a price in euros would be taken for one in the profile's currency."""
    text = f"{before}{gap}{number}{blank}{behind}"
    try:
        parse_decimal(text, decimal=",", signed=True)
    except BadRecord:
        return
    try:
        code = currency_in(text)
    except BadRecord:
        code = "two"
    assert (code is not None) == (strip_currency(text) != text.strip())


@pytest.mark.parametrize(("code", "digits"), [("TRY", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3), ("TND", 3), ("CLP", 0)])
def test_minor_units(code: str, digits: int) -> None:
    assert minor_digits(code) == digits


@pytest.mark.parametrize(
    ("amount", "code", "rounded"),
    [
        ("0.005", "TRY", "0.01"), ("0.015", "TRY", "0.02"), ("0.025", "TRY", "0.03"), ("1.0049", "TRY", "1.00"),
        ("-0.005", "TRY", "-0.01"), ("0.5", "JPY", "1"), ("1.5", "JPY", "2"), ("2.5", "JPY", "3"),
        ("0.0005", "KWD", "0.001"), ("2", "TRY", "2.00"),
    ],
)  # fmt: skip
def test_half_goes_away_from_zero(amount: str, code: str, rounded: str) -> None:
    result = round_to_minor(Decimal(amount), code)
    assert (result, result.as_tuple().exponent) == (Decimal(rounded), -minor_digits(code))


@given(st.decimals(-(10**12), 10**12, places=6), st.sampled_from(["TRY", "JPY", "KWD"]))
def test_rounding_against_exact_fractions(amount: Decimal, code: str) -> None:
    unit = Fraction(1, 10 ** minor_digits(code))
    steps, rest = divmod(abs(Fraction(amount)), unit)
    expected = (steps + (2 * rest >= unit)) * unit
    assert abs(Fraction(round_to_minor(amount, code))) == expected

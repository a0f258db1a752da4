"""Numbers as feeds write them: each reading the table of the trade names, and nothing that is a guess."""

from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from commerce.errors import BadRecord
from commerce.numbers import parse_decimal

Mark = Literal[",", "."]
MARKS = st.sampled_from([",", "."])
BLANKS = ("\u0020", "\u00a0", "\u202f", "\u2009")

READ = [
    ("1.299,90", ",", "1299.90"),
    ("1299,90", ",", "1299.90"),
    ("₺1.299,90", ",", "1299.90"),
    ("1 299,90 TL", ",", "1299.90"),
    ("1\u00a0299,90\u00a0TL", ",", "1299.90"),
    ("1.299,90 ₺", None, "1299.90"),
    ("1,299.90", None, "1299.90"),
    ("1.299.900", None, "1299900"),
    ("1,299,900", None, "1299900"),
    ("1299.900", None, "1299.900"),
    ("131.25", ".", "131.25"),
    ("143.220", ".", "143.22"),
    ("0.000", ".", "0"),
    ("0.500", None, "0.5"),
    ("0,500", None, "0.5"),
    ("2,4", ",", "2.40"),
    ("2,4", None, "2.40"),
    ("19.99", ".", "19.99"),
    ("19.99", None, "19.99"),
    ("45,0000", ",", "45"),
    ("  7 ", None, "7"),
    ("007", None, "7"),
    ("-0", None, "0"),
    ("$9.99 ", None, "9.99"),
    ("32.0 USD", None, "32"),
    ("TRY1.299,90", ",", "1299.90"),
    ("99999999999999,9999", ",", "99999999999999.9999"),
    ("1,50000", ",", "1.5"),
]

REFUSED = [
    ("1.299", None, "ambiguous_number"),
    ("12,000", None, "ambiguous_number"),
    ("143.220", None, "ambiguous_number"),
    ("1.299 TL", None, "ambiguous_number"),
    ("-5", ".", "negative_number"),
    ("\u22125,00", ",", "negative_number"),
    ("1e3", None, "malformed_number"),
    ("NaN", None, "malformed_number"),
    ("Infinity", ".", "malformed_number"),
    ("0x10", None, "malformed_number"),
    ("1_000", None, "malformed_number"),
    ("2,849,83", ",", "malformed_number"),
    ("2,849,83", None, "malformed_number"),
    ("12.34", ",", "malformed_number"),
    ("12,34", ".", "malformed_number"),
    ("1.29,90", ",", "malformed_number"),
    ("1.2990,00", ",", "malformed_number"),
    ("0.500", ",", "malformed_number"),
    ("0,500", ".", "malformed_number"),
    ("012.500", ",", "malformed_number"),
    ("0 500", None, "malformed_number"),
    ("1 29,90", ",", "malformed_number"),
    ("1\t299", None, "malformed_number"),
    (".5", None, "malformed_number"),
    ("5.", None, "malformed_number"),
    ("+5", None, "malformed_number"),
    ("--5", None, "malformed_number"),
    ("-", None, "malformed_number"),
    ("TL", None, "malformed_number"),
    ("5 XYZ", None, "malformed_number"),
    ("5 TL TL", None, "malformed_number"),
    ("٣", None, "malformed_number"),
    ("1٣", None, "malformed_number"),
    ("Fiyat sorunuz", ",", "malformed_number"),
    ("abc.def", None, "malformed_number"),
    ("٠.000", None, "malformed_number"),
    ("1,23456", ",", "number_too_precise"),
    ("100000000000000", None, "number_too_large"),
]


@pytest.mark.parametrize(("text", "mark", "number"), READ)
def test_reads(text: str, mark: Mark | None, number: str) -> None:
    assert parse_decimal(text, decimal=mark) == Decimal(number)


@pytest.mark.parametrize(("text", "mark", "reason"), REFUSED)
def test_refuses(text: str, mark: Mark | None, reason: str) -> None:
    with pytest.raises(BadRecord) as refusal:
        parse_decimal(text, "cost", mark)
    assert (refusal.value.reason, refusal.value.field, refusal.value.value) == (reason, "cost", text)


@pytest.mark.parametrize("text", ["", "  ", "\u00a0", "\t\n", "\u202f\u2009"])
def test_blank_is_no_number(text: str) -> None:
    assert parse_decimal(text) is None


@pytest.mark.parametrize("text", ["-10,0000", "\u221210,0000", "- 10"])
def test_a_negative_number_only_where_one_is_expected(text: str) -> None:
    assert parse_decimal(text, decimal=",", signed=True) == Decimal(-10)


amounts = st.decimals(min_value=0, max_value=Decimal("99999999999999.9999"), places=4)


def written(number: Decimal, mark: Mark, group: str = "") -> str:
    """The number as a person of that locale writes it; the inverse of what is tested, made by other means."""
    whole, _, fraction = f"{number:f}".partition(".")
    groups = []
    while len(whole) > 3:
        whole, last = whole[:-3], whole[-3:]
        groups.insert(0, last)
    return group.join([whole, *groups]) + (mark + fraction if fraction else "")


@given(amounts, MARKS, st.data())
def test_every_number_comes_back_from_how_it_is_written(number: Decimal, mark: Mark, data: st.DataObject) -> None:
    group = data.draw(st.sampled_from(["", "." if mark == "," else ",", *BLANKS]))
    assert parse_decimal(written(number, mark, group), decimal=mark) == number


@given(amounts, MARKS, st.integers(0, 4))
def test_trailing_zeros_change_nothing(number: Decimal, mark: Mark, zeros: int) -> None:
    assert parse_decimal(written(number, mark) + "0" * zeros, decimal=mark) == number


def readings(text: str) -> set[Decimal]:
    """What the text is under each decimal mark that allows it at all."""
    found = set()
    for mark in (",", "."):
        try:
            number = parse_decimal(text, decimal=mark, signed=True)
        except BadRecord:
            continue
        if number is not None:
            found.add(number)
    return found


numeric_texts = st.text("0123456789.,  ", max_size=12) | st.from_regex(
    r"[0-9]{1,3}[.,][0-9]{3}([.,][0-9]{1,3})?", fullmatch=True
)


@given(numeric_texts)
def test_without_a_mark_only_what_has_one_reading(text: str) -> None:
    """The heart of it: an undeclared text is read as its only reading, or refused. Never ×10, ×100, ×1000."""
    try:
        number = parse_decimal(text)
    except BadRecord as refusal:
        if refusal.reason == "ambiguous_number":
            assert len(readings(text)) > 1
        return
    assert number is None or readings(text) == {number}


@given(st.integers(1, 999), st.integers(0, 999), MARKS)
def test_three_digits_behind_the_only_mark_are_two_numbers(whole: int, rest: int, mark: Mark) -> None:
    text = f"{whole}{mark}{rest:03}"
    with pytest.raises(BadRecord, match="ambiguous"):
        parse_decimal(text)
    assert parse_decimal(text, decimal=mark) == Decimal(f"{whole}.{rest:03}")
    assert parse_decimal(text, decimal="." if mark == "," else ",") == whole * 1000 + rest


@given(st.text(max_size=12), st.sampled_from([",", ".", None]))
def test_any_text_is_read_or_refused(text: str, mark: Mark | None) -> None:
    try:
        number = parse_decimal(text, decimal=mark)
    except BadRecord:
        return
    digits = "".join(char for char in text if char.isascii() and char.isdigit())
    assert (number is None) == (not text.strip())
    if number is not None:
        assume(number)
        assert "".join(map(str, number.as_tuple().digits)).strip("0") == digits.strip("0")

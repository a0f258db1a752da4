"""What a person types is read as it was meant, or asked for again; nothing is guessed."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meschain.access.tables import Locale
from meschain.web.console.formats import Formats
from meschain.web.console.language import say
from meschain.web.console.typed import Typed


@pytest.mark.parametrize("language", ["en", "tr"])
@given(number=st.decimals(0, 10**9 - 1, places=4))
def test_a_number_as_a_page_writes_it_is_read_as_it_is_or_asked_for_again(language: Locale, number: Decimal) -> None:
    typed = Typed({"n": Formats(language).number(number)})
    found = typed.number("n")
    if found is None:
        assert "two ways" in say("en", typed.errors["n"])
    else:
        assert found == number


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("12,345", "This can be read in two ways; write 1299,90 or 1.299,90."), ("-1", "Give a number that is not"),
        ("1,23456", "Give at most four digits behind the mark."), ("1000000000", "This number is too large."),
        ("x", "Give a number, such as 2.5."), ("1" * 70, "Give at most 60 characters."), ("", "This is needed."),
    ],
)  # fmt: skip
def test_what_is_no_number_is_told(text: str, told: str) -> None:
    typed = Typed({"n": text})
    assert typed.number("n", needed=True) is None
    assert say("en", typed.errors["n"]).startswith(told)


def test_rates_whole_numbers_choices_and_days() -> None:
    typed = Typed({"r": "18,50", "w": "28", "c": "b", "d": "2026-02-28", "none": ""})
    assert (typed.rate("r"), typed.whole("w", 30), typed.choice("c", "ab")) == (Decimal("18.50"), 28, "b")
    assert (typed.day("d"), typed.day("none"), typed.rate("none"), typed.errors) == (date(2026, 2, 28), None, None, {})
    wrong = Typed({"r": "18,505", "w": "31", "c": "x", "d": "2026-02-30", "e": "9999-01-01", "f": "20260101"})
    wrong.rate("r", most=10)
    wrong.whole("w", 30)
    wrong.choice("c", "ab")
    assert [wrong.day(name) for name in "def"] == [None, None, None]
    assert wrong.errors.keys() == set("rwcdef")
    assert Formats("tr").rate(Decimal("18.50")) == "%18,5"
    assert Formats("en").rate(Decimal(-3)) == "-3%"

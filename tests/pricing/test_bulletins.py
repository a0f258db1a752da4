"""What speaks against a bulletin is found to the last digit, and a bulletin is stored as it was published."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.fx.bulletin import Bulletin, Rate
from meschain.pricing.bulletins import describe, find_corrections, find_jumps, opened, reference, same, stored
from tests.pricing.bank import euro, lira

MONDAY, TUESDAY = date(2026, 1, 5), date(2026, 1, 6)
D = Decimal
NUMBERS = st.decimals(min_value="0.000001", max_value="1000000", places=6)
CODES = st.sampled_from(["USD", "EUR", "JPY", "GBP", "IRR"])
BULLETINS = st.dictionaries(CODES, st.tuples(NUMBERS, NUMBERS), min_size=1).map(
    lambda rates: Bulletin("tcmb", "2026/1", MONDAY, tuple(Rate(code, "TRY", *two) for code, two in rates.items()))
)


@given(BULLETINS)
def test_a_bulletin_is_stored_as_it_was_published(bulletin: Bulletin) -> None:
    again = opened("tcmb", "2026/1", MONDAY, stored(bulletin.rates))
    assert again == bulletin
    assert same(again, Bulletin("tcmb", "2026/1", MONDAY, bulletin.rates[::-1]))
    assert find_corrections(bulletin, again) == find_jumps(bulletin, again, D(0)) == []


@given(BULLETINS, BULLETINS, st.decimals(min_value=0, max_value=100, places=2))
def test_a_jump_is_what_moved_by_more_than_it_may(before: Bulletin, after: Bulletin, limit: Decimal) -> None:
    old = {rate.base: rate for rate in before.rates}
    expected = {
        rate.base
        for rate in after.rates
        if rate.base in old
        and any(
            abs(new - was) * 100 > limit * was
            for was, new in ((old[rate.base].buying, rate.buying), (old[rate.base].selling, rate.selling))
        )
    }
    assert {finding["base"] for finding in find_jumps(before, after, limit)} == expected


@pytest.mark.parametrize(
    ("after", "jumps"),
    [("42", []), ("38", []), ("42.0000000001", ["+5"]), ("37.99", ["-5.025"]), ("4", ["-90"]), ("400", ["+900"])],
)
def test_just_as_much_as_it_may_is_no_jump_in_either_direction(after: str, jumps: list[str]) -> None:
    found = find_jumps(lira(MONDAY, {"USD": "40"}), lira(TUESDAY, {"USD": after}), D(5))
    assert [finding["change"] for finding in found] == jumps


def test_a_finding_tells_the_side_that_moved_most() -> None:
    before, after = lira(MONDAY, {"USD": ("40", "40.5")}), lira(TUESDAY, {"USD": ("43", "47"), "EUR": "50"})
    assert find_jumps(before, after, D(5)) == [
        {
            "base": "USD", "quote": "TRY", "side": "selling", "before": "40.5", "after": "47", "change": "+16.0494",
            "than": "2026-01-05",
        }
    ]  # fmt: skip
    assert describe(find_jumps(before, after, D(5))) == "USD in TRY selling 40.5 → 47 (+16.0494 % since 2026-01-05)"


def test_a_currency_that_came_or_went_is_no_jump_but_a_correction() -> None:
    before, after = euro(MONDAY, {"USD": "1.1", "TRY": "50"}), euro(MONDAY, {"USD": "1.1", "GBP": "0.9"})
    assert find_jumps(before, after, D(0)) == []
    found = find_corrections(before, after)
    assert [(each["quote"], each["before"], each["after"], each["change"]) for each in found] == [
        ("GBP", None, "0.9", None), ("TRY", "50", None, None),
    ]  # fmt: skip
    assert describe(found) == "EUR in GBP is new; EUR in TRY is gone"


def test_many_findings_are_told_in_part() -> None:
    codes = ["AUD", "CAD", "CHF", "DKK", "EUR", "GBP", "JPY"]
    before, after = (lira(day, dict.fromkeys(codes, rate)) for day, rate in ((MONDAY, "40"), (TUESDAY, "80")))
    assert describe(find_jumps(before, after, D(5))).endswith("(+100 % since 2026-01-05); and 2 more")


def test_what_a_bulletin_is_called() -> None:
    assert reference(lira(date(2015, 12, 4), {"USD": "2.9"}, "2015/231")) == "tcmb 2015/231 of 2015-12-04"
    assert reference(euro(date(2020, 1, 2), {"USD": "1.1"})) == "ecb of 2020-01-02"

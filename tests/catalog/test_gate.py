"""Every rule of the gate just below and just above its bound; and what small feeds, first runs and shifts come to."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meschain.catalog.gate import Measures, judge
from meschain.catalog.profile import GateBounds

QUIET = Measures(
    active_before=1000, priced_before=1000, in_stock_before=1000, known_accepted=900, known_refused=0,
    staged_accepted=100, staged_refused=0, noisy=0, withheld=0, duplicates=0, unreadable=0, new=10, changed=50,
    missing=0, deleted=0, price_lost=0, sold_out=0, price_changes=0, median_ratio=None, times_10=0, times_100=0,
    times_1000=0, by_10=0, by_100=0, by_1000=0,
)  # fmt: skip
FIRST = QUIET.model_copy(
    update={"active_before": 0, "priced_before": 0, "in_stock_before": 0, "known_accepted": 0, "staged_accepted": 1000}
)
SHIFTS = {"times_10": "x10", "times_100": "x100", "times_1000": "x1000", "by_10": "÷10", "by_100": "÷100",
          "by_1000": "÷1000"}  # fmt: skip


def found(measures: Measures = QUIET, bounds: GateBounds | None = None, **changed: int) -> list[str]:
    return [finding.rule for finding in judge(measures.model_copy(update=changed), bounds or GateBounds())]


def test_an_ordinary_run_passes():
    assert found() == []
    assert found(price_changes=300, missing=50, sold_out=100, price_lost=20, duplicates=10, noisy=3) == []


@pytest.mark.parametrize(
    ("rule", "measure", "bound"),
    [
        ("row_loss", "missing", 200),
        ("row_loss", "unreadable", 200),
        ("row_loss", "deleted", 200),
        ("price_changes", "price_changes", 500),
        ("price_loss", "price_lost", 200),
        ("out_of_stock", "sold_out", 500),
        ("duplicates", "duplicates", 50),
        ("charset_noise", "noisy", 10),
    ],
)
def test_each_rule_at_its_bound(rule, measure, bound):
    assert found(**{measure: bound}) == []
    assert found(**{measure: bound + 1}) == [rule]


def test_what_vanishes_in_different_ways_is_one_loss():
    assert found(missing=70, deleted=70, unreadable=60) == []
    assert found(missing=70, deleted=70, unreadable=61) == ["row_loss"]


@pytest.mark.parametrize(
    "rule", ["row_loss", "price_changes", "price_loss", "out_of_stock", "duplicates", "charset_noise"]
)
def test_bounds_are_the_suppliers_own(rule):
    bounds = GateBounds.model_validate({rule: 1.0})
    everything = {"missing": 1000, "price_changes": 1000, "price_lost": 1000, "sold_out": 1000, "duplicates": 1000,
                  "noisy": 1000}  # fmt: skip
    assert set(found(**everything)) - set(found(bounds=bounds, **everything)) == {rule}


def test_a_finding_says_how_many_of_how_many():
    (finding,) = judge(QUIET.model_copy(update={"missing": 250}), GateBounds())
    assert (finding.rule, finding.affected, finding.of, finding.share, finding.bound) == (
        "row_loss",
        250,
        1000,
        0.25,
        0.2,
    )
    assert finding.message == "250 of 1,000 offers would vanish or can no longer be read (25.0%, bound 20%)"


@pytest.mark.parametrize(("affected", "least", "held"), [(4, 5, False), (5, 5, True), (4, 4, True), (5, 6, False)])
def test_few_offers_never_hold_a_run(affected, least, held):
    small = QUIET.model_copy(update={"active_before": 6, "in_stock_before": 6, "priced_before": 6})
    bounds = GateBounds(least_rows=least)
    assert found(small, bounds, missing=affected) == (["row_loss"] if held else [])
    assert found(small, bounds, sold_out=affected) == (["out_of_stock"] if held else [])


def test_a_first_run_has_nothing_to_lose():
    assert found(FIRST) == []
    assert found(FIRST, duplicates=51) == ["duplicates"]
    assert found(FIRST, noisy=11) == ["charset_noise"]
    assert found(FIRST.model_copy(update={"staged_accepted": 0})) == []


def test_a_feed_of_which_nothing_can_be_read_is_held_however_small():
    nothing = {"known_accepted": 0, "staged_accepted": 0}
    assert found(FIRST, **nothing, staged_refused=1) == ["nothing_accepted"]
    assert found(**nothing, staged_refused=3, unreadable=3) == ["nothing_accepted"]
    assert found(**nothing, staged_refused=0) == []
    assert found(known_accepted=0, staged_accepted=1, staged_refused=99) == []


@pytest.mark.parametrize(("measure", "sign"), SHIFTS.items())
def test_a_decimal_mark_that_moved(measure, sign):
    """From half of the changed prices on, even if these are few of all."""
    assert found(price_changes=20, **{measure: 10}) == ["decimal_shift"]
    assert found(price_changes=20, **{measure: 9}) == []
    (finding,) = judge(QUIET.model_copy(update={"price_changes": 20, measure: 12}), GateBounds())
    assert finding.message == (f"12 of 20 changed prices are the old ones {sign}: a decimal mark may have moved")
    assert (finding.affected, finding.of, finding.share) == (12, 20, 0.6)


def test_a_shift_needs_some_prices_and_one_direction():
    assert found(price_changes=4, times_10=4) == []
    assert found(price_changes=5, times_10=5) == ["decimal_shift"]
    assert found(price_changes=20, times_10=9, by_10=9) == []
    assert found(price_changes=0) == []
    assert found(price_changes=600, times_100=600) == ["decimal_shift", "price_changes"]


def test_what_a_run_counts():
    measures = QUIET.model_copy(update={"known_refused": 3, "staged_refused": 4, "deleted": 5})
    assert (measures.accepted, measures.quarantined, measures.read) == (1000, 7, 1007)
    assert measures.unchanged == 1000 - 10 - 50 - 5
    assert Measures.model_validate(QUIET.model_dump() | {"median_ratio": Decimal("1.1")}).median_ratio == Decimal("1.1")


counts = st.integers(0, 1000)


@given(counts, counts, counts, st.floats(0, 1), st.integers(0, 20))
def test_held_exactly_when_a_share_is_beyond_its_bound(before, missing, unreadable, bound, least):
    lost = missing + unreadable
    measures = QUIET.model_copy(update={"active_before": before, "missing": missing, "unreadable": unreadable})
    held = "row_loss" in found(measures, GateBounds(row_loss=bound, least_rows=least))
    assert held == (before > 0 and lost >= least and lost / before > bound)

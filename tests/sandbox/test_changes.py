"""Changes and accidents give exactly what they promise, counted on the ledgers themselves."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meschain.sandbox import changes
from meschain.sandbox.assortment import Assortment, assortment
from meschain.sandbox.flaws import Flaw
from meschain.sandbox.truth import Truth

N = 2_000


@pytest.fixture(scope="module")
def first() -> Assortment:
    return assortment(N, 7)


def _counts(truth: Truth) -> tuple[int, ...]:
    return truth.read, truth.new, truth.changed, truth.unchanged, truth.missing


def test_a_day_of_trade(first):
    after, truth = changes.evolve(first, 1)
    assert _counts(truth) == (N, 20, 100, N - 120, 20)
    assert len(set(truth.changed_skus) | set(truth.new_skus) | set(truth.missing_skus)) == 140
    touched = after.ledger.join(first.ledger, on="item", how="inner").filter(updated=after.moment).height
    assert touched <= 100
    same = after.ledger.join(first.ledger, on=["item", "updated"], how="inner")
    assert len(same) == N - 120, "`updated` moves if and only if the product changes"
    assert (after.ledger["updated"] <= after.moment).all()


def test_days_differ_though_the_seed_is_one(first):
    second, one = changes.evolve(first, 1)
    third, two = changes.evolve(second, 1)
    assert set(one.changed_skus) != set(two.changed_skus)
    assert third.ledger["item"].is_unique().all()
    assert changes.evolve(first, 1).after.ledger.equals(second.ledger)


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.floats(0, 0.4), st.floats(0, 0.1), st.floats(0, 0.4))
def test_shares_are_exact(seed: int, changed: float, new: float, gone: float):
    first = assortment(300, 3)
    truth = changes.evolve(first, seed, changed, new, gone).truth
    expected = [int(300 * share + 0.5) for share in (new, changed, gone)]
    assert [truth.new, truth.changed, truth.missing] == expected
    assert truth.unchanged == 300 - expected[1] - expected[2]


def test_only_the_facts_asked_for_change(first):
    after, truth = changes.evolve(first, 1, changed=0.2, new=0, gone=0, facts=("wording",))
    assert truth.changed == N // 5
    assert after.ledger.select("cost", "list_price", "stock").equals(first.ledger.select("cost", "list_price", "stock"))


def test_decimal_shift(first):
    after, truth = changes.shift_decimals(first, 1, share=0.5)
    assert _counts(truth) == (N, 0, N // 2, N // 2, 0)
    ratios = (after.ledger["list_price"] / first.ledger["list_price"]).value_counts().sort("list_price")
    assert ratios.rows() == [(1.0, N // 2), (100.0, N // 2)]
    assert after.ledger["updated"].equals(first.ledger["updated"])


def test_sold_out(first):
    after, truth = changes.sell_out(first, 1, share=1.0)
    assert after.ledger["stock"].sum() == 0
    assert truth.changed == (first.ledger["stock"] > 0).sum()


def test_vanished(first):
    after, truth = changes.vanish(first, 1, share=0.6)
    assert _counts(truth) == (N * 4 // 10, 0, 0, N * 4 // 10, N * 6 // 10)
    assert set(truth.missing_skus).isdisjoint(after.shop.codes(after.ledger["item"].to_numpy()))


def test_cut_short(first):
    after, truth = changes.cut_short(first, 0.25)
    assert _counts(truth) == (N // 4, 0, 0, N // 4, N - N // 4)
    assert after.ledger.equals(first.ledger[: N // 4])


def test_bad_rows_stay_bad_and_are_not_counted_as_change(first):
    flaws = {Flaw.NEGATIVE_PRICE: 5, Flaw.MISSING_SKU: 7}
    spoiled, truth = changes.spoil(first, 1, flaws)
    assert (truth.read, truth.accepted, truth.quarantined, truth.new) == (N, N - 12, 12, N - 12)
    assert truth.flaws == flaws
    later = changes.evolve(spoiled, 1).truth
    assert (later.quarantined, later.changed, later.new, later.missing) == (12, 100, 20, 20)


def test_a_bad_row_that_names_its_offer_does_not_make_it_missing(first):
    named = changes.spoil(first, 1, {Flaw.GARBAGE_PRICE: 9}).after
    nameless = changes.spoil(first, 1, {Flaw.RAGGED_LINE: 9}).after
    assert changes.compare(first, named).missing == 0
    assert changes.compare(first, nameless).missing == 9


def test_duplicates(first):
    after, truth = changes.duplicate(first, 1, same=3, other_price=4)
    assert (truth.read, truth.accepted, truth.duplicates, truth.unchanged) == (N + 7, N, 7, N)
    again = after.ledger[N:].join(first.ledger, on="item", how="inner")
    assert (again["list_price"] > again["list_price_right"]).sum() == 4


def test_stock_that_only_shows_as_yes_or_no(first):
    after = changes.evolve(first, 1, changed=0.5, new=0, gone=0, facts=("stock",)).after
    assert changes.compare(first, after).changed == N // 2
    crossed = (after.ledger["stock"] > 0) != (first.ledger["stock"] > 0)
    assert changes.compare(first, after, counts_stock=False).changed == crossed.sum()


def test_duplicates_that_go_again_are_no_change(first):
    repeated = changes.duplicate(first, 1, same=5, other_price=5).after
    truth = changes.compare(repeated, first)
    assert _counts(truth) == (N, 0, 0, N, 0)

"""What a currency is worth in another: by the bank's own side, over its own currency, never better than it is."""

import re
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import Refused
from connectors.fx.bulletin import Rate
from connectors.fx.tcmb import parse_tcmb
from meschain.pricing.exchange import Exchange, exchanges, rate_of
from meschain.pricing.rates import decide_bulletin, keep_bulletin
from tests.pricing.bank import euro, exchanged, lira
from tests.pricing.conftest import Desk

D = Decimal
FRIDAY = date(2026, 1, 2)
RATES = {"USD": ("42", "42.5"), "EUR": ("50", "50.4"), "JPY": ("0.27", "0.28")}
SIDES = st.sampled_from(["buying", "selling"])
NUMBERS = st.decimals(min_value="0.000001", max_value="100000", places=8)
ONE_RATE = st.lists(NUMBERS, min_size=3, max_size=3)
TWO_RATES = st.lists(st.tuples(NUMBERS, NUMBERS).map(sorted), min_size=3, max_size=3)
PAIRS = st.permutations(["USD", "EUR", "JPY", "TRY"]).map(lambda codes: (codes[0], codes[1]))


def liras(*rates: tuple[Decimal, Decimal]) -> dict[tuple[str, str], Rate]:
    """What the Turkish bank pays and asks for a dollar, a euro and a yen."""
    return {(code, "TRY"): Rate(code, "TRY", *two) for code, two in zip(("USD", "EUR", "JPY"), rates, strict=True)}


@given(ONE_RATE, PAIRS, SIDES)
def test_there_and_back_is_one_where_the_bank_takes_nothing(rates: list[Decimal], pair, side) -> None:
    known = liras(*((rate, rate) for rate in rates))
    there, back = rate_of(known, "TRY", pair, side), rate_of(known, "TRY", pair[::-1], side)
    assert abs(there * back - 1) < D("1e-16")


@given(ONE_RATE, PAIRS, SIDES)
def test_the_other_bank_counts_the_other_way_round_and_comes_to_the_same(rates, pair, side) -> None:
    turned = {
        ("EUR", code): Rate("EUR", code, rate, rate) for code, rate in zip(("USD", "TRY", "JPY"), rates, strict=True)
    }
    there, back = rate_of(turned, "EUR", pair, side), rate_of(turned, "EUR", pair[::-1], side)
    assert abs(there * back - 1) < D("1e-16")


@given(TWO_RATES, PAIRS, SIDES)
def test_over_the_pivot_is_step_by_step(rates: list[list[Decimal]], pair, side) -> None:
    known = liras(*rates)
    steps = [
        rate_of(known, "TRY", step, side) if step[0] != step[1] else D(1)
        for step in ((pair[0], "TRY"), ("TRY", pair[1]))
    ]
    whole = rate_of(known, "TRY", pair, side)
    with localcontext(Context(prec=50)):
        assert abs(steps[0] * steps[1] / whole - 1) < D("1e-16")


@given(TWO_RATES, PAIRS)
def test_the_bank_never_pays_more_than_it_asks_and_there_and_back_never_wins(rates: list[list[Decimal]], pair) -> None:
    known = liras(*rates)
    buying, selling = (rate_of(known, "TRY", pair, side) for side in ("buying", "selling"))
    back = rate_of(known, "TRY", pair[::-1], "buying")
    with localcontext(Context(prec=50)):
        assert buying <= selling
        assert buying * back <= 1 + D("1e-16")
        assert abs(selling * back - 1) < D("1e-16")


@given(NUMBERS)
def test_a_division_has_eighteen_digits_and_is_rounded_half_up(rate: Decimal) -> None:
    known = liras(*[(rate, rate)] * 3)
    assert rate_of(known, "TRY", ("TRY", "USD"), "buying") == Context(prec=18, rounding=ROUND_HALF_UP).divide(
        D(1), rate
    )
    assert rate_of(known, "TRY", ("USD", "TRY"), "buying") is rate


@pytest.mark.parametrize(
    ("pair", "buying", "selling"),
    [
        (("USD", "TRY"), D(42), D("42.5")),
        (("TRY", "EUR"), 1 / D("50.4"), 1 / D(50)),
        (("USD", "EUR"), 42 / D("50.4"), D("42.5") / 50),
        (("JPY", "USD"), D("0.27") / D("42.5"), D("0.28") / 42),
    ],
)
def test_each_side_is_the_banks(desk: Desk, pair: tuple[str, str], buying: Decimal, selling: Decimal) -> None:
    keep_bulletin(desk.pricing, lira(FRIDAY, RATES, "2026/2"))
    for side, expected in (("buying", buying), ("selling", selling)):
        found = exchanged(desk.pricing, *pair, FRIDAY, "tcmb", side)
        assert found == Exchange(Context(prec=18).plus(expected), "tcmb 2026/2 of 2026-01-02")


def test_the_bulletin_of_a_real_day(desk: Desk, shared_data: Path) -> None:
    bulletin = parse_tcmb((shared_data / "fx/tcmb_2015-12-04.xml").read_bytes())
    keep_bulletin(desk.pricing, bulletin)
    saturday = date(2015, 12, 5)
    assert exchanged(desk.pricing, "JPY", "TRY", saturday, "tcmb", "selling") == Exchange(
        D("0.023644"), "tcmb 2015/231 of 2015-12-04"
    )
    assert exchanged(desk.pricing, "EUR", "USD", saturday, "tcmb", "buying").rate == D("1.08597659890242640")
    currencies = sorted({rate.base for rate in bulletin.rates})
    pairs = [(base, quote) for base in currencies for quote in currencies]
    found = exchanges(desk.pricing, pairs, saturday, "tcmb", "buying")
    assert found.keys() == set(pairs)
    assert all(isinstance(each, Exchange) for each in found.values())


def test_a_currency_is_worth_itself_whatever_is_published(desk: Desk) -> None:
    assert exchanged(desk.pricing, "TRY", "TRY", FRIDAY, "ecb", "buying") == Exchange(D(1), "")


def test_a_day_without_a_bulletin_has_the_last_one_for_twelve_days(desk: Desk) -> None:
    keep_bulletin(desk.pricing, euro(FRIDAY, {"TRY": "50"}))
    last = FRIDAY + timedelta(days=12)
    assert exchanged(desk.pricing, "EUR", "TRY", last, "ecb", "buying").bulletin == "ecb of 2026-01-02"
    for day, told in (
        (last + timedelta(days=1), r"the last accepted bulletin is of 2026-01-02; fetch it .* --day 2026-01-15`"),
        (FRIDAY - timedelta(days=1), "no bulletin was accepted yet; fetch it with"),
        (date.min, "no bulletin was accepted yet"),
    ):  # fmt: skip
        why = exchanged(desk.pricing, "EUR", "TRY", day, "ecb", "buying")
        assert re.match(f"ecb has no rate of EUR in TRY for {day}: {told}", why)


def test_where_only_a_held_one_is_young_enough_it_is_named(desk: Desk) -> None:
    keep_bulletin(desk.pricing, lira(FRIDAY, RATES))
    later = FRIDAY + timedelta(days=14)
    keep_bulletin(desk.pricing, lira(later, {"USD": "420"}))
    told = "its bulletin of 2026-01-16 is held; look with `meschain rate show tcmb 2026-01-16`, then approve it"
    assert told in exchanged(desk.pricing, "USD", "TRY", later, "tcmb", "buying")
    decide_bulletin(desk.pricing, "tcmb", later, accept=True)
    assert exchanged(desk.pricing, "USD", "TRY", later, "tcmb", "buying").rate == 420


def test_several_are_told_together_also_why_there_is_none(desk: Desk) -> None:
    keep_bulletin(desk.pricing, lira(FRIDAY, RATES))
    found = exchanges(desk.pricing, [("USD", "TRY"), ("XAU", "TRY"), ("XAU", "XAU")], FRIDAY, "tcmb", "buying")
    assert found["USD", "TRY"] == Exchange(D(42), "tcmb 2026/1 of 2026-01-02")
    assert found["XAU", "TRY"] == (
        "tcmb has no rate of XAU in TRY for 2026-01-02: tcmb 2026/1 of 2026-01-02 lacks one of the two; take the rates "
        "of another bank (ecb), or another currency"
    )
    assert found["XAU", "XAU"] == Exchange(D(1), "")
    with pytest.raises(Refused, match="'fed' is no source of rates; expected one of tcmb, ecb"):
        exchanges(desk.pricing, [("USD", "TRY")], FRIDAY, "fed", "buying")

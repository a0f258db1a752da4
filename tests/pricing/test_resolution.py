"""Which of several stated terms holds: by its conditions and by its days, against a slow reference."""

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meschain.pricing.resolution import Mentions, Sale, TermFault, folded, holding, resolve, within
from meschain.pricing.terms import Term

DAY = date(2026, 11, 28)
LONG_AGO = date(2020, 1, 1)
SALE = Sale("n11", "acme", "Philips", "Ev > Mutfak > Çaydanlık")


def rate(value: str, since: date = LONG_AGO, until: date | None = None, **conditions: str) -> Term:
    return Term("commission_rate", value, since, f"contract {value}", until, **conditions)


def held(terms: list[Term], sale: Sale = SALE, day: date = DAY) -> str:
    return str(resolve(terms, sale, day)["commission_rate"].value)


def test_the_more_specific_counts():
    every, channel = rate("1"), rate("2", channel="n11")
    category, deeper = rate("3", category="ev"), rate("4", category="EV > mutfak", channel="n11")
    brand, supplier = rate("5", brand="PHILIPS"), rate("6", supplier="acme")
    ladder = [every, channel, category, deeper, brand, supplier]
    for known in range(1, len(ladder) + 1):
        assert held(ladder[:known]) == str(known)
    others = [
        rate("7", channel="shop"),
        rate("8", supplier="zeta"),
        rate("9", brand="Braun"),
        rate("9", category="Evcil"),
    ]
    assert held([*others, *ladder]) == "6"


@pytest.mark.parametrize(
    ("category", "path", "fits"),
    [
        ("Toys > Dolls", "Toys", True), ("Toys", "Toys", True), ("Toys/Dolls", "toys", True),
        ("Ev | Işık", "EV | ışık", True), ("Toys & Games", "Toys", False), ("Toyshop", "Toys", False),
        ("", "Toys", False), ("Toys", "Toys > Dolls", False),
    ],
)  # fmt: skip
def test_a_category_holds_what_is_below_it(category, path, fits):
    assert within(category, path) is fits


def test_words_that_were_folded_once_are_not_kept_for_ever():
    for number in range(3_000):
        within(f"Toys > {number}", "TOYS")
    assert folded.cache_info().currsize < 2_000


def test_an_open_value_ends_where_the_next_begins():
    changed = [rate("15"), rate("18", date(2026, 11, 28))]
    assert held(changed) == "18"
    assert held(changed, day=DAY - timedelta(days=1)) == "15"


def test_a_campaign_lapses_into_what_held_before():
    campaign = [rate("15", channel="n11"), rate("9", date(2026, 11, 1), date(2026, 12, 1), category="Ev")]
    assert [held(campaign, day=day) for day in (date(2026, 10, 31), DAY, date(2026, 12, 1))] == ["15", "9", "15"]


def test_two_values_of_one_day_are_named():
    for twice in ([rate("20"), rate("10")], [rate("20", until=date(2027, 1, 1)), rate("10", date(2026, 1, 1))]):
        with pytest.raises(
            TermFault, match=r"commission_rate: two values hold on 2026-11-28, .*end one earlier"
        ) as caught:
            resolve(twice, Sale(), DAY)
        assert caught.value.code == "term_overlap"


def test_a_day_without_a_value_is_named():
    gap = [rate("15", until=date(2026, 11, 1)), rate("18", date(2026, 12, 1))]
    with pytest.raises(
        TermFault, match=r"the last one ended before 2026-11-01 and the next one begins on 2026-12-01"
    ) as caught:
        resolve(gap, Sale(), DAY)
    assert caught.value.code == "term_gap"


def test_what_is_mentioned():
    terms = [rate("1", supplier="b"), rate("2", supplier="a", brand="X"), rate("3", supplier="a", category="C")]
    assert Mentions.of(terms) == Mentions(["a", "b"], ["X"], ["C"])
    assert Mentions.of([]) == Mentions([], [], [])


days = st.integers(0, 12).map(lambda number: LONG_AGO + timedelta(days=number))


@given(spans=st.lists(st.tuples(days, st.none() | days), max_size=4, unique_by=lambda span: span[0]), day=days)
def test_no_day_differs_from_the_reference(spans, day):
    terms = [rate(str(number), since, until) for number, (since, until) in enumerate(spans)]
    covers = []
    for term, (since, until) in zip(terms, spans, strict=True):
        end = until or min((other for other, _ in spans if other > since), default=date.max)
        covers += [term] if since <= day < end else []
    if len(covers) > 1:
        with pytest.raises(TermFault, match="two values hold"):
            holding(terms, day)
    else:
        assert holding(terms, day) == (covers[0] if covers else None)


@given(st.permutations([rate("1"), rate("2", channel="n11"), rate("3", brand="Philips"), rate("4", supplier="acme")]))
def test_the_order_of_the_terms_does_not_matter(terms):
    for channel, brand, supplier in product(("n11", ""), ("Philips", ""), ("acme", "")):
        expected = "4" if supplier else "3" if brand else "2" if channel else "1"
        assert held(terms, Sale(channel, supplier, brand)) == expected

"""Price rules are read with every fault told, and each offer falls to the first rule that fits."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import Refused
from meschain.pricing.rules import Place, Rule, cells, parse_rules

D = Decimal
LIST = {"kind": "list_price"}


def test_rules_are_read_as_they_are_written():
    rule, other = parse_rules(
        [
            {
                "name": "toys", "when": {"categories": ["Toys"], "cost_below": "100"},
                "price": {"kind": "margin", "rate": "18.5"}, "floor": {"profit": "5"}, "advertised_rate": "90",
                "rounding": {"step": "1", "ending": "0.90"}, "largest_step_rate": "10",
            },
            {"name": "rest", "price": {"kind": "markup", "rate": 40}},
        ]
    )  # fmt: skip
    assert (rule.price.rate, rule.when.cost_below, rule.rounding.ending) == (D("18.5"), D(100), D("0.90"))
    assert (other.floor.profit, other.advertised_rate, other.rounding.step) == (0, None, D("0.01"))
    assert parse_rules([rule.model_dump(mode="json"), other.model_dump(mode="json")]) == (rule, other)


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ([], "the rules: tuple should have at least 1 item"),
        ([{"name": "a", "price": LIST, "when": {"desi_below": 10**9}}], "desi_below: input should be less than 1000"),
        (
            [
                {"name": str(n), "price": LIST, "when": {"cost_from": n, "desi_from": n}} for n in range(1, 60)
            ],
            "into 3600 bands; expected 2500 at most",
        ),
        ([{"name": "a", "price": LIST}, {"price": LIST}], "rule 2, name: field required"),
        ([{"name": "a", "price": {"kind": "guess"}}], "rule 1, price: input tag 'guess'"),
        ([{"name": "a", "price": {"kind": "margin", "rate": 100}}], "rule 1, price.margin.rate: input should be less"),
        ([{"name": "a", "price": LIST, "rounding": {"step": "0.5", "ending": "0.9"}}], "ending is not below step"),
        ([{"name": "a", "price": LIST, "when": {"cost_from": 9, "cost_below": 9}}], "no offer would fit"),
        ([{"name": "a", "price": LIST, "pirce": 1}], "rule 1, pirce: extra inputs are not permitted"),
        ([{"name": "a", "price": LIST}, {"name": "a", "price": LIST}], "a name of its own; there is more than one a"),
    ],
)  # fmt: skip
def test_every_fault_is_told(rules, told):
    with pytest.raises(Refused) as caught:
        parse_rules(rules)
    assert told in str(caught.value)


words = st.sampled_from(["a", "b"])
bounds = st.none() | st.integers(1, 5)


@st.composite
def rule(draw: st.DrawFn) -> dict[str, object]:
    when: dict[str, object] = {}
    for name in ("channels", "suppliers", "brands", "categories"):
        when[name] = draw(st.lists(words, max_size=1))
    for name in ("cost", "desi"):
        low, high = draw(st.integers(0, 3)), draw(bounds)
        when |= {f"{name}_from": low, f"{name}_below": high if high is None or high > low else low + 1}
    return {"name": draw(st.uuids()).hex, "when": when, "price": LIST}


@given(
    rules=st.lists(rule(), min_size=1, max_size=6), place=st.builds(Place, words, words, words, words),
    cost=st.integers(0, 7), desi=st.integers(1, 7),
)  # fmt: skip
def test_each_offer_falls_to_the_first_rule_that_fits(rules, place, cost, desi):
    parsed = parse_rules(rules)
    expected = next((number for number, each in enumerate(parsed) if fits(each, place, D(cost), desi)), None)
    found = [
        cell.number
        for cell in cells(parsed, place)
        if cell.cost_from <= cost < cell.cost_below and cell.desi_from <= desi < cell.desi_below
    ]
    assert found == ([expected] if expected is not None else [])


def fits(each: Rule, place: Place, cost: Decimal, desi: int) -> bool:
    when = each.when
    named = [
        (when.channels, place.channel), (when.suppliers, place.supplier), (when.brands, place.brand),
        (when.categories, place.category),
    ]  # fmt: skip
    bounded = [(when.cost_from, cost, when.cost_below), (when.desi_from, desi, when.desi_below)]
    return all(not given or name in given for given, name in named) and all(
        low <= value and (high is None or value < high) for low, value, high in bounded
    )

"""What-ifs say what a change of terms, rates or tariffs would do, and change nothing."""

from decimal import Decimal

import pytest

from commerce.errors import Refused
from meschain.access.rules import NotFound
from meschain.pricing.scenarios import ask_scenario, compute_scenario, get_scenario, list_scenarios
from meschain.pricing.tables import RateBulletin
from meschain.pricing.what_if import parse_changes
from meschain.store.base import utc_now
from meschain.store.session import transaction
from tests.pricing.stall import Stall

D = Decimal
WORKED = {"supplier_sku": "A1", "cost": D(300), "list_price": D(600)}


@pytest.fixture
def stall(stall: Stall) -> Stall:
    """Two offers, one in euros, on two channels; the second takes no commission."""
    stall.channel("trendyol")
    stall.channel("shop")
    stall.term("commission_rate", 0, channel="shop")
    rates = [{"base": "EUR", "quote": "TRY", "buying": "50.0000", "selling": "50.0000"}]
    with transaction(stall.pricing.engine) as session:
        day = stall.pricing.day_of(utc_now())
        session.add(RateBulletin(source="tcmb", number="2026/229", day=day, rates=rates, status="accepted"))
    stall.offers(WORKED, {"supplier_sku": "E1", "cost": D(6), "list_price": D(12), "currency": "EUR"})
    stall.rules({"name": "list", "price": {"kind": "list_price"}})
    stall.refresh()
    stall.compute()
    return stall


def result(stall: Stall, *changes: dict[str, object]) -> dict[str, dict[str, object]]:
    asked = ask_scenario(stall.pricing, "what if", changes)
    found = compute_scenario(stall.pricing, asked.id).result
    return {
        row["channel"]: {name: D(row[name]) for name in ("before", "after", "losing_after")}
        for row in found["channels"]
    }


def test_a_commission_two_points_higher(stall):
    found = result(stall, {"kind": "term", "name": "commission_rate", "add": "2"})
    # Both sell at 600: 2 % of it with VAT within, of which the VAT is taken off.
    assert found["trendyol"] == {"before": D("183.14"), "after": D("163.14"), "losing_after": 0}
    assert found["shop"]["before"] - found["shop"]["after"] == 20
    only = result(stall, {"kind": "term", "name": "commission_rate", "value": "17", "channel": "trendyol"})
    assert (only["trendyol"], only["shop"]["before"]) == (found["trendyol"], only["shop"]["after"])


def test_a_dearer_euro_raises_costs_at_the_prices_that_are_out(stall):
    found = result(stall, {"kind": "rate", "currency": "EUR", "change_rate": "10"})
    assert found["trendyol"]["before"] - found["trendyol"]["after"] == 25  # 30 with VAT


def test_a_new_tariff(stall):
    stall.tariff([("Aras", 5, 0, None, "83.93")])
    stall.term("carrier", "Aras")
    stall.compute()
    found = result(stall, {"kind": "tariff", "change_rate": "10", "channel": "shop"})
    assert found["trendyol"]["before"] == found["trendyol"]["after"]
    assert found["shop"]["before"] - found["shop"]["after"] == D("13.98")  # twice 92.32 for 83.93, without VAT


def test_the_whole_result_is_kept(stall):
    asked = ask_scenario(stall.pricing, "doubled", [{"kind": "rate", "currency": "EUR", "change_rate": "100"}])
    assert get_scenario(stall.pricing, asked.id).result == {}
    found = compute_scenario(stall.pricing, asked.id).result
    assert [row["supplier_sku"] for row in found["movers"]][:2] == ["E1", "E1"]
    assert sum(row["offers"] for row in found["bins"]) == 8
    assert found["channels"][0]["losing_before"] == 0
    assert found["channels"][0]["losing_after"] == 1
    assert [each.id for each in list_scenarios(stall.pricing)] == [asked.id]
    assert stall.ask("SELECT count(*) FROM core.margins WHERE net_cash < 0") == [(0,)]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "term", "name": "commission_rate"}, "change 1: a term changes by a value or by what is added"),
        ({"kind": "term", "name": "colour", "value": "1"}, "'colour' is no term of a margin"),
        ({"kind": "term", "name": "vat_credit", "add": "1"}, "nothing can be added to vat_credit"),
        ({"kind": "rate", "currency": "EUR", "change_rate": "-100"}, "input should be greater than -100"),
        ({"kind": "guess"}, "change 1: input tag 'guess'"),
    ],
)  # fmt: skip
def test_changes_that_cannot_be_are_told(change, told):
    with pytest.raises(Refused) as caught:
        parse_changes([change])
    assert told in str(caught.value)


def test_what_cannot_be_computed_is_refused(stall):
    with pytest.raises(Refused, match="commission_rate would be 105 on trendyol, from 15"):
        result(stall, {"kind": "term", "name": "commission_rate", "add": "90"})
    with pytest.raises(NotFound, match="there is no what-if"):
        get_scenario(stall.pricing, "none")


def test_nothing_is_compared_before_margins_were_computed(stall):
    stall.change("DELETE FROM core.margins")
    with pytest.raises(Refused, match="compute them first"):
        result(stall, {"kind": "tariff", "change_rate": "10"})

"""Prices at their limits: words in two spellings, amounts that cannot be, coins, what is gone, what was approved."""

from datetime import timedelta
from decimal import Decimal

import pytest

from meschain.channels.service import change_channel
from meschain.pricing.prices import approve_price
from meschain.store.base import utc_now
from tests.pricing.stall import Stall

D = Decimal
OFFER = {"supplier_sku": "A1", "cost": D(300), "list_price": D(600), "brand": "Işık"}
LIST = {"name": "list", "price": {"kind": "list_price"}}
REFUSALS = "core.price_refusals"


@pytest.fixture
def stall(stall: Stall) -> Stall:
    stall.channel("shop")
    return stall


def out(stall: Stall) -> list[tuple[str, Decimal]]:
    return stall.ask("SELECT supplier_sku, price FROM core.published_prices ORDER BY ALL")


def test_a_brand_in_several_spellings_is_one(stall):
    stall.term("commission_rate", 10, brand="IŞIK")
    stall.term("service_fee", 5, brand="ışık")
    stall.offers(OFFER)
    stall.rules({**LIST, "when": {"brands": ["işik"]}})
    for price in (600, 610, 620):
        stall.change(f"UPDATE core.offers SET list_price = {price}")
        stall.refresh()
    assert out(stall) == [("A1", D(620))]
    stall.compute()
    assert stall.ask("SELECT commission, service_fee FROM core.margins") == [(62, 5)]


def test_what_cannot_be_computed_holds_back_no_other(stall):
    stall.offers(
        OFFER, {**OFFER, "supplier_sku": "dear", "cost": D("99999999999999")},
        {**OFFER, "supplier_sku": "list", "list_price": D("50000000000")},
        {**OFFER, "supplier_sku": "heavy", "weight_g": 10**14},
        {**OFFER, "supplier_sku": "large", "desi": D(9 * 10**9)},
    )  # fmt: skip
    stall.rules(LIST)
    stall.refresh()
    stall.compute()
    assert out(stall) == [("A1", D(600))]
    assert stall.ask("SELECT supplier_sku FROM core.margins") == [("A1",)]
    reasons = {sku: reason for (_, sku), (reason, _) in stall.refusals().items()}
    assert reasons == {
        "dear": "amount_too_large", "list": "amount_too_large", "heavy": "desi_too_large", "large": "desi_too_large",
    }  # fmt: skip
    refused = {sku: reason for (_, sku), (reason, _) in stall.refusals(REFUSALS).items()}
    assert refused == reasons | {"list": "no_price_possible"}


def test_nothing_is_sold_for_nothing(stall):
    stall.offers({**OFFER, "cost": D("0.01")})
    stall.rules({"name": "cheap", "price": {"kind": "markup", "rate": -90}, "floor": {"profit": -1000}})
    stall.refresh()
    assert out(stall) == [("A1", D("0.01"))]


@pytest.mark.parametrize(
    ("rounding", "step", "ending"),
    [({}, 1, 0), ({"step": 1, "ending": "0.90"}, 1, 0), ({"step": 100, "ending": "98.50"}, 100, 98)],
)
def test_prices_are_paid_in_coins(stall, rounding, step, ending):
    change_channel(stall.pricing.channels, "shop", {"active": False})
    stall.channel("tokyo", "JPY")
    stall.terms(vat_rate=10, service_vat_rate=10, commission_rate=15, withholding_rate=0, rate_source="ecb")
    for name, value in {"service_fee": 0, "cargo": 500, "return_cargo": 500}.items():
        stall.term(name, value, channel="tokyo")
    stall.offers(
        *({**OFFER, "supplier_sku": str(cost), "cost": D(cost), "currency": "JPY"} for cost in range(440, 460))
    )
    rule = {"name": "p", "price": {"kind": "profit", "amount": 500}, "floor": {"profit": 500}}
    stall.rules({**rule, "rounding": rounding})
    stall.refresh()
    assert stall.refusals(REFUSALS) == {}
    prices = stall.ask("SELECT price, net_cash FROM core.published_prices")
    assert len(prices) == 20
    assert all(price % step == ending and 500 <= net_cash < 500 + step for price, net_cash in prices)


def test_what_no_rule_fits_any_more_and_what_is_sold_no_more_is_named(stall):
    stall.offers(OFFER, {**OFFER, "supplier_sku": "A2", "brand": "Other"}, {**OFFER, "supplier_sku": "A3"})
    stall.rules(LIST)
    stall.refresh()
    stall.change("UPDATE core.offers SET status = 'deleted' WHERE supplier_sku = 'A3'")
    stall.rules({**LIST, "when": {"brands": ["Other"]}})
    outcome = stall.refresh()
    assert {row["outcome"]: row["offers"] for row in outcome.counts} == {
        "no_rule": 1, "not_offered": 1, "unchanged": 1,
    }  # fmt: skip
    reasons = {sku: reason for (_, sku), (reason, _) in stall.refusals(REFUSALS).items()}
    assert reasons == {"A1": "no_rule", "A3": "not_offered"}
    assert len(out(stall)) == 3


def test_an_approval_holds_down_to_what_it_was_given_for(stall):
    stall.offers({**OFFER, "list_price": D(400)})
    stall.rules(LIST)
    stall.refresh()
    approve_price(stall.pricing, "shop", "acme", "A1", note="last ones", valid_until=stall.pricing.day_of(utc_now()))
    stall.refresh()
    assert out(stall) == [("A1", D(400))]
    stall.change("UPDATE core.offers SET cost = 290, list_price = 401")
    stall.refresh()
    assert out(stall) == [("A1", D(401))]
    stall.change("UPDATE core.offers SET cost = 3000, list_price = 402")
    stall.refresh()
    assert out(stall) == [("A1", D(401))]
    assert stall.refusals(REFUSALS)["shop", "A1"][0] == "below_floor"
    kept = stall.ask("SELECT price, valid_until FROM core.price_approvals")
    assert kept == [(400, stall.pricing.day_of(utc_now()))]


def test_a_value_that_is_still_to_begin_holds_nothing_back(stall):
    stall.term("commission_rate", 18, since=stall.pricing.day_of(utc_now()) + timedelta(days=40))
    stall.offers(OFFER)
    stall.compute()
    assert stall.ask("SELECT commission FROM core.margins") == [(90,)]  # by the reference


def test_an_amount_of_no_channel_is_one_of_the_home_currency(stall):
    stall.channel("berlin", "EUR")
    stall.terms(
        service_fee=9, vat_rate=19, service_vat_rate=19, commission_rate=15, withholding_rate=0, rate_source="ecb"
    )
    stall.offers({**OFFER, "currency": "TRY"}, {**OFFER, "supplier_sku": "A2", "currency": "EUR"})
    stall.compute()
    assert stall.ask("SELECT service_fee FROM core.margins WHERE channel = 'shop' AND supplier_sku = 'A1'") == [(9,)]
    reason, detail = stall.refusals()["berlin", "A2"]
    assert (reason, detail) == (
        "term_missing", "nobody has stated cargo, return_cargo, service_fee for berlin, which is in EUR",
    )  # fmt: skip
    for currency in ("TRY", "EUR"):
        stall.tariff([("Aras", 1, 0, None, "4")], currency=currency)

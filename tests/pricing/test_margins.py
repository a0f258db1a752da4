"""The margins of a catalogue: every offer on every channel, by its own terms, rates and tariffs, or with its reason."""

from datetime import date
from decimal import Decimal

import pytest

from meschain.pricing.margins import list_losers
from meschain.pricing.tables import RateBulletin
from meschain.store.base import utc_now
from meschain.store.session import transaction
from tests.pricing.stall import Stall

D = Decimal
WORKED = {"supplier_sku": "A1", "cost": D(300), "list_price": D(600)}
"""The worked example: 91.57 in cash with a commission of 15 %, cargo of 83.93 and a service fee of 10.19."""


def net(stall: Stall, channel: str = "trendyol") -> dict[str, Decimal]:
    return dict(stall.ask("SELECT supplier_sku, net_cash FROM core.margins WHERE channel = ?", channel))


def test_the_worked_example_by_the_shipped_reference(stall):
    stall.channel("trendyol")
    stall.offers(WORKED)
    computed = stall.compute()
    assert computed.counts == [{"channel": "trendyol", "outcome": "computed", "lines": 1}]
    row = stall.ask("SELECT sale, net_cash, net_economic, price_kind, desi, assumed FROM core.margins")
    assert row[0][:5] == (D(600), D("91.57"), D("96.57"), "list", 1)
    assert "commission_rate" in row[0][5]
    assert "vat_rate" not in row[0][5].split(", ")  # the offer says it
    assert stall.ask("SELECT offers, losing, net_cash FROM marts.channel_margins") == [(1, 0, D("91.57"))]


def test_terms_differ_by_channel_supplier_brand_and_category(stall):
    for channel in ("trendyol", "shop"):
        stall.channel(channel)
    stall.offers(
        WORKED, {**WORKED, "supplier_sku": "A2", "brand": "PHİLİPS"}, {**WORKED, "supplier_sku": "A3", "category":
        "Toys > Dolls"}, {**WORKED, "supplier_sku": "A4", "supplier": "zeta"}, {**WORKED, "supplier_sku": "A5",
        "category": "Toys & Games"},
    )  # fmt: skip
    stall.term("commission_rate", 0, channel="shop")
    stall.term("commission_rate", 10, brand="Philips")
    stall.term("commission_rate", 20, category="toys")
    stall.term("commission_rate", 5, supplier="zeta")
    stall.compute()
    taken = "SELECT supplier_sku, commission FROM core.margins WHERE channel = ? ORDER BY ALL"
    assert stall.ask(taken, "trendyol") == [("A1", 90), ("A2", 60), ("A3", 120), ("A4", 30), ("A5", 90)]
    assert stall.ask(taken, "shop") == [("A1", 0), ("A2", 60), ("A3", 120), ("A4", 30), ("A5", 0)]
    assert stall.ask(
        "SELECT DISTINCT contains(assumed, 'commission_rate') FROM core.margins WHERE supplier = 'zeta'"
    ) == [(False,)]


def test_cargo_is_that_of_carrier_desi_and_price(stall):
    stall.channel("trendyol")
    bands = [(0, 150, "42.91"), (150, 300, "73.74"), (300, None, "83.93")]
    stall.tariff([("Aras", 2, *band) for band in bands] + [("Aras", 5, 0, None, "111.00")])
    stall.term("carrier", "Aras")
    sizes = {"length_cm": D(30), "width_cm": D(20), "height_cm": D(10)}
    stall.offers(
        {**WORKED, "supplier_sku": "cheap", "list_price": D("149.99")},
        {**WORKED, "supplier_sku": "edge", "list_price": D(150)}, {**WORKED, "supplier_sku": "measured", **sizes},
        {**WORKED, "supplier_sku": "heavy", "weight_g": D(2001), **sizes},
        {**WORKED, "supplier_sku": "huge", "desi": D("5.01")},
    )  # fmt: skip
    stall.compute()
    found = {
        sku: rest for sku, *rest in stall.ask("SELECT supplier_sku, desi, cargo, return_loss > 0 FROM core.margins")
    }
    assert found == {
        "cheap": [1, D("42.91"), True], "edge": [1, D("73.74"), True], "measured": [2, D("83.93"), True],
        "heavy": [3, D(111), True],
    }  # fmt: skip
    wanting = "the carrier Aras has no amount for 6 desi at a price of 600.00 TRY; expected a row in the cargo tariff"
    assert stall.refusals() == {("trendyol", "huge"): ("no_tariff", wanting)}


def test_the_buyer_may_pay_the_cargo(stall):
    stall.channel("trendyol")
    stall.term("cargo_payer", "buyer")
    stall.offers(WORKED)
    stall.compute()
    assert stall.ask("SELECT cargo, return_loss > 83 FROM core.margins") == [(0, False)]


def test_costs_without_vat_and_in_other_currencies_are_brought_to_the_channel(stall):
    stall.channel("trendyol")
    rates = [{"base": "EUR", "quote": "TRY", "buying": "48.0000", "selling": "48.6116"}]
    today = stall.pricing.day_of(utc_now())
    with transaction(stall.pricing.engine) as session:
        session.add(RateBulletin(source="tcmb", number="2026/229", day=today, rates=rates, status="accepted"))
    stall.offers(
        {"supplier_sku": "net", "cost": D("250.3333"), "list_price": D(600), "vat_included": False},
        {"supplier_sku": "euro", "cost": D("5.125"), "list_price": D("12.5"), "currency": "EUR"},
        {"supplier_sku": "exact", "cost": D("250.3333"), "list_price": D(600)},
    )  # fmt: skip
    stall.compute()
    columns = "supplier_sku, cost, sale, exchange_rate, bulletin"
    assert stall.ask(f"SELECT {columns} FROM core.margins ORDER BY ALL") == [
        ("euro", D("249.13"), D("607.65"), D("48.6116"), f"tcmb 2026/229 of {today}"),
        ("exact", D("250.3333"), D(600), 1, None),
        ("net", D("300.40"), D(720), 1, None),
    ]


def test_what_cannot_be_computed_says_what_it_needs_and_the_rest_goes_on(stall):
    stall.channel("trendyol")
    stall.offers(
        WORKED, {"supplier_sku": "free", "list_price": D(10)}, {"supplier_sku": "unpriced", "cost": D(10)},
        {"supplier_sku": "yen", "cost": D(10), "list_price": D(20), "currency": "JPY"},
        {**WORKED, "supplier_sku": "deleted", "status": "deleted"},
    )  # fmt: skip
    computed = stall.compute()
    assert {row["outcome"]: row["lines"] for row in computed.counts} == {
        "computed": 1,
        "no_cost": 1,
        "no_price": 1,
        "no_rate": 1,
    }
    found = stall.refusals()
    assert found["trendyol", "free"] == ("no_cost", "the offer has no cost; expected one in the supplier's feed")
    assert "expected a price rule or a list price" in found["trendyol", "unpriced"][1]
    assert "JPY" in found["trendyol", "yen"][1]


@pytest.mark.parametrize("code", ["term_gap", "term_overlap"])
def test_bad_terms_hold_back_the_lines_that_need_them_and_no_others(stall, code):
    stall.channel("trendyol")
    if code == "term_gap":
        stall.term("service_fee", 9, channel="trendyol", until=date(2024, 2, 1))
    else:
        stall.term("service_fee", 9, brand="Braun", until=date(2099, 1, 1))
        stall.term("service_fee", 8, brand="braun", since=date(2025, 1, 1))
    stall.offers(WORKED, {**WORKED, "supplier_sku": "A2", "brand": "Braun"})
    stall.compute()
    reasons = {sku: reason for (_, sku), (reason, _) in stall.refusals().items()}
    assert reasons == ({"A1": code, "A2": code} if code == "term_gap" else {"A2": code})


def test_a_channel_abroad_needs_its_own_terms(stall):
    stall.channel("amazon-de", "EUR")
    stall.offers({**WORKED, "currency": "EUR"})
    stall.compute()
    reason, detail = stall.refusals()["amazon-de", "A1"]
    assert reason == "term_missing"
    assert "commission_rate, rate_source, return_cargo, service_fee, service_vat_rate, withholding_rate" in detail
    stall.terms(service_vat_rate=19, commission_rate=15, withholding_rate=0, rate_source="ecb")
    for name, value in {"service_fee": 0, "cargo": 5, "return_cargo": 5}.items():
        stall.term(name, value, channel="amazon-de")
    stall.compute()
    assert stall.ask("SELECT currency, commission FROM core.margins") == [("EUR", D(90))]


def test_losers_are_shown_worst_first(stall):
    stall.channel("trendyol")
    stall.channel("shop")
    stall.offers(*({**WORKED, "supplier_sku": f"A{n}", "list_price": D(n * 100)} for n in range(1, 7)))
    computed = stall.compute()
    assert [row["supplier_sku"] for row in computed.losers] == ["A1", "A1", "A2", "A2", "A3", "A3", "A4", "A4"]
    assert [row["net_cash"] for row in computed.losers] == sorted(row["net_cash"] for row in computed.losers)
    assert {row["channel"] for row in list_losers(stall.pricing, 5, ["shop"])} == {"shop"}
    assert list_losers(stall.pricing, 5, []) == []


def test_a_new_computation_takes_the_place_of_the_old_one(stall):
    stall.channel("trendyol")
    stall.offers(WORKED)
    stall.compute()
    stall.term("commission_rate", 20)
    stall.compute()
    assert stall.ask("SELECT count(*), max(commission) FROM core.margins") == [(1, D(120))]

"""A quote by what a tenant has stated: its terms for such sales, its carrier's tariff by the price."""

from datetime import date
from decimal import Decimal

import pytest

from commerce.errors import Refused
from meschain.pricing.quotes import Asked
from meschain.pricing.quoting import quote_sale
from meschain.pricing.resolution import Sale
from tests.pricing.stall import Stall
from warehouse.margins import Target

D = Decimal
WORKED = Asked(price=D(600), cost=D(300), day=date(2026, 11, 28), target=Target(D(60)))


def test_what_was_stated_for_such_sales_counts(stall: Stall) -> None:
    stall.channel("trendyol")
    stall.term("commission_rate", 15)
    stall.term("commission_rate", 10, channel="trendyol", category="Toys")
    found = quote_sale(stall.pricing, WORKED, Sale("trendyol", category="Toys > Dolls"))
    assert (found.components["commission"], [term.source for term in found.stated]) == (60, ["contract"])
    assert "commission_rate" not in {term.name for term in found.assumed}
    assert quote_sale(stall.pricing, WORKED, Sale("trendyol")).components["net_cash"] == D("91.57")


def test_the_cargo_is_that_of_the_price_and_prices_are_sought_in_every_band(stall: Stall) -> None:
    bands = [(0, 150, "42.91"), (150, 300, "73.74"), (300, None, "83.93")]
    stall.tariff([("Aras", 2, *band) for band in bands])
    stall.term("carrier", "Aras")
    cheap = Asked(price=D(200), cost=D(50), day=WORKED.day, target=Target(D(0)))
    found = quote_sale(stall.pricing, cheap, Sale(), D("1.2"))
    assert (found.components["cargo"], found.price, found.terms.return_cargo) == (D("73.74"), D("122.73"), D("73.74"))
    assert {"cargo", "return_cargo"}.isdisjoint({term.name for term in found.assumed})
    with pytest.raises(Refused, match="Aras"):
        quote_sale(stall.pricing, cheap, Sale(), D("2.1"))


def test_the_buyer_may_pay_the_cargo(stall: Stall) -> None:
    stall.term("cargo_payer", "buyer")
    assert quote_sale(stall.pricing, WORKED, Sale()).components["cargo"] == 0


def test_what_comes_back_is_paid_by_the_tariff_whoever_pays_the_way_there(stall: Stall) -> None:
    stall.tariff([("Aras", 2, 0, None, "50")])
    stall.terms(carrier="Aras", cargo_payer="buyer", return_rate=8)
    stall.channel("shop")
    stall.offers({"supplier_sku": "A1", "cost": D(300), "list_price": D(600), "desi": D(1)})
    stall.compute()
    found = quote_sale(stall.pricing, WORKED, Sale("shop"), D(1)).components
    names = ("cargo", "return_loss", "expected_profit", "net_cash")
    assert [tuple(found[name] for name in names)] == stall.ask(f"SELECT {', '.join(names)} FROM core.margins")


def test_a_carrier_in_two_spellings_is_one_in_quotes_and_in_the_catalogue(stall: Stall) -> None:
    stall.tariff([("ARAS", 1, 0, None, "40"), ("Aras", 2, 0, None, "50")])
    stall.term("carrier", "aras")
    stall.channel("shop")
    stall.offers({"supplier_sku": "A1", "cost": D(300), "list_price": D(600), "desi": D(2)})
    stall.compute()
    assert stall.ask("SELECT cargo FROM core.margins") == [(50,)]
    assert quote_sale(stall.pricing, WORKED, Sale("shop"), D(2)).components["cargo"] == 50


def test_a_tariff_has_its_bounds(stall: Stall) -> None:
    with pytest.raises(Refused, match="goes to 1000 desi at most, this one has 1 and goes to 999999"):
        stall.tariff([("Aras", 999_999, 0, None, "50")])

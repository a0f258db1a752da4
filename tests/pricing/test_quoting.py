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

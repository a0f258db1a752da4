"""Use case: a quote by what a tenant has stated for such a sale: its terms, its carrier's tariff."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal

from meschain.pricing.context import Pricing
from meschain.pricing.quotes import Asked, Known, Quote, quote
from meschain.pricing.resolution import Sale, resolve
from meschain.pricing.service import stated_terms
from meschain.pricing.tariffs import bands_of, list_tariffs
from meschain.pricing.terms import of_currency, reference_terms
from warehouse.margins import Band


def quote_sale(pricing: Pricing, asked: Asked, sale: Sale, desi: Decimal | None = None) -> Quote:
    """Answer by what was stated for such sales; without `desi`, the parcel is that of the term of this name.

    Refused when a term has two values or none, or the tariff none for the parcel.
    """
    stated = pricing.recent.get(("terms", pricing.tenant_id, sale), lambda: stated_terms(pricing, sale))
    terms = of_currency(stated, asked.currency, pricing.home_currency)
    found = resolve(reference_terms(), Sale(), asked.day) | resolve(terms, sale, asked.day)
    bands: Sequence[Band] = ()
    buyer_pays = "cargo" not in asked.terms and found["cargo_payer"].value == "buyer"
    if "cargo" not in asked.terms and found["carrier"].value:
        parcel = int((desi or Decimal(found["desi"].value)).to_integral_value(ROUND_CEILING))
        place = (sale.channel, asked.currency)
        bands = bands_of(
            list_tariffs(pricing, place=place), place, asked.day, found["carrier"].value, max(parcel, 1)
        )  # fmt: skip
    elif buyer_pays:
        asked = replace(asked, terms={**asked.terms, "cargo": Decimal(0)})
    return quote(asked, Known(sale=sale, terms=terms, bands=bands, buyer_pays=buyer_pays))

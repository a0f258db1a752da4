"""One quote: what a price earns, the price that breaks even, the price for a profit, and what was taken for granted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from commerce.currency import minor_digits
from commerce.errors import Refused
from meschain.pricing.resolution import Sale, resolve
from meschain.pricing.terms import Term, Terms, checked_terms, reference_terms
from warehouse.calculator import lowest_price, margin_of
from warehouse.margins import Band, Grid, Line, Target

HEADLINES = ("net_cash", "net_economic", "payable_vat", "withholding")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a quote is asked of: amounts of one item with VAT, in one currency."""

    price: Decimal
    cost: Decimal
    cost_vat_rate: Decimal | None = None
    """None: as that of the item."""
    terms: Mapping[str, Any] = field(default_factory=dict)
    """What is said of this sale, by the names of `Terms`; the rest is what was stated, or comes from the reference."""
    day: date
    currency: str = "TRY"
    target: Target | None = None
    """What a price is wanted for."""
    grid: Grid | None = None
    """On which that price has to stand; None: every price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a tenant has stated that bears upon the sale."""

    sale: Sale = field(default_factory=Sale)
    terms: Sequence[Term] = ()
    bands: Sequence[Band] = ()
    """Of the carrier's tariff for this parcel; empty: the cargo is the same at every price."""
    buyer_pays: bool = False
    """The cargo to him; what comes back is paid by the seller all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The answer; amounts in the currency of the question."""

    currency: str
    components: Mapping[str, Decimal | None]
    break_even_price: Decimal | None
    """The lowest price that loses no cash; None when no price is high enough."""
    target: Target | None
    price: Decimal | None
    """The lowest price for the target; None when none was asked for, or none is high enough."""
    terms: Terms
    stated: Sequence[Term]
    """What the tenant has stated for such sales, and where it stands."""
    assumed: Sequence[Term]
    """What nobody said, and where it was taken from."""

    def shown(self, amount: Decimal | None) -> Decimal | None:
        """An amount with the digits of the currency, and with more only where it has more."""
        if amount is None:
            return None
        digits = max(minor_digits(self.currency), -int(amount.normalize().as_tuple().exponent))
        return amount.quantize(Decimal(1).scaleb(-digits))


def quote(asked: Asked, known: Known | None = None) -> Quote:
    """Answer the question. Refused when a value cannot be, none holds on that day, or no tariff is for that price."""
    known = known or Known()
    stated = _of_a_sale(resolve(known.terms, known.sale, asked.day), asked.terms)
    named = {*asked.terms, *(term.name for term in stated), *(("cargo", "return_cargo") if known.bands else ())}
    assumed = _of_a_sale(resolve(reference_terms(asked.currency), Sale(), asked.day), named)
    values = {term.name: term.value for term in (*assumed, *stated)} | dict(asked.terms)
    if known.bands:
        cargo = cargo_at(known.bands, asked.price)
        values = {"return_cargo": cargo, **values, "cargo": Decimal(0) if known.buyer_pays else cargo}
    missing = sorted(Terms.model_fields.keys() - values.keys())
    if missing:
        raise Refused(
            f"there is no reference for a sale in {asked.currency} on {asked.day}; say also {', '.join(missing)}"
        )
    terms = checked_terms(values)
    line = _line(asked, terms)
    bands = [Band(Decimal(0), None, terms.cargo)] if known.buyer_pays or not known.bands else known.bands
    every = Grid(Decimal(1).scaleb(-minor_digits(asked.currency)))
    return Quote(
        currency=asked.currency,
        components=margin_of(line),
        break_even_price=lowest_price(line, Target(Decimal(0)), every, bands),
        target=asked.target,
        price=lowest_price(line, asked.target, asked.grid or every, bands) if asked.target else None,
        terms=terms,
        stated=stated,
        assumed=assumed,
    )


def cargo_at(bands: Sequence[Band], price: Decimal) -> Decimal:
    """The cargo at a price. Refused when the tariff has none."""
    for band in bands:
        if band.price_from <= price and (band.price_below is None or price < band.price_below):
            return band.cargo
    raise Refused(f"the cargo tariff has no amount for a price of {price}")


def _of_a_sale(terms: Mapping[str, Term], said: Collection[str]) -> list[Term]:
    """Those that a line takes and that nobody said otherwise."""
    return [term for name, term in terms.items() if name in Terms.model_fields and name not in said]


def _line(asked: Asked, terms: Terms) -> Line:
    return Line(
        minor_digits=minor_digits(asked.currency),
        sale=asked.price,
        cost=asked.cost,
        cost_vat_rate=asked.cost_vat_rate if asked.cost_vat_rate is not None else terms.vat_rate,
        **terms.model_dump(),
    )

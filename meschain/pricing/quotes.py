"""One quote: what a price earns, the price that breaks even, the price for a profit, and what was taken for granted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from commerce.currency import minor_digits
from meschain.pricing.terms import Term, Terms, checked_terms, holding, reference_terms
from warehouse.calculator import Calculator
from warehouse.margins import Band, Grid, Line, Target

HEADLINES = ("net_cash", "net_economic", "payable_vat", "withholding")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a quote is asked of: amounts of one item with VAT, in one currency."""

    price: Decimal
    cost: Decimal
    cost_vat_rate: Decimal | None = None
    """None: as that of the item."""
    terms: Mapping[str, Any]
    """What is known of the sale, by the names of `Terms`; the rest comes from the reference."""
    day: date
    currency: str = "TRY"
    target_profit: Decimal | None = None
    grid: Grid | None = None
    """On which the price for a profit has to stand; None: every price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The answer; amounts in the currency of the question."""

    currency: str
    components: Mapping[str, Decimal | None]
    break_even_price: Decimal | None
    """The lowest price that loses no cash; None when no price is high enough."""
    target_profit: Decimal | None
    price: Decimal | None
    """The lowest price for the target profit; None when none was asked for, or none is high enough."""
    terms: Terms
    assumed: Sequence[Term]
    """What nobody said, and where it was taken from."""

    def shown(self, amount: Decimal | None) -> Decimal | None:
        """An amount with the digits of the currency, and with more only where it has more."""
        if amount is None:
            return None
        digits = max(minor_digits(self.currency), -int(amount.normalize().as_tuple().exponent))
        return amount.quantize(Decimal(1).scaleb(-digits))


def quote(calculator: Calculator, asked: Asked) -> Quote:
    """Answer the question. Refused when a value cannot be, or none holds on that day."""
    reference = holding(reference_terms(), asked.day)
    assumed = [term for name, term in reference.items() if name in Terms.model_fields and name not in asked.terms]
    terms = checked_terms({term.name: term.value for term in assumed} | dict(asked.terms))
    line = _line(asked, terms)
    every = Grid(Decimal(1).scaleb(-minor_digits(asked.currency)))
    bands = [Band(Decimal(0), None, terms.cargo)]
    price = None
    if asked.target_profit is not None:
        price = calculator.lowest_price(line, Target(asked.target_profit), asked.grid or every, bands)
    return Quote(
        currency=asked.currency,
        components=calculator.margin_of(line),
        break_even_price=calculator.lowest_price(line, Target(Decimal(0)), every, bands),
        target_profit=asked.target_profit,
        price=price,
        terms=terms,
        assumed=assumed,
    )


def _line(asked: Asked, terms: Terms) -> Line:
    return Line(
        minor_digits=minor_digits(asked.currency),
        sale=asked.price,
        cost=asked.cost,
        cost_vat_rate=asked.cost_vat_rate if asked.cost_vat_rate is not None else terms.vat_rate,
        **terms.model_dump(),
    )

"""Terms of a sale: fees, taxes and habits, each with the days on which it holds and where it comes from. No store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from commerce.errors import Refused
from warehouse.margins import CommissionBase, CommissionVat

Rate = Annotated[Decimal, Field(ge=0, le=100, decimal_places=2)]
"""Per cent."""
Amount = Annotated[Decimal, Field(ge=0, lt=10**9, decimal_places=4)]
"""In the currency of the sale, with VAT."""


class Terms(BaseModel):
    """Everything but price and cost that decides what a sale earns; the names are those of `warehouse.margins.Line`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    vat_rate: Rate
    service_vat_rate: Rate
    commission_rate: Rate
    commission_base: CommissionBase
    commission_vat: CommissionVat
    commission_refunded: bool
    service_fee: Amount
    service_fee_refunded: bool
    cargo: Amount
    return_cargo: Amount
    export_fee_rate: Rate
    other_costs: Amount
    financing_rate: Rate
    payment_days: Annotated[int, Field(ge=0, le=3650)]
    withholding_rate: Rate
    vat_credit: bool
    return_rate: Rate
    resaleable: bool


class Settings(Terms):
    """Terms, and what says which cargo and which cost an offer of the catalogue has."""

    carrier: Annotated[str, Field(max_length=80)]
    """As the cargo tariff names it; empty: `cargo` is asked for every parcel."""
    cargo_payer: Literal["seller", "buyer"]
    desi: Annotated[Decimal, Field(gt=0, lt=10**6, decimal_places=2)]
    """Of a parcel whose measures and weight nobody has said."""
    cost_vat_included: bool
    """Of a cost of which nobody has said it."""
    rate_source: Literal["tcmb", "ecb"]
    rate_side: Literal["buying", "selling"]
    rate_jump: Rate
    """A rate of exchange that moves by more from one bulletin to the next is held for a look."""


@dataclass(frozen=True, slots=True)
class Term:
    """One value of one term, and for which sales it was stated: an empty condition fits every sale.

    It holds from `since` until the day before `until`; without an end, until the next value of the same condition
    begins.
    """

    name: str
    value: Any
    since: date
    source: str
    until: date | None = None
    channel: str = ""
    supplier: str = ""
    brand: str = ""
    category: str = ""
    """A category path, or the beginning of one."""


AMOUNTS = frozenset({"service_fee", "cargo", "return_cargo", "other_costs"})


def of_currency(terms: Sequence[Term], currency: str, home: str) -> Sequence[Term]:
    """Those that count in a currency: an amount that is stated for no channel is one of the home currency."""
    if currency == home:
        return terms
    return [term for term in terms if term.channel or term.name not in AMOUNTS]


def reference_terms(currency: str | None = None) -> Sequence[Term]:
    """The terms of a Turkish marketplace as shipped; for another currency than the lira, those of any country."""
    shipped, terms = _reference()
    if currency in {None, shipped["currency"]}:
        return terms
    return tuple(term for term in terms if term.name not in shipped["of_the_country"])


@cache
def _reference() -> tuple[Mapping[str, Any], tuple[Term, ...]]:
    text = files("meschain.pricing").joinpath("reference.yml").read_text(encoding="utf-8")
    shipped: dict[str, Any] = yaml.safe_load(text)
    found = []
    for name, values in shipped["terms"].items():
        for value in values:
            exact = value["value"] if isinstance(value["value"], bool) else str(value["value"])
            found.append(Term(name, exact, value["since"], value["source"]))
    return shipped, tuple(found)


def checked_terms(values: Mapping[str, Any]) -> Terms:
    """The terms as values of their kind. Refused, naming the term, when one cannot be."""
    try:
        return Terms.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise Refused(f"{name}: {first.get('input')!r} cannot be; {first['msg'].lower()}") from None

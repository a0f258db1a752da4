"""Views of what sales cost: fees, taxes and habits with their days, and what carriers ask."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, Literal

from meschain.web.console.views.page import EMPTY, Choice, Form, View

State = Literal["holds", "later", "over"]
"""How a dated value stands today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TermRow:
    """One value of one term, and for which sales it holds."""

    id: str = ""
    """Empty for a value of the reference."""
    name: str
    value: object
    kind: str
    """As `term_kinds.kind_of` tells it."""
    conditions: Mapping[str, str]
    """`channel`, `supplier`, `brand`, `category`; what fits every sale is left out."""
    since: date
    until: date | None
    source: str
    state: State = "holds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms(View):
    """What was stated, and the reference that is taken where nothing was."""

    template: ClassVar[str] = "terms.html"
    rows: tuple[TermRow, ...]
    reference: tuple[TermRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Term(View):
    """One stated value. `end-term` posts `until`."""

    template: ClassVar[str] = "term.html"
    row: TermRow
    stated_at: datetime
    stated_by: str
    today: date
    form: Form = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTerm(View):
    """A value to be stated: first which term, then its value. Posts `name`, `value`, conditions, days, `source`."""

    template: ClassVar[str] = "new_term.html"
    name: str = ""
    """Empty while it was not chosen."""
    names: tuple[str, ...]
    channels: tuple[Choice, ...]
    today: date
    reference: TermRow | None = None
    """What is taken while nobody states it."""
    form: Form = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffRow:
    """A cargo tariff in a list."""

    id: str
    channel: str
    """Empty: every channel of that currency that has none of its own."""
    currency: str
    since: date
    until: date | None
    source: str
    carriers: tuple[str, ...]
    heaviest: int
    """Desi of the heaviest parcel that it knows."""
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariffs(View):
    """Every cargo tariff."""

    template: ClassVar[str] = "tariffs.html"
    rows: tuple[TariffRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffLine:
    """What a carrier asks for parcels up to so many desi whose price lies within bounds."""

    carrier: str
    desi: int
    price_from: Decimal
    price_below: Decimal | None
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff(View):
    """One cargo tariff, row by row."""

    template: ClassVar[str] = "tariff.html"
    row: TariffRow
    lines: tuple[TariffLine, ...]
    added_at: datetime
    added_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTariff(View):
    """A tariff to be added. Posts `table` (CSV or JSON), `since`, `until`, `channel`, `currency`, `source`."""

    template: ClassVar[str] = "new_tariff.html"
    channels: tuple[Choice, ...]
    currencies: tuple[str, ...]
    currency: str
    form: Form = EMPTY

"""Views of rates of exchange: the bulletins of the banks, and what speaks against those that are held."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from meschain.pricing.tables import BulletinStatus
from meschain.web.console.views.catalog import Decision
from meschain.web.console.views.page import EMPTY, ONE_PAGE, Form, Paging, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """One rate that has to be looked at."""

    base: str
    quote: str
    side: str | None
    before: Decimal | None
    after: Decimal | None
    change: Decimal | None
    """In per cent."""
    than: date
    """Day of the bulletin it is compared with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulletinRow:
    """A bulletin in a list."""

    source: str
    day: date
    number: str
    status: BulletinStatus
    fetched_at: datetime
    jumps: tuple[Jump, ...]
    version: int
    """What a decision is about."""


@dataclass(frozen=True, slots=True)
class RateRow:
    """What a bank pays and asks for one unit."""

    base: str
    quote: str
    buying: Decimal
    selling: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates(View):
    """The newest bulletins; those that wait for a decision before all."""

    template: ClassVar[str] = "rates.html"
    held: tuple[BulletinRow, ...]
    rows: tuple[BulletinRow, ...]
    source: str = ""
    status: str = ""
    paging: Paging = ONE_PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin(View):
    """One bulletin. Both decisions post `note` and `version`."""

    template: ClassVar[str] = "bulletin.html"
    row: BulletinRow
    rates: tuple[RateRow, ...]
    used: tuple[RateRow, ...] = ()
    """What is used in its place, because it corrects something that was accepted."""
    decision: Decision | None = None
    form: Form = EMPTY

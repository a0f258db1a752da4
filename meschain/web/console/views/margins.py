"""Views of margins: what the catalogue earns, a quote of one sale, what a change would do."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from markupsafe import Markup

from meschain.runs.tables import TriggerState
from meschain.web.console.views.page import EMPTY, ONE_PAGE, Choice, Form, Paging, View


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelMargin:
    """What the offers of a channel earn if one of each is sold; amounts in its currency."""

    channel: str
    currency: str
    offers: int
    losing: int
    sale: Decimal
    cost: Decimal
    net_cash: Decimal
    net_economic: Decimal
    median_margin: float | None
    """As a share of the price without VAT."""
    computed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Loser:
    """An offer that loses cash on a channel."""

    channel: str
    supplier: str
    supplier_sku: str
    title: str | None
    currency: str
    sale: Decimal
    cost: Decimal
    commission: Decimal
    cargo: Decimal
    net_cash: Decimal
    quote_url: str
    """To the quote of this sale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Offers of a channel whose margin could not be computed for one reason."""

    channel: str
    reason: str
    offers: int
    supplier: str
    supplier_sku: str
    """One of them, and what exactly is wanting of it."""
    detail: str
    remedy: str
    place: str
    """Page where that is done; empty if there is none that the reader may see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins(View):
    """What the catalogue earns, what loses, what could not be computed."""

    template: ClassVar[str] = "margins.html"
    channels: tuple[ChannelMargin, ...]
    losers: tuple[Loser, ...]
    gaps: tuple[Gap, ...]
    more_url: str | None = None
    """To the same page with more of what loses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteRow:
    """One line of a quote: with VAT, without, and the VAT; None where it has none."""

    part: str
    """Code of the vocabulary `part`."""
    sign: str
    amount: Decimal | None
    net: Decimal | None
    vat: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTerm:
    """A value by which a quote was answered, and who says so."""

    name: str
    value: object
    kind: str
    """As `term_kinds.kind_of` tells it."""
    standing: str
    """`stated` or `assumed`."""
    since: date
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a quote comes to; amounts in its currency."""

    currency: str
    rows: tuple[QuoteRow, ...]
    net_cash: Decimal
    net_economic: Decimal
    net_margin: Decimal | None
    return_on_cost: Decimal | None
    vat_carried_forward: Decimal | None
    return_rate: Decimal
    return_loss: Decimal | None
    expected_profit: Decimal | None
    break_even_price: Decimal | None
    target: Decimal | None = None
    """Cash profit that a price was sought for, and per cent of the price without VAT on top of it."""
    target_rate: Decimal | None = None
    price: Decimal | None = None
    terms: tuple[HeldTerm, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote(View):
    """A quote: what is asked, and what that comes to. Asked by its address, so that it can be sent to somebody."""

    template: ClassVar[str] = "quote.html"
    form: Form
    channels: tuple[Choice, ...]
    currencies: tuple[str, ...]
    more_given: bool = False
    """Whether any of the fields that are folded away says something, or is wrong."""
    answer: Answer | None = None
    """None before anything is asked, and while something has to be mended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a what-if: of a term (to a value, or by what is added), of a currency, or of the cargo tariffs."""

    kind: str
    """`term`, `rate` or `tariff`."""
    name: str = ""
    term_kind: str = ""
    """As `term_kinds.kind_of` tells it."""
    value: object = None
    add: Decimal | None = None
    currency: str = ""
    change_rate: Decimal | None = None
    channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfRow:
    """A what-if in a list."""

    id: str
    name: str
    changes: tuple[Change, ...]
    created_at: datetime
    created_by: str
    computed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfs(View):
    """What-ifs, the newest first."""

    template: ClassVar[str] = "what_ifs.html"
    rows: tuple[WhatIfRow, ...]
    paging: Paging = ONE_PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWhatIf(View):
    """A what-if to be asked. Posts `name`, rows of terms, currencies and tariffs, and `idempotency_key`."""

    template: ClassVar[str] = "new_what_if.html"
    channels: tuple[Choice, ...]
    terms: tuple[str, ...]
    """Names of what can change."""
    currencies: tuple[str, ...]
    rows: tuple[int, int, int]
    """How many rows there are for terms, currencies and tariffs."""
    form: Form = EMPTY
    idempotency_key: str
    """Made anew with the form: sending it twice asks once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelChange:
    """What a what-if would do on a channel."""

    channel: str
    currency: str
    offers: int
    before: Decimal
    after: Decimal
    difference: Decimal
    losing_before: int
    losing_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """An offer that would earn less."""

    channel: str
    supplier: str
    supplier_sku: str
    title: str | None
    currency: str
    sale: Decimal
    before: Decimal
    after: Decimal
    difference: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf(View):
    """One what-if, also while it is computed."""

    template: ClassVar[str] = "what_if.html"
    fragment: ClassVar[str] = "parts/what_if_progress.html"
    row: WhatIfRow
    compared_with: datetime | None = None
    """When the margins were computed that it is compared with."""
    channels: tuple[ChannelChange, ...] = ()
    movers: tuple[Mover, ...] = ()
    picture: Markup | None = None
    state: TriggerState | None = None
    """Of the flow that computes it; None if nobody asked for it."""
    trigger: str = ""
    message: str = ""
    runner_alive: bool = True

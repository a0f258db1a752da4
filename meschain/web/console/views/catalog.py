"""Views of suppliers, their runs, what was held or refused of them, and offers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Literal

from meschain.catalog.absence import FeedState
from meschain.catalog.tables import ProfileOrigin, RunKind, RunStatus
from meschain.web.console.fields import Field
from meschain.web.console.views.page import EMPTY, ONE_PAGE, Form, Paging, View

SupplierState = FeedState | Literal["new", "off", "running"]
"""Of its feed; or that nothing was ever read of it, that it is switched off, that a run is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a run counted; all zero while it has counted nothing."""

    read: int = 0
    accepted: int = 0
    quarantined: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    missing: int = 0
    deleted: int = 0

    @classmethod
    def of(cls, counts: Mapping[str, object]) -> "Counts":
        """From a run's `counts`."""
        known = {name: counts.get(name) for name in cls.__dataclass_fields__}
        return cls(**{name: count for name, count in known.items() if isinstance(count, int)})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run in a list."""

    id: str
    supplier: str
    kind: RunKind
    status: RunStatus
    started_at: datetime
    finished_at: datetime | None = None
    seconds: float | None = None
    counts: Counts = Counts()
    reasons: int = 0
    """Number of the gate's findings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierRow:
    """A supplier in a list."""

    slug: str
    name: str
    state: SupplierState
    source: str = ""
    """Kind of its source; empty if it has none."""
    every_minutes: int | None = None
    offers: int = 0
    quarantined: int = 0
    """Rows that lie in quarantine."""
    last_run: RunRow | None = None
    held_run: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard(View):
    """What needs a look, how suppliers stand, what ran last."""

    template: ClassVar[str] = "dashboard.html"
    suppliers: tuple[SupplierRow, ...]
    held: tuple[RunRow, ...]
    recent: tuple[RunRow, ...]
    runner_alive: bool = True
    """Whether a flow runner works: what is started otherwise waits."""
    second_factor: bool = True
    """Whether the reader has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppliers(View):
    """Every supplier the reader may see."""

    template: ClassVar[str] = "suppliers.html"
    suppliers: tuple[SupplierRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How the supplier's feed is read: the newest version, or what somebody tried to save. Posts `body`, `version`."""

    body: str
    """YAML."""
    version: int = 0
    """0: there is none yet."""
    origin: ProfileOrigin = "proposed"
    saved_at: datetime | None = None
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RefusalGroup:
    """Rows in quarantine for one reason."""

    supplier: str
    scope: Literal["row", "field"]
    field: str
    reason: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplier(View):
    """One supplier. `change-interval` posts `every_minutes`."""

    template: ClassVar[str] = "supplier.html"
    row: SupplierRow
    source: Mapping[str, object]
    """Options of its source, none of them secret; without `kind`."""
    secret_names: tuple[str, ...] = ()
    """Which secret options are set; never what they say."""
    last_good_at: datetime | None = None
    due_at: datetime | None = None
    runs: tuple[RunRow, ...] = ()
    refusals: tuple[RefusalGroup, ...] = ()
    profile: Profile
    interval: Form = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierForm(View):
    """A new supplier, or another source for one. Posts `slug`, `name`, `every_minutes` and the source's options."""

    template: ClassVar[str] = "supplier_form.html"
    supplier: str | None = None
    """Slug of the one that gets another source; None for a new one."""
    fields: tuple[Field, ...]
    """Options of a source at a web address, from their schema."""
    form: Form = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs(View):
    """Runs, the newest first."""

    template: ClassVar[str] = "runs.html"
    runs: tuple[RunRow, ...]
    suppliers: tuple[str, ...]
    supplier: str = ""
    status: str = ""
    paging: Paging = ONE_PAGE


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason to hold a run, as the gate found it."""

    rule: str
    affected: int
    of: int
    share: float
    bound: float
    message: str
    """The gate's own words, for a rule that the console does not know."""


@dataclass(frozen=True, slots=True)
class FeedFile:
    """One file that was read."""

    name: str
    bytes: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who decided a run."""

    by: str
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(View):
    """One run, also while it is under way."""

    template: ClassVar[str] = "run.html"
    fragment: ClassVar[str] = "parts/run_progress.html"
    row: RunRow
    expected: int | None = None
    """Rows of the last good run: what a run under way may come to."""
    findings: tuple[Finding, ...] = ()
    files: tuple[FeedFile, ...] = ()
    notes: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """What was noted while reading, by field and reason."""
    error: str = ""
    base_run: str | None = None
    decision: Decision | None = None
    flow_trigger: str | None = None
    peak_mb: float | None = None
    has_report: bool = False
    can_be_rolled_back: bool = False
    idempotency_key: str = ""
    """Made anew with the form: sending it twice decides once."""
    form: Form = EMPTY
    """Of the roll-back. Posts `note`, `idempotency_key`."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of an offer, before and after; None where there is nothing."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class OfferChange:
    """What happens to one offer."""

    code: str
    kind: str
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChanges(View):
    """What a held run would change, or an applied one did. Both decisions post `note`, `idempotency_key`."""

    template: ClassVar[str] = "run_changes.html"
    row: RunRow
    findings: tuple[Finding, ...]
    kinds: Mapping[str, int]
    """Offers by kind of change."""
    examples: tuple[OfferChange, ...]
    more_url: str | None = None
    """To the same page with more examples."""
    idempotency_key: str = ""
    """Made anew with the form: sending it twice decides once."""
    form: Form = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow:
    """A row, or a value of it, in quarantine."""

    at: datetime
    supplier: str
    run: str
    row_number: int
    code: str | None
    scope: Literal["row", "field"]
    field: str
    reason: str
    value: str | None
    expected: str
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine(View):
    """What could not be read, by reason, and the rows themselves."""

    template: ClassVar[str] = "quarantine.html"
    groups: tuple[RefusalGroup, ...]
    rows: tuple[RefusedRow, ...]
    suppliers: tuple[str, ...]
    supplier: str = ""
    reason: str = ""
    reasons: tuple[str, ...] = ()
    """Codes of what can be chosen."""
    paging: Paging = ONE_PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRow:
    """An offer in a list."""

    supplier: str
    code: str
    title: str | None
    brand: str | None
    gtin: str | None
    cost: Decimal | None
    list_price: Decimal | None
    currency: str | None
    stock: Decimal | None
    stock_kind: str | None
    state: str
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers(View):
    """Offers that fit what was asked for."""

    template: ClassVar[str] = "offers.html"
    rows: tuple[OfferRow, ...]
    suppliers: tuple[str, ...]
    query: str = ""
    supplier: str = ""
    state: str = ""
    paging: Paging = ONE_PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEvent:
    """One change of a field of an offer."""

    at: datetime
    run: str
    kind: str
    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(View):
    """One offer and everything that happened to it."""

    template: ClassVar[str] = "offer.html"
    row: OfferRow | None
    """None once it is gone."""
    supplier: str
    code: str
    details: Mapping[str, str]
    """Its other fields, by name of the column."""
    attributes: Mapping[str, str]
    """What else the feed says, in the feed's own words."""
    images: tuple[str, ...]
    history: tuple[OfferEvent, ...]
    """The newest first."""

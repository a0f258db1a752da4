"""Views of prices: the rules that make them, what is out, what the floor refused and what was approved."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from meschain.pricing.tables import RuleSetStatus
from meschain.web.console.views.page import EMPTY, ONE_PAGE, Form, Paging, View


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSetRow:
    """A version of the price rules in a list."""

    version: int
    status: RuleSetStatus
    names: tuple[str, ...]
    note: str
    created_at: datetime
    created_by: str
    previewed_at: datetime | None = None
    approved_at: datetime | None = None
    approved_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRules(View):
    """The versions of the price rules, the newest first."""

    template: ClassVar[str] = "price_rules.html"
    rows: tuple[RuleSetRow, ...]
    paging: Paging = ONE_PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule, as a person reads it; amounts are in the currency of the channel."""

    name: str
    conditions: Mapping[str, tuple[str, ...]]
    """What an offer has to be of: `channels`, `suppliers`, `brands`, `categories`; empty ones are left out."""
    cost_from: Decimal
    cost_below: Decimal | None
    desi_from: int
    desi_below: int | None
    kind: str
    """`markup`, `margin`, `profit` or `list_price`."""
    rate: Decimal
    amount: Decimal
    floor_profit: Decimal
    floor_margin: Decimal
    advertised_rate: Decimal | None
    step: Decimal
    ending: Decimal
    largest_step_rate: Decimal | None

    @property
    def is_for_all(self) -> bool:
        """Whether it fits every offer."""
        bounds = (self.cost_from, self.cost_below, self.desi_from, self.desi_below)
        return not self.conditions and not any(bounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What would become of one price."""

    outcome: str
    channel: str
    supplier: str
    supplier_sku: str
    title: str | None
    currency: str
    before: Decimal | None
    after: Decimal
    rule: str
    cause: str
    net_cash: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow:
    """A price that was not let out, or would not be."""

    channel: str
    supplier: str
    supplier_sku: str
    title: str | None = None
    currency: str
    reason: str
    detail: str
    rule: str | None
    price: Decimal | None
    published_price: Decimal | None
    floor_price: Decimal | None
    net_cash: Decimal | None
    least_profit: Decimal | None
    refused_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What the rules would do to the prices."""

    at: datetime
    counts: Mapping[str, Mapping[str, int]]
    """Offers by channel and outcome."""
    moves: tuple[Move, ...]
    refusals: tuple[RefusedRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRuleSet(View):
    """One version of the price rules, and what it would do."""

    template: ClassVar[str] = "price_rule_set.html"
    row: RuleSetRow
    rules: tuple[Rule, ...]
    preview: Preview | None = None
    form: Form = EMPTY
    """Of the approval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPriceRules(View):
    """A draft to be written. Posts `body` (YAML) and `note`."""

    template: ClassVar[str] = "new_price_rules.html"
    body: str
    begun_with: int = 0
    """The version whose rules stand there to begin with; 0: an example does."""
    errors: tuple[str, ...] = ()
    form: Form = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRow:
    """A price that is out."""

    channel: str
    supplier: str
    supplier_sku: str
    title: str | None
    currency: str
    price: Decimal
    net_cash: Decimal
    least_profit: Decimal
    approval_id: str | None
    rule: str
    rules_version: int
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices(View):
    """The prices that are out, by channel and offer."""

    template: ClassVar[str] = "prices.html"
    rows: tuple[PriceRow, ...]
    paging: Paging = ONE_PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """One change of a price."""

    changed_at: datetime
    currency: str
    before: Decimal | None
    after: Decimal
    cause: str
    rule: str
    rules_version: int
    net_cash: Decimal
    least_profit: Decimal
    approval_id: str | None
    bulletin: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Price(View):
    """What happened to the price of an offer on a channel, the newest first."""

    template: ClassVar[str] = "price.html"
    channel: str
    supplier: str
    supplier_sku: str
    history: tuple[PriceChange, ...]
    refused: RefusedRow | None = None
    """Why the price that it should have now is not out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRow:
    """A person's word that an offer may be sold below its floor."""

    channel: str
    supplier: str
    supplier_sku: str
    price: Decimal
    currency: str
    note: str
    valid_until: date
    approved_at: datetime
    approved_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPrices(View):
    """Prices that were not let out, and the approvals that hold."""

    template: ClassVar[str] = "refused_prices.html"
    rows: tuple[RefusedRow, ...]
    approvals: tuple[ApprovalRow, ...]
    paging: Paging = ONE_PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPrice(View):
    """One price that was not let out, to be approved or not. Posts `supplier`, `code`, `note`, `until`."""

    template: ClassVar[str] = "refused_price.html"
    row: RefusedRow
    today: date
    until: date
    """The last day that is proposed."""
    form: Form = EMPTY

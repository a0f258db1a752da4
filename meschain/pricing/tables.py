"""Tables of the pricing room: terms, cargo tariffs, rates of exchange, price rules, approvals and what-ifs.

Amounts and rates are kept as text: exact on every database. Margins and prices of offers live in the lake, not here.
"""

from datetime import date, datetime
from typing import Any, Literal, get_args

from sqlalchemy import Enum, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from meschain.store.base import Base, FreeText, Json, TenantOwned, utc_now
from meschain.store.ids import new_id

BulletinStatus = Literal["accepted", "held", "rejected"]
RuleSetStatus = Literal["draft", "active", "retired"]


def _one_of(words: object, name: str) -> Enum:
    return Enum(*get_args(words), name=name, native_enum=False, create_constraint=True, length=32)


class PricingTerm(TenantOwned, Base):
    """One value of one term (`pricing.terms`), for the sales that fit its conditions. An empty condition fits all."""

    __tablename__ = "pricing_terms"
    __table_args__ = (
        UniqueConstraint(
            "tenant_id", "name", "channel", "supplier", "brand", "category", "since",
            name="uq_pricing_terms_conditions",  # the convention's name would be too long for PostgreSQL
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    value: Mapped[str]
    channel: Mapped[str] = mapped_column(default="")
    supplier: Mapped[str] = mapped_column(default="")
    brand: Mapped[str] = mapped_column(default="")
    category: Mapped[str] = mapped_column(default="")
    """A category path, or the beginning of one."""
    since: Mapped[date]
    until: Mapped[date | None]
    """The first day on which it does not hold any more; None: until another follows."""
    source: Mapped[str] = mapped_column(FreeText)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_by: Mapped[str]


class CargoTariff(TenantOwned, Base):
    """What carriers ask for a parcel, by desi and by the price of what is in it. Never changed, only followed."""

    __tablename__ = "pricing_tariffs"
    __table_args__ = (UniqueConstraint("tenant_id", "channel", "currency", "since"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    channel: Mapped[str] = mapped_column(default="")
    """Empty: every channel of that currency that has none of its own."""
    currency: Mapped[str]
    since: Mapped[date]
    until: Mapped[date | None]
    source: Mapped[str] = mapped_column(FreeText)
    rates: Mapped[list[dict[str, Any]]]
    """`carrier`, `desi` (the heaviest parcel of the row), `price_from`, `price_below` (or null), `amount` with VAT."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_by: Mapped[str]


class RateBulletin(TenantOwned, Base):
    """The rates of exchange that a central bank published of a day, and whether they may be used."""

    __tablename__ = "pricing_bulletins"
    __table_args__ = (UniqueConstraint("tenant_id", "source", "day"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    source: Mapped[str]
    """`tcmb` or `ecb`."""
    number: Mapped[str]
    day: Mapped[date]
    rates: Mapped[list[dict[str, Any]]]
    """`base`, `quote`, `buying` and `selling`, as `connectors.fx.bulletin.Rate`."""
    status: Mapped[BulletinStatus] = mapped_column(_one_of(BulletinStatus, "status"))
    findings: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """Why it is, or was, held: see `bulletins.Finding`."""
    former: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """`number` and `rates` that were accepted before a correction of that day came, which is what the others are; they
    are used until it is accepted. None if there was none, or it was."""
    fetched_at: Mapped[datetime] = mapped_column(default=utc_now)
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decision_note: Mapped[str | None] = mapped_column(FreeText)
    version: Mapped[int] = mapped_column(default=1)
    """Counts up with every change of rates or status."""
    published: Mapped[int] = mapped_column(default=0)
    """The version that the lake has; 0 if it has none."""


class PriceRuleSet(TenantOwned, Base):
    """One version of the ordered rules by which prices are made; its rules are never changed."""

    __tablename__ = "pricing_rule_sets"
    __table_args__ = (UniqueConstraint("tenant_id", "version"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int]
    rules: Mapped[list[dict[str, Any]]]
    status: Mapped[RuleSetStatus] = mapped_column(_one_of(RuleSetStatus, "status"), default="draft")
    note: Mapped[str | None] = mapped_column(FreeText)
    preview: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the rules would do to the prices: counts and examples, and when that was looked at; empty if it was not."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_by: Mapped[str]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]


_active = PriceRuleSet.status == "active"
Index(
    "uq_pricing_rule_sets_active", PriceRuleSet.tenant_id, unique=True, sqlite_where=_active, postgresql_where=_active
)


class PriceApproval(TenantOwned, Base):
    """A person's word that an offer may be sold on a channel below its floor, down to a price and to what it earns."""

    __tablename__ = "pricing_approvals"
    __table_args__ = (Index(None, "tenant_id", "channel", "supplier", "supplier_sku"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    channel: Mapped[str]
    supplier: Mapped[str]
    supplier_sku: Mapped[str]
    price: Mapped[str]
    net_cash: Mapped[str] = mapped_column(server_default="0")
    """What a sale at that price earned when it was approved: when the cost rises, somebody has to look again."""
    currency: Mapped[str]
    note: Mapped[str] = mapped_column(FreeText)
    valid_until: Mapped[date]
    """The last day on which it holds."""
    approved_at: Mapped[datetime] = mapped_column(default=utc_now)
    approved_by: Mapped[str]


class Scenario(TenantOwned, Base):
    """A what-if: changes of terms, rates and tariffs, and what they would do to the margins of the catalogue."""

    __tablename__ = "pricing_scenarios"
    __table_args__ = (Index(None, "tenant_id", "created_at"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(FreeText)
    changes: Mapped[list[dict[str, Any]]]
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Empty until it was computed."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_by: Mapped[str]
    computed_at: Mapped[datetime | None]

"""Tables of the catalog room: suppliers, their feed profiles, their runs. Offers live in the lake, not here."""

from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import BigInteger, Enum, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from meschain.store.base import Base, FreeText, Sealed, TenantOwned, utc_now
from meschain.store.ids import new_id

ProfileOrigin = Literal["proposed", "declared"]
RunKind = Literal["sync", "retry", "rollback", "expiry"]
RunStatus = Literal["running", "applied", "held", "unchanged", "failed", "rejected", "rolled_back"]


def _one_of(words: object, name: str) -> Enum:
    """A text column that the database itself keeps to these words; wide enough for later ones."""
    return Enum(*get_args(words), name=name, native_enum=False, create_constraint=True, length=32)


class Supplier(TenantOwned, Base):
    """One source of offers of a tenant."""

    __tablename__ = "catalog_suppliers"
    __table_args__ = (
        UniqueConstraint("tenant_id", "slug"),
        UniqueConstraint("tenant_id", "id"),  # so that a run cannot name another tenant's supplier
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str]
    name: Mapped[str]
    source: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Kind of the source (`file`, `http`) and its options, none of them secret."""
    source_secret: Mapped[bytes | None] = mapped_column(Sealed)
    """The source's secret options, sealed by the vault."""
    every_minutes: Mapped[int | None]
    """Interval at which a new feed is expected; None: whenever it is started by hand."""
    active: Mapped[bool] = mapped_column(default=True)
    validators: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the source gave to recognise the feed fetched last by, for a conditional request (`sent`), and the hashes of
    that feed's files (`files`)."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    version: Mapped[int] = mapped_column(default=1)
    """Counts up with every change of what people set."""


class FeedProfile(TenantOwned, Base):
    """One version of how a supplier's feed is read; never changed, only followed by the next version."""

    __tablename__ = "catalog_feed_profiles"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "supplier_id"],
            ["catalog_suppliers.tenant_id", "catalog_suppliers.id"],
            name="fk_catalog_feed_profiles_supplier",  # the convention's name would be too long for PostgreSQL
        ),
        UniqueConstraint("supplier_id", "version"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    supplier_id: Mapped[str]
    version: Mapped[int]
    body: Mapped[dict[str, Any]]
    origin: Mapped[ProfileOrigin] = mapped_column(_one_of(ProfileOrigin, "origin"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Run(TenantOwned, Base):
    """One attempt to bring a supplier's feed into the lake, and how it ended."""

    __tablename__ = "catalog_runs"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "supplier_id"], ["catalog_suppliers.tenant_id", "catalog_suppliers.id"]),
        Index(None, "supplier_id", "started_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    supplier_id: Mapped[str]
    profile_id: Mapped[str | None] = mapped_column(ForeignKey("catalog_feed_profiles.id"))
    kind: Mapped[RunKind] = mapped_column(_one_of(RunKind, "kind"), default="sync")
    status: Mapped[RunStatus] = mapped_column(_one_of(RunStatus, "status"), default="running")
    started_at: Mapped[datetime] = mapped_column(default=utc_now)
    finished_at: Mapped[datetime | None]
    files: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """`name`, `hash` (xxh3-128, hexadecimal), `bytes` and `format` of every file of the feed."""
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """read, accepted, quarantined, new, changed, unchanged, missing …"""
    gate: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """Findings of the safety gate."""
    error: Mapped[str | None] = mapped_column(FreeText)
    base_run_id: Mapped[str | None] = mapped_column(ForeignKey("catalog_runs.id"))
    """The last good run, with which the gate compared this one."""
    snapshot_before: Mapped[int | None] = mapped_column(BigInteger)
    snapshot_after: Mapped[int | None] = mapped_column(BigInteger)
    seconds: Mapped[float | None]
    peak_mb: Mapped[float | None]
    flow_run_id: Mapped[str | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decision_note: Mapped[str | None] = mapped_column(FreeText)


_running = Run.status == "running"
Index("uq_catalog_runs_running", Run.supplier_id, unique=True, sqlite_where=_running, postgresql_where=_running)

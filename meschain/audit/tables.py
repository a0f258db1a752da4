"""Tables of the audit room: the log and what proves it, and the keys of data subjects.

The database itself refuses to change or delete what is in the log (see the migrations).
"""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from meschain.store.base import Base, Sealed, TenantOwned, utc_now

_RowNumber = BigInteger().with_variant(Integer(), "sqlite")
"""Of SQLite's own numbers of rows, which need no index; they have 64 bits as well."""


class Entry(TenantOwned, Base):
    """One act; its place in the log is its leaf's in the Merkle tree."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("uq_audit_entries_tenant_id_sequence", "tenant_id", "sequence", unique=True),
        Index(None, "tenant_id", "tag", "index"),
        Index(None, "tenant_id", "actor_id", "index"),
    )

    index: Mapped[int] = mapped_column(_RowNumber, primary_key=True, autoincrement=False)
    tenant_id: Mapped[str | None] = mapped_column()
    """Whose act it is; None for one of the installation. It outlives its tenant: no foreign key."""
    sequence: Mapped[int | None] = mapped_column(BigInteger)
    """Number within the tenant's own entries, from 1, without a gap."""
    at: Mapped[datetime]
    tag: Mapped[str]
    actor_kind: Mapped[str]
    actor_id: Mapped[str]
    target: Mapped[str]
    """What was acted on, such as `run 0198…`."""
    request_id: Mapped[str | None]
    flow_run_id: Mapped[str | None]
    body: Mapped[str] = mapped_column(Text)
    """The leaf: canonical JSON, byte for byte what was hashed."""
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary)


class Payload(TenantOwned, Base):
    """What an entry says of one person, under that person's key; unreadable once the key is destroyed."""

    __tablename__ = "audit_payloads"
    __table_args__ = ({"sqlite_with_rowid": False},)

    index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    subject: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str | None] = mapped_column()
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Salt and payload; the leaf holds their commitment."""


class Node(Base):
    """The hash of a perfect subtree of 2^level leaves (level 8, 16, …), so that a proof need not read every leaf."""

    __tablename__ = "audit_nodes"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class Head(Base):
    """Where the log stands: one row, locked by whoever appends."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger)
    frontier: Mapped[bytes] = mapped_column(LargeBinary)


class Checkpoint(Base):
    """A signed note on the log at that size."""

    __tablename__ = "audit_checkpoints"

    size: Mapped[int] = mapped_column(_RowNumber, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(default=utc_now)
    note: Mapped[str] = mapped_column(Text)


class LogKey(Base):
    """A key that signs checkpoints; the newest signs, all verify."""

    __tablename__ = "audit_signing_keys"

    verifier: Mapped[str] = mapped_column(primary_key=True)
    """The public half, as a signed note's verifier key."""
    sealed: Mapped[bytes] = mapped_column(Sealed)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class SubjectKey(Base):
    """The key under which everything personal about one person is kept; without it, nothing of that is left."""

    __tablename__ = "audit_subject_keys"

    subject: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[bytes | None] = mapped_column(Sealed)
    """None once it has been destroyed."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    destroyed_at: Mapped[datetime | None]

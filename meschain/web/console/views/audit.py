"""Views of the audit log: a search, and one entry with what proves it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from meschain.web.console.views.page import EMPTY, ONE_PAGE, Form, Paging, View

ProofState = Literal["broken", "pending", "proved"]
"""Not what was written; not under a checkpoint yet; under one that verifies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """An entry in a list."""

    sequence: int
    """Number among the tenant's own entries."""
    at: datetime
    tag: str
    actor: str
    """A name, or what acted if it is no person."""
    target: str
    """What was acted on, such as `run 0198…`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit(View):
    """Entries that fit. Asks by GET: `tag`, `actor`, `target`, `since`, `until`."""

    template: ClassVar[str] = "audit.html"
    entries: tuple[EntryRow, ...]
    form: Form = EMPTY
    size: int = 0
    """Entries of the whole log under its newest checkpoint."""
    checkpoint_at: datetime | None = None
    paging: Paging = ONE_PAGE


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One value of the act's object; None where there is nothing."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What proves an entry."""

    state: ProofState
    index: int
    leaf_hash: str
    size: int | None = None
    checkpoint_at: datetime | None = None
    path: tuple[str, ...] = ()
    """Hashes from the leaf to the root."""
    note: str = ""
    """The signed checkpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry(View):
    """One entry, whole."""

    template: ClassVar[str] = "audit_entry.html"
    row: EntryRow
    changes: tuple[ValueChange, ...]
    facts: Mapping[str, str]
    """Request, flow run, and whatever else is told of the act, by name."""
    personal: Mapping[str, str] | None
    """What is known of persons; None once the key to it was destroyed."""
    body: str
    """The leaf, byte for byte."""
    proof: Proof

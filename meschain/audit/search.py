"""Finding entries: by what was done, by whom, to what, when, for which request. Newest first, a page at a time.

A tenant's entries are found with an engine bound to it; the operator, with one of every tenant, sees all. To open what
an entry says of persons is an act of its own, and written down.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from sqlalchemy import ColumnElement, Select, select, union_all
from sqlalchemy.orm import Session

from commerce.errors import Refused
from meschain.audit.context import Audit
from meschain.audit.moments import Place, begin_of, bounded, end_of
from meschain.audit.payloads import Payloads
from meschain.audit.rules import Actor, ActorKind, Tag
from meschain.audit.tables import Entry, Payload
from meschain.store.session import reading, transaction

MOST = 1_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries to find; None leaves open."""

    tag: str | None = None
    """A tag, or the beginning of several: `access:`."""
    actor: str | None = None
    """The id of a user or key, a kind (`operator`), or both (`user:0198…`)."""
    target: str | None = None
    """What was acted on, such as `run 0198…`."""
    request_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Before that moment."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry, and what it says of persons: by subject, None where the key is gone or nobody asked."""

    entry: Entry
    personal: dict[str, dict[str, Any] | None]


def search(
    audit: Audit, tenant_id: str | None, wanted: Wanted, *, limit: int = 50, before: int | None = None
) -> list[Entry]:
    """The newest entries that fit, of the tenant, or of the whole installation for None.

    `before` is the index of the last entry of the page before. Refused when the limit is none.
    """
    if not 1 <= limit <= MOST:
        raise Refused(f"a page has 1 to {MOST} entries, not {limit}")
    with reading(audit.of(tenant_id)) as session:
        found = [*_conditions(wanted), *_bounds(session, tenant_id, wanted, before)]
        return list(session.scalars(_newest(tenant_id, wanted.tag, found, limit)))


def get_entry(audit: Audit, tenant_id: str | None, index: int) -> Entry:
    """The entry at that place of the log; Refused if there is none, or it is not the tenant's."""
    with reading(audit.of(tenant_id)) as session:
        return _found(session, index)


def find_by_number(audit: Audit, tenant_id: str, sequence: int) -> Entry | None:
    """The tenant's entry of that number among its own."""
    with reading(audit.of(tenant_id)) as session:
        own = (Entry.tenant_id == tenant_id, Entry.sequence == sequence)
        return session.scalars(select(Entry).where(*own)).one_or_none()


def show_entry(audit: Audit, actor: Actor, tenant_id: str | None, index: int, *, personal: bool) -> Shown:
    """The entry with what it says of persons, if that is wanted; that it was read is then written down.

    Refused if there is no such entry, or it is not the tenant's.
    """
    with reading(audit.of(tenant_id)) as session:
        entry = _found(session, index)
        said = select(Payload.subject).where(Payload.index == index)
        subjects = list(session.scalars(said.order_by(Payload.subject)))
    if not personal or not subjects:
        return Shown(entry, dict.fromkeys(subjects))
    with transaction(audit.of(tenant_id)) as session:
        kept = Payloads(session, audit.log.subjects).of_entries([index]).get(index, [])
        opened = {one.subject: one.values for one in kept}
        if opened:
            audit.log.record(
                session, Tag.PERSONAL_DATA_READ, actor, target=f"entry {index}",
                after={"subjects": sorted(opened)}, tenant_id=entry.tenant_id,
            )  # fmt: skip
    return Shown(entry, {subject: opened.get(subject) for subject in subjects})


def _found(session: Session, index: int) -> Entry:
    entry = session.get(Entry, index)
    if entry is None:
        raise Refused(f"there is no entry {index}")
    return entry


def _newest(
    tenant_id: str | None, tag: str | None, found: Sequence[ColumnElement[bool]], limit: int
) -> Select[tuple[Entry]]:
    """The query, so that an index gives the newest first: of a tag, or of the tenant's numbers."""
    if tag is None:
        order = Entry.index if tenant_id is None else Entry.sequence  # the same order, and the tenant's has an index
        return select(Entry).where(*found).order_by(order.desc()).limit(limit)
    tags = _tags(tag)
    if len(tags) == 1:
        return select(Entry).where(Entry.tag == tags[0], *found).order_by(Entry.index.desc()).limit(limit)
    parts = [select(Entry.index).where(Entry.tag == each, *found) for each in tags]
    newest = [part.order_by(Entry.index.desc()).limit(limit).subquery() for part in parts]
    several = union_all(*(select(part.c.index) for part in newest)).subquery()
    return select(Entry).where(Entry.index.in_(select(several.c.index))).order_by(Entry.index.desc()).limit(limit)


def _tags(text: str) -> list[str]:
    """The tags that are meant; those of earlier versions are in the log still, and can be named whole."""
    return [tag.value for tag in Tag if tag.value.startswith(text)] or [text]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    """What has to be true of an entry."""
    found: list[ColumnElement[bool]] = []
    if wanted.actor is not None:
        found += _by(wanted.actor)
    if wanted.target is not None:
        found.append(Entry.target == wanted.target)
    if wanted.request_id is not None:
        found.append(Entry.request_id == wanted.request_id)
    if wanted.since is not None:
        found.append(Entry.at >= bounded(wanted.since))
    if wanted.until is not None:
        found.append(Entry.at < bounded(wanted.until))
    return found


def _bounds(
    session: Session, tenant_id: str | None, wanted: Wanted, before: int | None
) -> Iterator[ColumnElement[bool]]:
    """Between which places of the log the entries have to stand: what lies outside need not be looked at."""
    ends = []
    if before is not None:
        sequence = session.scalar(select(Entry.sequence).where(Entry.index == before))
        ends.append(Place(before, sequence))
    if wanted.until is not None:
        ends.append(end_of(session, tenant_id, wanted.until))
    for end in ends:
        yield Entry.index < end.index
        if tenant_id is not None and end.sequence is not None:
            yield Entry.sequence < end.sequence
    if wanted.since is not None:
        begin = begin_of(session, tenant_id, wanted.since)
        yield Entry.index >= begin.index
        if tenant_id is not None and begin.sequence is not None:
            yield Entry.sequence >= begin.sequence


def _by(text: str) -> list[ColumnElement[bool]]:
    kind, colon, name = text.partition(":")
    if kind not in get_args(ActorKind):
        return [Entry.actor_id == text]
    return [Entry.actor_kind == kind, *([Entry.actor_id == name] if colon else [])]

"""Gives acts their places: the last moments of a transaction, in which it holds the log's head and nobody else appends.

Whoever waits to append waits for these statements, and every act pays for them: they are few, and go past the ORM.
"""

import os
from base64 import b64encode
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy.orm import Session

from meschain.audit.canonical import SALT_BYTES, canonical, commitment
from meschain.audit.leaves import write_leaf
from meschain.audit.merkle import Frontier, leaf_hash
from meschain.audit.payloads import write_payload
from meschain.audit.rules import Act
from meschain.audit.subjects import SEALED, Sealing, Subjects
from meschain.audit.tables import Entry, Node, Payload
from meschain.store.base import Base, utc_now
from meschain.store.driver import Driver

_HEAD = "SELECT frontier FROM audit_head WHERE id = 1"
_LAST = "SELECT sequence FROM audit_entries WHERE tenant_id = ? ORDER BY sequence DESC LIMIT 1"
_STAND = f"SELECT frontier, ({_LAST}), ({SEALED}) FROM audit_head WHERE id = 1"  # noqa: S608  words of ours
_STAND_LOCKED = "SELECT frontier, last, sealed FROM audit_stand(?, ?)"
_GROWN = "UPDATE audit_head SET size = ?, frontier = ? WHERE id = 1"
Part = tuple[str, str, bytes]
"""What an act says of one person: the subject, the commitment, the sealed salt and payload."""
Rows = list[tuple[Any, ...]]


def append(session: Session, subjects: Subjects, acts: Sequence[Act]) -> None:
    """Write the acts down as the log's next entries, in the session's transaction."""
    session.flush()  # what is wrong with the acts themselves shall show before the head is locked
    with Driver(session) as store:
        sealing = subjects.sealing(session, store)
        if len(acts) == 1:
            stand = _stand_at_once(store, sealing, acts[0])
            parts = [_parts(sealing, acts[0])]
        else:
            parts = [_parts(sealing, act) for act in acts]  # before the head is locked: it takes its time
            stand = _stand(store, {act.tenant_id for act in acts if act.tenant_id is not None})
        added = _Added(store, *stand)
        for act, sealed in zip(acts, parts, strict=True):
            added.add(act, sealed)
        added.write()


def _parts(sealing: Sealing, act: Act) -> list[Part]:
    """What is said of each person whose key is still there."""
    made = []
    for subject, values in sorted(act.personal.items()):
        salt, text = os.urandom(SALT_BYTES), canonical(values)
        sealed = sealing.seal(subject, write_payload(salt, text))
        if sealed is not None:
            made.append((subject, b64encode(commitment(salt, text)).decode(), sealed))
    return made


def _stand_at_once(store: Driver, sealing: Sealing, act: Act) -> tuple[Frontier, dict[str, int]]:
    """The same as `_stand` for a single act and all at once, with the key of one person of whom it says something."""
    subject = min(act.personal, default=None)
    statement = _STAND_LOCKED if store.postgresql else _STAND
    frontier, last, sealed = store.row(statement, (act.tenant_id, subject)) or (b"", None, None)
    if subject is not None and sealed is not None:
        sealing.learn(subject, sealed)
    return Frontier.from_bytes(frontier), {act.tenant_id: last or 0} if act.tenant_id is not None else {}


def _stand(store: Driver, tenants: set[str]) -> tuple[Frontier, dict[str, int]]:
    """Where the log stands, and the last number of each tenant. From here on nobody else appends."""
    (frontier,) = store.row(f"{_HEAD} FOR UPDATE" if store.postgresql else _HEAD) or (b"",)
    numbers = {tenant: store.row(_LAST, (tenant,)) or (None,) for tenant in tenants}
    return Frontier.from_bytes(frontier), {tenant: last or 0 for tenant, (last,) in numbers.items()}


class _Added:
    """The rows of new entries, each in its place."""

    def __init__(self, store: Driver, frontier: Frontier, sequences: dict[str, int]) -> None:
        self._store = store
        self._frontier = frontier
        self._sequences = sequences
        self._entries = Rows()
        self._payloads = Rows()
        self._nodes = Rows()

    def add(self, act: Act, parts: list[Part]) -> None:
        """Give the act the next place."""
        index, at, sequence = self._frontier.size, utc_now(), None
        if act.tenant_id is not None:
            sequence = self._sequences[act.tenant_id] = self._sequences[act.tenant_id] + 1
        body = write_leaf(act, index, sequence, at, [(subject, value) for subject, value, _ in parts])
        hashed = leaf_hash(body)
        actor = act.actor
        self._entries.append((
            index, act.tenant_id, sequence, self._store.time(at), act.tag.value, actor.kind, actor.id, act.target,
            actor.request_id, actor.flow_run_id, body.decode(), hashed,
        ))  # fmt: skip
        self._payloads += [(index, subject, act.tenant_id, sealed) for subject, _, sealed in parts]
        self._nodes += self._frontier.append(hashed)

    def write(self) -> None:
        """Write them all, and where the log stands now."""
        store = self._store
        head = (self._frontier.size, self._frontier.to_bytes())
        if store.postgresql and len(self._entries) == 1:  # one way to the server and back instead of several
            rows = list(self._rows())
            inserts = ", ".join(f"t{number} AS ({_insert(table)})" for number, (table, _) in enumerate(rows))
            store.execute(f"WITH {inserts} {_GROWN}", [value for _, row in rows for value in row] + list(head))
            return
        for table, rows_ in ((Entry, self._entries), (Payload, self._payloads), (Node, self._nodes)):
            if rows_:
                store.execute_all(_insert(table), rows_)
        store.execute(_GROWN, head)

    def _rows(self) -> Iterator[tuple[type[Base], tuple[Any, ...]]]:
        yield from ((Entry, row) for row in self._entries)
        yield from ((Payload, row) for row in self._payloads)
        yield from ((Node, row) for row in self._nodes)


@cache
def _insert(table: type[Base]) -> str:
    """A statement that takes a row's values in the order of the table's columns."""
    names = [f'"{column.name}"' for column in table.__table__.columns]
    values = ", ".join("?" * len(names))
    return f"INSERT INTO {table.__tablename__} ({', '.join(names)}) VALUES ({values})"  # noqa: S608  names are our own

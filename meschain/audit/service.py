"""The log of every security-relevant act: written in the act's own transaction, as the next leaf of a Merkle tree.

An act is noted with `record`; the transaction's end gives it its place. So an act and its entry are there together or
not at all, and whoever holds the log's head does so for the last moment of the transaction only.
"""

import os
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import event, func, insert, select, update
from sqlalchemy.orm import Session

from meschain.audit.canonical import SALT_BYTES, canonical, commitment
from meschain.audit.merkle import Frontier, leaf_hash
from meschain.audit.rules import Act, Actor, Tag
from meschain.audit.subjects import Subjects
from meschain.audit.tables import Entry, Head, Node, Payload
from meschain.store.base import utc_now
from meschain.store.vault import Vault

_HEAD = 1
_PENDING = "audit_acts"


class AuditLog:
    """The installation's log."""

    def __init__(self, vault: Vault) -> None:
        self.subjects = Subjects(vault)

    def record(  # noqa: PLR0913  an act has that many sides
        self,
        session: Session,
        tag: Tag,
        actor: Actor,
        *,
        target: str = "",
        before: object = None,
        after: object = None,
        personal: Mapping[str, Mapping[str, Any]] | None = None,
        tenant_id: str | None = None,
    ) -> None:
        """Append an act when the session's transaction is committed; undone with it.

        `target` is what was acted on (`run 0198…`), `before` and `after` what that changed: JSON values without
        floats and without anything personal. That goes into `personal`, by data subject, under each one's own key.
        `tenant_id` is the actor's if it is not given.
        """
        known = {subject: dict(values) for subject, values in (personal or {}).items()}
        way = {"ip": actor.ip, "user_agent": actor.user_agent}
        if actor.data_subject and any(way.values()):
            known[actor.data_subject] = {**way, **known.get(actor.data_subject, {})}
        act = Act(tag, actor, tenant_id or actor.tenant_id, target, before, after, known)
        pending = session.info.setdefault(_PENDING, [])
        if not pending:
            event.listen(session, "before_commit", self._append, once=True)
            event.listen(session, "after_rollback", _forget, once=True)
        pending.append(act)

    def _append(self, session: Session) -> None:
        acts: Sequence[Act] = session.info.pop(_PENDING, ())
        if not acts:
            return
        session.flush()  # what is wrong with the act itself shall show before the head is locked
        sealing = _Sealing(self.subjects, session)
        parts = [sealing.parts(act) for act in acts]
        head = session.execute(select(Head.frontier).where(Head.id == _HEAD).with_for_update()).scalar_one()
        frontier = Frontier.from_bytes(head)
        rows = _Rows(frontier, _sequences(session, acts))
        for act, sealed in zip(acts, parts, strict=True):
            rows.add(act, sealed)
        rows.insert(session)
        grown = update(Head).where(Head.id == _HEAD)
        session.execute(grown.values(size=frontier.size, frontier=frontier.to_bytes()))


def _forget(session: Session) -> None:
    session.info.pop(_PENDING, None)


class _Sealing:
    """Seals what acts say of persons."""

    def __init__(self, subjects: Subjects, session: Session) -> None:
        self._subjects = subjects
        self._session = session

    def parts(self, act: Act) -> list[tuple[str, str, bytes]]:
        """Of each person whose key is still there: the subject, the commitment, the sealed salt and payload."""
        made = []
        for subject, values in sorted(act.personal.items()):
            salt, text = os.urandom(SALT_BYTES), canonical(values)
            kept = msgspec.json.encode({"salt": b64encode(salt).decode(), "payload": text}).decode()
            sealed = self._subjects.seal(self._session, subject, kept)
            if sealed is not None:
                made.append((subject, b64encode(commitment(salt, text)).decode(), sealed))
        return made


class _Rows:
    """The rows of new entries, each in its place."""

    def __init__(self, frontier: Frontier, sequences: dict[str, int]) -> None:
        self._frontier = frontier
        self._sequences = sequences
        self._entries: list[dict[str, Any]] = []
        self._payloads: list[dict[str, Any]] = []
        self._nodes: list[dict[str, Any]] = []

    def add(self, act: Act, parts: list[tuple[str, str, bytes]]) -> None:
        """Give the act the next place."""
        index, at = self._frontier.size, utc_now()
        sequence = self._next(act.tenant_id)
        commitments = [{"subject": subject, "commitment": value} for subject, value, _ in parts]
        body = canonical(act.body(index, sequence, at, commitments))
        hashed = leaf_hash(body.encode())
        self._entries.append(_entry(act, index, sequence, at, body, hashed))
        self._payloads += [
            {"index": index, "subject": subject, "tenant_id": act.tenant_id, "sealed": sealed}
            for subject, _, sealed in parts
        ]
        self._nodes += [
            {"level": level, "index": place, "hash": node} for level, place, node in self._frontier.append(hashed)
        ]

    def insert(self, session: Session) -> None:
        """Write them all."""
        for table, rows in ((Entry, self._entries), (Payload, self._payloads), (Node, self._nodes)):
            if rows:
                session.execute(insert(table), rows)

    def _next(self, tenant_id: str | None) -> int | None:
        if tenant_id is None:
            return None
        self._sequences[tenant_id] += 1
        return self._sequences[tenant_id]


def _entry(act: Act, index: int, sequence: int | None, at: datetime, body: str, hashed: bytes) -> dict[str, Any]:
    return {
        "index": index,
        "tenant_id": act.tenant_id,
        "sequence": sequence,
        "at": at,
        "tag": act.tag.value,
        "actor_kind": act.actor.kind,
        "actor_id": act.actor.id,
        "target": act.target,
        "request_id": act.actor.request_id,
        "flow_run_id": act.actor.flow_run_id,
        "body": body,
        "leaf_hash": hashed,
    }


def _sequences(session: Session, acts: Sequence[Act]) -> dict[str, int]:
    """The last number of each tenant that acts; nobody else can count on while the head is locked."""
    tenants = {act.tenant_id for act in acts if act.tenant_id is not None}
    if not tenants:
        return {}
    query = select(Entry.tenant_id, func.max(Entry.sequence)).where(Entry.tenant_id.in_(tenants))
    known = {tenant: last for tenant, last in session.execute(query.group_by(Entry.tenant_id)) if tenant is not None}
    return {tenant: known.get(tenant, 0) for tenant in tenants}

"""Verifying each entry by itself: its body, the columns it is searched by, and its number among its tenant's. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from commerce.errors import Refused
from meschain.audit.canonical import canonical
from meschain.audit.findings import Findings, Kind
from meschain.audit.merkle import leaf_hash
from meschain.audit.rules import Tag

TABLE = "audit_entries"
_SHORT = 60


class Row(NamedTuple):
    """An entry as it is stored."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody asks for
    tenant_id: str | None
    sequence: int | None
    at: datetime
    tag: str
    actor_kind: str
    actor_id: str
    target: str
    request_id: str | None
    flow_run_id: str | None
    body: str
    leaf_hash: bytes


class Leaf(NamedTuple):
    """What was read of an entry: the hash of its body, and what the body commits to, by subject.

    Of an entry that stands in another's place, whose payloads are not its own, it is None.
    """

    hash: bytes
    commitments: dict[str, str] | None


class LeafVerification:
    """Takes the entries in order. Remembers of each tenant its last number, of the log its erasures and keys."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._next = 0
        self._gap_end = -1
        self.complete = True
        """Whether no entry is missing before the last."""
        self._last: dict[str, tuple[int, int]] = {}
        """Of each tenant, the number of its last entry and that entry's index."""
        self.erased: set[str] = set()
        self.keys: set[str] = set()
        """Verifier keys that the log itself has announced."""

    def take(self, row: Row) -> Leaf:
        """Look at the next entry."""
        if row.index > self._next:
            text = "missing: deleted from the middle of the log" if self._next else "missing: the log's beginning"
            self._findings.add(Kind.DELETED, TABLE, text, self._next, row.index - 1)
            self._gap_end, self.complete = row.index - 1, False
        self._next = row.index + 1
        hashed = leaf_hash(row.body.encode(errors="surrogatepass"))
        body, wrong = _read(row.body)
        if hashed != row.leaf_hash:
            wrong.append("the body is not the one whose hash is stored with it")
        if body is not None and body.get("index") != row.index:
            self._note_moved(row, body.get("index"))
        elif body is not None:
            wrong += _differences(row, body)
        if wrong:
            self._findings.add(Kind.CHANGED, TABLE, "; ".join(wrong), row.index, pattern="; ".join(wrong))
        self._check_sequence(row)
        if body is None:
            return Leaf(hashed, None)
        self._learn(row.tag, body)
        return Leaf(hashed, _commitments(body) if body.get("index") == row.index else None)

    def _note_moved(self, row: Row, index: object) -> None:
        by = index - row.index if isinstance(index, int) else 0
        text = f"in its place stands what was written {abs(by)} further {'on' if by > 0 else 'back'}"
        self._findings.add(Kind.REORDERED, TABLE, text, row.index, pattern=text)

    def _check_sequence(self, row: Row) -> None:
        if row.tenant_id is None or row.sequence is None:
            return
        number, at = self._last.get(row.tenant_id, (0, -1))
        self._last[row.tenant_id] = (row.sequence, row.index)
        if row.sequence == number + 1 or at < self._gap_end:  # a gap in between has been told already
            return
        kind = Kind.DELETED if row.sequence > number + 1 else Kind.REORDERED if row.sequence < number else Kind.INSERTED
        text = f"its number among its tenant's is {row.sequence}, after {number}: expected {number + 1}"
        self._findings.add(kind, TABLE, text, row.index)

    def _learn(self, tag: str, body: dict[str, Any]) -> None:
        if tag == Tag.SUBJECT_ERASED:
            self.erased.add(str(body.get("target")).partition(" ")[2])
        elif tag == Tag.LOG_KEY_ROTATED and isinstance(body.get("after"), dict):
            self.keys.add(str(body["after"].get("verifier")))


def _read(text: str) -> tuple[dict[str, Any] | None, list[str]]:
    """The body, and what is wrong with its form."""
    try:
        body = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None, ["the body is no JSON"]
    if not isinstance(body, dict):
        return None, ["the body is no JSON object"]
    if msgspec.json.encode(body, order="sorted") == text.encode():
        return body, []
    try:
        plain = canonical(body) == text
    except Refused:
        plain = False
    return body, [] if plain else ["the body is not written in the one way that entries are"]


def _differences(row: Row, body: dict[str, Any]) -> Iterator[str]:
    """The columns that say something else than the body."""
    actor = body.get("actor")
    actor = actor if isinstance(actor, dict) else {}
    pairs = (
        ("tenant_id", row.tenant_id, body.get("tenant")),
        ("sequence", row.sequence, body.get("sequence")),
        ("at", row.at.isoformat(timespec="microseconds"), body.get("at")),
        ("tag", row.tag, body.get("tag")),
        ("actor_kind", row.actor_kind, actor.get("kind")),
        ("actor_id", row.actor_id, actor.get("id")),
        ("target", row.target, body.get("target")),
        ("request_id", row.request_id, body.get("request")),
        ("flow_run_id", row.flow_run_id, body.get("flow_run")),
    )
    for name, column, said in pairs:
        if column != said:
            yield f"column {name} is {_shown(column)}, where the body says {_shown(said)}"


def _commitments(body: dict[str, Any]) -> dict[str, str]:
    listed = body.get("commitments")
    return {
        str(one.get("subject")): str(one.get("commitment"))
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict)
    }


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"

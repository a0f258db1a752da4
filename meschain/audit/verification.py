"""Verifying the whole log: every entry, the tree over them, the head, the signatures, what is kept of persons.

It reads one unchanging view of the store from beginning to end, in memory that does not grow with the log. What nobody
has signed, and what was signed anew with the log's own key, only a copy of a checkpoint can show that was kept where
nobody who may write here could alter it: a witness's file, or a checkpoint saved before.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from commerce.errors import Permanent
from meschain.audit.context import Audit
from meschain.audit.findings import Finding, Findings, Kind
from meschain.audit.leaf_verification import LeafVerification, Row
from meschain.audit.merkle import Frontier
from meschain.audit.payload_verification import Part, PayloadVerification
from meschain.audit.signature_verification import SignatureVerification
from meschain.audit.streams import Streams
from meschain.audit.tables import Entry, Head, Node, Payload
from meschain.audit.tree_verification import HEAD, NODES, TreeVerification
from meschain.store.session import reading


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it."""

    entries: int
    """How many there are."""
    confirmed: int
    """How many of them a signed checkpoint confirms."""
    checkpoint: str | None
    """The newest stored checkpoint whose signature is good."""
    findings: tuple[Finding, ...]
    untold: int = 0
    """Further findings, beyond those that are told."""

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def verify_log(audit: Audit, since: Sequence[str] = ()) -> Verdict:
    """Verify everything; `since` are notes on the log that were kept elsewhere.

    Refused when one of these is no checkpoint of this log.
    """
    findings = Findings()
    with reading(audit.everywhere) as session, Streams(session) as streams:
        nodes = _Nodes(streams)
        signatures = SignatureVerification(streams, audit.vault, audit.origin, findings)
        leaves = LeafVerification(findings)
        tree = TreeVerification(nodes.take, signatures.authorities(since), findings)
        payloads = PayloadVerification(session, audit.log.subjects, _payloads(streams), findings)
        for row in _entries(streams):
            leaf = leaves.take(row)
            tree.take(row.index, row.leaf_hash, leaf.hash)
            payloads.take(row, leaf.commitments)
        tree.finish(_read_head(session, findings))
        nodes.finish(findings)
        payloads.finish(tree.size, leaves.erased, complete=leaves.complete)
        signatures.finish(leaves.keys, complete=leaves.complete)
    return Verdict(tree.size, tree.confirmed, signatures.newest, tuple(findings), findings.untold)


class _Nodes:
    """The stored hashes of each level, read along in order."""

    def __init__(self, streams: Streams) -> None:
        levels = list(streams.session.scalars(select(Node.level).distinct().order_by(Node.level)))
        self._rows = {
            level: streams.read(select(Node.index, Node.hash).where(Node.level == level).order_by(Node.index))
            for level in levels
        }
        self._next = {level: next(rows, None) for level, rows in self._rows.items()}
        self._asked = dict.fromkeys(levels, -1)

    def take(self, level: int, number: int) -> bytes | None:
        """The hash of that number, which may be asked for again; then only those of later ones."""
        if level not in self._rows:
            return None
        self._asked[level] = number
        row = self._next[level]
        while row is not None and row[0] < number:
            row = self._next[level] = next(self._rows[level], None)
        return row[1] if row is not None and row[0] == number else None

    def finish(self, findings: Findings) -> None:
        """Tell of hashes over entries that are not there."""
        for level, asked in list(self._asked.items()):
            self.take(level, asked + 1)
            if (row := self._next[level]) is not None:
                text = f"a hash of level {level} over entries from {row[0] << level} on: the log was longer"
                findings.add(Kind.TRUNCATED, NODES, text)


def _entries(streams: Streams) -> Iterator[Row]:
    columns = [getattr(Entry, name) for name in Row._fields]
    return map(Row._make, streams.read(select(*columns).order_by(Entry.index)))


def _payloads(streams: Streams) -> Iterator[Part]:
    query = select(Payload.index, Payload.subject, Payload.tenant_id, Payload.sealed)
    return map(Part._make, streams.read(query.order_by(Payload.index, Payload.subject)))


def _read_head(session: Session, findings: Findings) -> Frontier | None:
    head = session.scalars(select(Head)).one_or_none()
    if head is None:
        return None
    try:
        frontier = Frontier.from_bytes(head.frontier)
    except Permanent as error:
        findings.add(Kind.ALTERED, HEAD, str(error))
        return None
    if frontier.size != head.size:
        findings.add(Kind.ALTERED, HEAD, f"it counts {head.size} entries, and its hashes are of {frontier.size}")
    return frontier

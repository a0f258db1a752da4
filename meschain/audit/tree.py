"""The log's Merkle tree as the store holds it: hashes of leaves and of subtrees, read as proofs need them."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from meschain.audit.merkle import Frontier, SubtreeHash, stored_subtrees
from meschain.audit.tables import Entry, Head, Node

HEAD = 1


def subtrees(session: Session) -> SubtreeHash:
    """The tree of the log as this session sees it; the session is one of every tenant.

    What lies behind a gap is not there: a proof that needs it raises Permanent.
    """

    def leaves(begin: int, end: int) -> list[bytes]:
        within = (Entry.index >= begin, Entry.index < end)
        return _without_gap(begin, session.execute(select(Entry.index, Entry.leaf_hash).where(*within)).tuples())

    def nodes(level: int, begin: int, end: int) -> list[bytes]:
        within = (Node.level == level, Node.index >= begin, Node.index < end)
        return _without_gap(begin, session.execute(select(Node.index, Node.hash).where(*within)).tuples())

    return stored_subtrees(leaves, nodes)


def read_head(session: Session, *, lock: bool = False) -> Frontier:
    """Where the log stands; with `lock`, nobody appends until the session's transaction ends."""
    query = select(Head.frontier).where(Head.id == HEAD)
    return Frontier.from_bytes(session.execute(query.with_for_update() if lock else query).scalar_one())


def _without_gap(begin: int, rows: Iterable[tuple[int, bytes]]) -> list[bytes]:
    found: list[bytes] = []
    for index, hashed in sorted(rows):
        if index != begin + len(found):
            break
        found.append(hashed)
    return found

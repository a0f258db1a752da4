"""Proofs from the log: that an entry is in it, that it only grew, and all of a tenant's entries proved, as one file.

A proof shows nothing of other tenants' entries but hashes. The file is for `offline.py`, which tells its form.
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec
from sqlalchemy import select

from commerce.errors import Refused
from meschain.audit import notes
from meschain.audit.checkpoints import checkpoint, list_verifiers, newest_checkpoint
from meschain.audit.context import Audit
from meschain.audit.merkle import SubtreeHash, consistency_proof, inclusion_proof
from meschain.audit.payloads import Opened, Payloads
from meschain.audit.rules import Actor, Tag
from meschain.audit.streams import BATCH, Streams
from meschain.audit.tables import Entry
from meschain.audit.tree import subtrees
from meschain.store.new_file import new_file
from meschain.store.session import reading, transaction

FORMAT = "meschain-audit-bundle/1"


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That an entry is in the log: with these hashes its own leads to the checkpoint's root."""

    index: int
    leaf_hash: bytes
    size: int
    note: str
    """The checkpoint of that size."""
    proof: list[bytes]


def prove_inclusion(audit: Audit, index: int) -> Inclusion:
    """The proof of an entry under the newest checkpoint; one is signed if there is none that covers it yet.

    Refused if there is no such entry. Whose entry it is, is the caller's affair.
    """
    with reading(audit.everywhere) as session:
        newest = newest_checkpoint(session)
    if newest is None or newest.size <= index:
        newest = checkpoint(audit)
    with reading(audit.everywhere) as session:
        hashed = session.scalars(select(Entry.leaf_hash).where(Entry.index == index)).one_or_none()
        if hashed is None or index >= newest.size:
            raise Refused(f"there is no entry {index}")
        proof = inclusion_proof(index, newest.size, subtrees(session))
    return Inclusion(index, hashed, newest.size, newest.note, proof)


def prove_growth(audit: Audit, old: int, new: int) -> list[bytes]:
    """The proof that the log of `new` entries begins with that of `old`; Refused if it never had so many."""
    with reading(audit.everywhere) as session:
        last = session.scalars(select(Entry.index).order_by(Entry.index.desc()).limit(1)).one_or_none()
        size = 0 if last is None else last + 1
        if new > size:
            raise Refused(f"the log has {size} entries, not {new}")
        return consistency_proof(old, new, subtrees(session))


def answer_witness(audit: Audit, since: int) -> tuple[str, list[bytes]]:
    """What a witness asks for: the present checkpoint, and the proof that the log grew to it from `since` entries.

    A witness that has seen more than there is gets the checkpoint alone, and draws its own conclusion.
    """
    present = checkpoint(audit)
    return present.note, prove_growth(audit, since, present.size) if since < present.size else []


def write_bundle(
    audit: Audit, actor: Actor, tenant_id: str, path: Path, *, since: str | None = None, personal: bool = False
) -> int:
    """Write the tenant's entries, proved, to a file that is not there yet; gives the number of bytes. As `bundle`."""
    with new_file(path) as file:
        return sum(file.write(part) for part in bundle(audit, actor, tenant_id, since=since, personal=personal))


def bundle(
    audit: Audit, actor: Actor, tenant_id: str, *, since: str | None = None, personal: bool = False
) -> Iterator[bytes]:
    """The tenant's entries, proved, as parts of one JSON document; that they were taken is written down first.

    `since` is a former checkpoint of the log, from which the growth is proved as well. What entries say of persons is
    shown only if it is wanted as `personal`. Refused when `since` is no checkpoint of this log.
    """
    former = _former(audit, since) if since is not None else None
    with transaction(audit.of(tenant_id)) as session:
        told = {"since": former.size if former else None, "personal": personal}
        audit.log.record(session, Tag.LOG_EXPORTED, actor, target="log", after=told, tenant_id=tenant_id)
    return _parts(audit, tenant_id, former.size if former else None, personal=personal)


def _former(audit: Audit, note: str) -> notes.Checkpoint:
    try:
        return notes.open_checkpoint(note, list_verifiers(audit))[0]
    except notes.BadNote as error:
        raise Refused(f"the former checkpoint is none of this log: {error}") from error


def _parts(audit: Audit, tenant_id: str, former: int | None, *, personal: bool) -> Iterator[bytes]:
    signed = checkpoint(audit)
    growth = None
    if former is not None:
        growth = {"from": former, "proof": _encoded(prove_growth(audit, former, signed.size))}
    opening = msgspec.json.encode({
        "format": FORMAT, "origin": audit.origin, "tenant": tenant_id, "checkpoint": signed.note, "consistency": growth,
    })  # fmt: skip
    yield opening[:-1] + b',"entries":['
    with reading(audit.everywhere) as all_, reading(audit.of(tenant_id)) as own, Streams(own) as streams:
        payloads = Payloads(own, audit.log.subjects) if personal else None
        joint = b"\n"
        for entry in _entries(streams, subtrees(all_), signed.size, payloads):
            yield joint + msgspec.json.encode(entry)
            joint = b",\n"
    yield b"\n]}\n"


def _entries(streams: Streams, tree: SubtreeHash, size: int, payloads: Payloads | None) -> Iterator[dict[str, object]]:
    rows = streams.read(select(Entry.index, Entry.body).where(Entry.index < size).order_by(Entry.sequence))
    while batch := list(islice(rows, BATCH)):
        opened = payloads.of_entries(index for index, _ in batch) if payloads is not None else {}
        for index, body in batch:
            yield {
                "index": index,
                "body": body,
                "proof": _encoded(inclusion_proof(index, size, tree)),
                "payloads": [_shown(one) for one in opened.get(index, ())],
            }


def _shown(opened: Opened) -> dict[str, str]:
    return {"subject": opened.subject, "salt": b64encode(opened.salt).decode(), "payload": opened.payload}


def _encoded(hashes: Sequence[bytes]) -> list[str]:
    return [b64encode(each).decode() for each in hashes]

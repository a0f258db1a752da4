"""Verifying what is kept of persons apart from the entries: there where an entry commits to it, and nothing else.

Whose key was destroyed, of that person nothing can be read, and nothing is compared: the commitments stay as they are.
"""

from base64 import b64encode
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from commerce.errors import MesChainError
from meschain.audit.canonical import commitment
from meschain.audit.findings import Findings, Kind
from meschain.audit.leaf_verification import Row
from meschain.audit.payloads import parse_payload
from meschain.audit.subjects import Opener, Subjects
from meschain.audit.tables import SubjectKey

KEYS, TABLE = "audit_subject_keys", "audit_payloads"
_KNOWN = 4096


class Part(NamedTuple):
    """A payload as it is stored."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody asks for
    subject: str
    tenant_id: str | None
    sealed: bytes


class PayloadVerification:
    """Takes entries in order, and with them the payloads, which come in the same order."""

    def __init__(self, session: Session, subjects: Subjects, parts: Iterable[Part], findings: Findings) -> None:
        self._session = session
        self._parts = iter(parts)
        self._findings = findings
        self._part = next(self._parts, None)
        self._key = lru_cache(_KNOWN)(lambda subject: subjects.opener(session, subject))
        self._lost: set[str] = set()

    def take(self, row: Row, commitments: dict[str, str] | None) -> None:
        """Look at the payloads of the next entry; if nobody knows what it commits to, pass them over."""
        self._pass_over(row.index + (commitments is None))
        if commitments is None:
            return
        found = {}
        while self._part is not None and self._part.index == row.index:
            found[self._part.subject] = self._part
            self._part = next(self._parts, None)
        for subject in found.keys() - commitments.keys():
            self._tell(Kind.INSERTED, row.index, f"what is kept of {subject} has no commitment in the entry")
        for subject, committed in commitments.items():
            if part := found.get(subject):
                self._check(row, part, committed)
            else:
                self._tell(Kind.DELETED, row.index, f"what it said of {subject} is missing")

    def finish(self, size: int, erased: set[str], *, complete: bool) -> None:
        """Look at what is kept of no entry, and at destroyed keys of which a complete log knows nothing."""
        self._pass_over(size)
        if self._part is not None:
            self._tell(Kind.TRUNCATED, self._part.index, "kept of an entry that is not there: the log was longer")
        if not complete:
            return
        query = select(SubjectKey.subject).where(SubjectKey.sealed.is_(None)).order_by(SubjectKey.subject)
        for subject in self._session.scalars(query):
            if subject not in erased:
                text = f"the key of {subject} was destroyed, and the log knows of no erasure"
                self._findings.add(Kind.DELETED, KEYS, text)

    def _pass_over(self, index: int) -> None:
        """Payloads of entries that are missing; that they are missing has been told."""
        while self._part is not None and self._part.index < index:
            self._part = next(self._parts, None)

    def _check(self, row: Row, part: Part, committed: str) -> None:
        if part.tenant_id != row.tenant_id:
            self._tell(Kind.CHANGED, row.index, f"what is kept of {part.subject} is put down to another tenant")
        opener = self._key(part.subject)
        if opener is None:
            self._note_lost_key(part.subject)
        elif opener.destroyed:
            return
        elif not _fits(opener, part, committed):
            self._tell(Kind.CHANGED, row.index, f"what is kept of {part.subject} is not what the entry commits to")

    def _note_lost_key(self, subject: str) -> None:
        if subject not in self._lost and len(self._lost) < _KNOWN:
            self._lost.add(subject)
            self._findings.add(Kind.DELETED, KEYS, f"the key of {subject} is missing, not erased")

    def _tell(self, kind: Kind, index: int, text: str) -> None:
        self._findings.add(kind, TABLE, text, index, pattern=text)


def _fits(opener: Opener, part: Part, committed: str) -> bool:
    try:
        salt, payload = parse_payload(opener.open(part.sealed) or "")
        return b64encode(commitment(salt, payload)).decode() == committed
    except (MesChainError, ValueError):
        return False

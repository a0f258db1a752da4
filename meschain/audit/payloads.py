"""What entries say of persons, kept apart from them: how salt and payload are written together, and read again."""

from base64 import b64decode, b64encode
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from meschain.audit.subjects import Subjects
from meschain.audit.tables import Payload

_KNOWN = 1024


class Opened(NamedTuple):
    """What an entry says of one person."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody asks for
    subject: str
    salt: bytes
    payload: str
    """Canonical JSON."""

    @property
    def values(self) -> dict[str, Any]:
        """The payload as it was noted."""
        found: dict[str, Any] = msgspec.json.decode(self.payload)
        return found


class _Kept(msgspec.Struct, frozen=True):
    salt: str
    payload: str


def write_payload(salt: bytes, payload: str) -> str:
    """Salt and payload as one text, to be sealed."""
    return msgspec.json.encode(_Kept(b64encode(salt).decode(), payload)).decode()


def parse_payload(text: str) -> tuple[bytes, str]:
    """Salt and payload again; ValueError if the text is none of `write_payload`."""
    kept = msgspec.json.decode(text, type=_Kept)
    return b64decode(kept.salt, validate=True), kept.payload


class Payloads:
    """Opens what is kept of persons, as a session sees it; whose key is destroyed, of that person there is nothing."""

    def __init__(self, session: Session, subjects: Subjects) -> None:
        self._session = session
        self._opener = lru_cache(_KNOWN)(lambda subject: subjects.opener(session, subject))

    def open(self, subject: str, index: int, sealed: bytes) -> Opened | None:
        """One payload; None if its person's key is gone."""
        opener = self._opener(subject)
        text = opener.open(sealed) if opener is not None else None
        return Opened(index, subject, *parse_payload(text)) if text is not None else None

    def of_entries(self, indexes: Iterable[int]) -> dict[int, list[Opened]]:
        """What can be opened of these entries, in the order of the persons' ids."""
        query = select(Payload.index, Payload.subject, Payload.sealed).where(Payload.index.in_(list(indexes)))
        found: dict[int, list[Opened]] = {}
        for index, subject, sealed in self._session.execute(query.order_by(Payload.index, Payload.subject)).tuples():
            if (opened := self.open(subject, index, sealed)) is not None:
                found.setdefault(index, []).append(opened)
        return found

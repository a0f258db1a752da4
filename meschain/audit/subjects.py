"""A key for each person: everything personal is kept under it, and erasing the person is destroying it.

A person is known by a pseudonym, the data subject's id. Its key is wrapped by the vault; destroyed, it stays destroyed:
what would be said of that person later is not kept either.
"""

import os
from base64 import b64decode, b64encode
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from commerce.errors import Permanent
from meschain.audit.tables import SubjectKey
from meschain.store.base import utc_now
from meschain.store.driver import Driver
from meschain.store.vault import Vault

SEALED = "SELECT sealed FROM audit_subject_keys WHERE subject = ?"
_MADE = "INSERT INTO audit_subject_keys (subject, sealed, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_KEPT, _NONCE = 256, 12
_KNOWN = "subject_keys"
"""Where a session keeps the keys that its transaction has used."""


@dataclass(frozen=True, slots=True, repr=False)
class Opener:
    """One person's key, or the fact that it was destroyed."""

    _key: "_Key | None"

    @property
    def destroyed(self) -> bool:
        """Whether nothing can be opened any more."""
        return self._key is None

    def open(self, sealed: bytes) -> str | None:
        """The text again; None if the key was destroyed. Permanent if it was not sealed under this key."""
        return self._key.decrypt(sealed) if self._key is not None else None


class _Key:
    """AES-256-GCM with a random nonce of 96 bits before each text: good for 2^32 texts of one person."""

    def __init__(self, text: str) -> None:
        self._cipher = AESGCM(b64decode(text))

    def encrypt(self, text: str) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, text.encode(), None)

    def decrypt(self, sealed: bytes) -> str:
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], None).decode()
        except (InvalidTag, ValueError):
            raise Permanent("what is kept of a person does not open with that person's key: it was altered") from None


class _Keys:
    """Wraps and unwraps keys. Those unwrapped last are kept: it costs as much as the rest of an entry does.

    What they are kept by is what the store says of them at each use: of a destroyed key it says nothing.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._unwrapped = lru_cache(_KEPT)(lambda sealed: _Key(vault.open(sealed)))

    def make(self) -> bytes:
        """A new key, wrapped."""
        return self._vault.seal(b64encode(AESGCM.generate_key(256)).decode())

    def open(self, sealed: bytes) -> _Key:
        """The key itself."""
        return self._unwrapped(sealed)

    def forget(self) -> None:
        """Keep none of them."""
        self._unwrapped.cache_clear()


class Sealing:
    """Seals texts within one transaction, with the driver at hand."""

    def __init__(self, keys: _Keys, store: Driver, known: dict[str, _Key | None]) -> None:
        self._keys = keys
        self._store = store
        self._known = known

    def seal(self, subject: str, text: str) -> bytes | None:
        """The text under the subject's key, which is made if there is none; None if it has been destroyed."""
        if subject not in self._known:
            self._known[subject] = self.key(subject) or self._make(subject)
        key = self._known[subject]
        return key.encrypt(text) if key is not None else None

    def learn(self, subject: str, sealed: bytes) -> None:
        """Take the subject's wrapped key as it was just read."""
        self._known.setdefault(subject, self._keys.open(sealed))

    def key(self, subject: str) -> _Key | None:
        """The subject's key; None if there is none, or not any more."""
        row = self._store.row(SEALED, (subject,))
        return self._keys.open(row[0]) if row is not None and row[0] is not None else None

    def _make(self, subject: str) -> _Key | None:
        """A new key, unless somebody else has made one meanwhile, or it has been destroyed."""
        sealed = self._keys.make()
        self._store.execute(_MADE, (subject, sealed, self._store.time(utc_now())))
        return self.key(subject)


class Subjects:
    """The keys of data subjects, as the vault opens them."""

    def __init__(self, vault: Vault) -> None:
        self._keys = _Keys(vault)

    def sealing(self, session: Session, store: Driver) -> Sealing:
        """For sealing texts in the session's transaction."""
        return Sealing(self._keys, store, session.info.setdefault(_KNOWN, {}))

    def seal(self, session: Session, subject: str, text: str) -> bytes | None:
        """The text under the subject's key, which is made if there is none; None if it has been destroyed."""
        with Driver(session) as store:
            return self.sealing(session, store).seal(subject, text)

    def open(self, session: Session, subject: str, sealed: bytes) -> str | None:
        """The text again; None if the subject's key has been destroyed."""
        opener = self.opener(session, subject)
        return opener.open(sealed) if opener is not None else None

    def opener(self, session: Session, subject: str) -> Opener | None:
        """The subject's key, for opening several texts; None if there never was one."""
        found = session.execute(select(SubjectKey.sealed).where(SubjectKey.subject == subject)).one_or_none()
        if found is None:
            return None
        return Opener(self._keys.open(found.sealed) if found.sealed is not None else None)

    def destroy(self, session: Session, subject: str) -> bool:
        """Destroy the subject's key for ever; False if there is none to destroy.

        On SQLite the bytes are overwritten; what the write-ahead log still has goes with `store.scrubbing`.
        """
        session.info.pop(_KNOWN, None)
        self._keys.forget()
        if session.get_bind().dialect.name == "sqlite":
            session.connection().exec_driver_sql("PRAGMA secure_delete=ON")
        found = update(SubjectKey).where(SubjectKey.subject == subject, SubjectKey.sealed.is_not(None))
        gone = session.execute(found.values(sealed=None, destroyed_at=utc_now()).returning(SubjectKey.subject)).first()
        return gone is not None

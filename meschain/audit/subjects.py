"""A key for each person: everything personal is kept under it, and erasing the person is destroying it.

A person is known by a pseudonym, the data subject's id. Its key is wrapped by the vault; destroyed, it stays destroyed:
what would be said of that person later is not kept either.
"""

from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from commerce.errors import Permanent
from meschain.audit.tables import SubjectKey
from meschain.store.base import utc_now
from meschain.store.vault import Vault

_KNOWN = "subject_keys"
"""Where a session keeps the keys that its transaction has used."""


@dataclass(frozen=True, slots=True, repr=False)
class Opener:
    """One person's key, or the fact that it was destroyed."""

    _key: Fernet | None

    @property
    def destroyed(self) -> bool:
        """Whether nothing can be opened any more."""
        return self._key is None

    def open(self, sealed: bytes) -> str | None:
        """The text again; None if the key was destroyed. Permanent if it was not sealed under this key."""
        try:
            return self._key.decrypt(sealed).decode() if self._key is not None else None
        except InvalidToken:
            raise Permanent("what is kept of a person does not open with that person's key: it was altered") from None


class Subjects:
    """The keys of data subjects, as the vault opens them."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def seal(self, session: Session, subject: str, text: str) -> bytes | None:
        """The text under the subject's key, which is made if there is none; None if it has been destroyed."""
        known: dict[str, Fernet | None] = session.info.setdefault(_KNOWN, {})
        if subject not in known:
            known[subject] = self._key(session, subject) or self._make(session, subject)
        key = known[subject]
        return key.encrypt(text.encode()) if key is not None else None

    def open(self, session: Session, subject: str, sealed: bytes) -> str | None:
        """The text again; None if the subject's key has been destroyed."""
        key = self._key(session, subject)
        return key.decrypt(sealed).decode() if key is not None else None

    def opener(self, session: Session, subject: str) -> Opener | None:
        """The subject's key, for opening several texts; None if there never was one."""
        found = session.execute(select(SubjectKey.sealed).where(SubjectKey.subject == subject)).one_or_none()
        if found is None:
            return None
        return Opener(Fernet(self._vault.open(found.sealed)) if found.sealed is not None else None)

    def destroy(self, session: Session, subject: str) -> bool:
        """Destroy the subject's key for ever; False if there is none to destroy.

        On SQLite the bytes are overwritten; what the write-ahead log still has goes with `store.scrubbing`.
        """
        session.info.pop(_KNOWN, None)
        if session.get_bind().dialect.name == "sqlite":
            session.connection().exec_driver_sql("PRAGMA secure_delete=ON")
        found = update(SubjectKey).where(SubjectKey.subject == subject, SubjectKey.sealed.is_not(None))
        gone = session.execute(found.values(sealed=None, destroyed_at=utc_now()).returning(SubjectKey.subject)).first()
        return gone is not None

    def _key(self, session: Session, subject: str) -> Fernet | None:
        sealed = session.execute(select(SubjectKey.sealed).where(SubjectKey.subject == subject)).scalar_one_or_none()
        return Fernet(self._vault.open(sealed)) if sealed is not None else None

    def _make(self, session: Session, subject: str) -> Fernet | None:
        """A new key, unless somebody else has made one meanwhile, or it has been destroyed."""
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        new = {"subject": subject, "sealed": self._vault.seal(Fernet.generate_key().decode()), "created_at": utc_now()}
        session.execute(insert(SubjectKey).values(new).on_conflict_do_nothing())
        return self._key(session, subject)

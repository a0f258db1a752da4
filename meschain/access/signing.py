"""The keys that sign access tokens: kept sealed in the store, rotated without ending anybody's session.

The newest key signs. One that was retired verifies for as long as a token of it can still be good.
"""

import time
from datetime import timedelta
from threading import Lock

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from meschain.access.context import Access
from meschain.access.sessions import Opened
from meschain.access.tables import SigningKey as SigningKeyRow
from meschain.access.tokens import LEEWAY, LONGEST_LIFE, Claims, InvalidToken, Keyring, SigningKey, issue, jwks, keyring
from meschain.access.tokens import verify as verify_token
from meschain.audit.rules import Actor, Tag
from meschain.store.base import utc_now
from meschain.store.session import reading, transaction

_AFTERLIFE = timedelta(seconds=LONGEST_LIFE + 2 * LEEWAY)
_FRESH_SECONDS = 30.0
_AGAIN_SECONDS = 1.0


class SigningKeys:
    """The installation's signing keys as one process knows them; a rotation elsewhere is noticed within half a minute.

    A key that another process has just begun to use is looked for when its first token comes.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._lock = Lock()
        self._signing: SigningKey | None = None
        self._keyring: Keyring = {}
        self._publics: list[dict[str, str]] = []
        self._read_at = float("-inf")

    def issue(self, opened: Opened) -> tuple[str, int]:
        """An access token for a session, and the seconds it lives."""
        self._read(_FRESH_SECONDS)
        now, life = int(time.time()), LONGEST_LIFE
        life = min(life, max(1, int(opened.expires_at.timestamp()) - now))
        claims = Claims(
            iss=self._access.issuer, aud=self._access.issuer, sub=opened.user_id, tenant=opened.tenant_id,
            sid=opened.id, sv=opened.session_version, iat=now, exp=now + life,
        )  # fmt: skip
        if self._signing is None:
            raise RuntimeError("there is no signing key after one was made")
        return issue(self._signing, claims), life

    def verify(self, token: str) -> Claims:
        """What the token says; raises InvalidToken."""
        self._read(_FRESH_SECONDS)
        try:
            return self._verify(token)
        except InvalidToken as error:
            if error.cause != "key" or not self._read(_AGAIN_SECONDS):
                raise
        return self._verify(token)

    def jwks(self) -> dict[str, object]:
        """The JWK set that others verify our tokens with."""
        self._read(_FRESH_SECONDS)
        return dict(jwks(self._publics))

    def _verify(self, token: str) -> Claims:
        issuer = self._access.issuer
        return verify_token(token, self._keyring, audience=issuer, issuer=issuer, now=time.time())

    def _read(self, age: float) -> bool:
        """Read the keys again if what is known is older than so many seconds; whether they were read."""
        if time.monotonic() - self._read_at < age:
            return False
        with self._lock:
            if time.monotonic() - self._read_at < age:
                return False
            rows = _living(self._access) or _first(self._access)
            newest = max((row for row in rows if row.retired_at is None), key=lambda row: (row.created_at, row.kid))
            if self._signing is None or self._signing.kid != newest.kid:
                self._signing = SigningKey.load(self._access.vault.open(newest.sealed))
            self._publics = [row.public for row in rows]
            self._keyring = keyring(self._publics)
            self._read_at = time.monotonic()
            return True


def rotate_signing_key(access: Access, actor: Actor) -> str:
    """Sign with a new key from now on; gives its `kid`. Keys that no good token can have any more are removed."""
    key = SigningKey.new()
    with transaction(access.everywhere) as session:
        _retire(session)
        session.add(_row(access, key))
        access.log.record(session, Tag.SIGNING_KEY_ROTATED, actor, target=f"signing-key {key.kid}")
    return key.kid


def _living(access: Access) -> list[SigningKeyRow]:
    """Keys that verify, and among them the one that signs."""
    alive = or_(SigningKeyRow.retired_at.is_(None), SigningKeyRow.retired_at > utc_now() - _AFTERLIFE)
    with reading(access.everywhere) as session:
        rows = list(session.scalars(select(SigningKeyRow).where(alive).order_by(SigningKeyRow.created_at)))
    return rows if any(row.retired_at is None for row in rows) else []


def _first(access: Access) -> list[SigningKeyRow]:
    """Make the first key; of two processes that do, both verify and the newer one's signs."""
    with transaction(access.everywhere) as session:
        session.add(_row(access, SigningKey.new()))
    return _living(access)


def _retire(session: Session) -> None:
    now = utc_now()
    session.execute(update(SigningKeyRow).where(SigningKeyRow.retired_at.is_(None)).values(retired_at=now))
    for row in session.scalars(select(SigningKeyRow).where(SigningKeyRow.retired_at < now - 2 * _AFTERLIFE)):
        session.delete(row)


def _row(access: Access, key: SigningKey) -> SigningKeyRow:
    return SigningKeyRow(kid=key.kid, sealed=access.vault.seal(key.private), public=key.public)

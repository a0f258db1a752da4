"""What makes this installation itself: its id, and a secret from which keyed hashes are made. One row, made once."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError

from meschain.store.session import reading, transaction
from meschain.store.tables import InstallationRow
from meschain.store.vault import Vault


@dataclass(frozen=True, slots=True, repr=False)
class Installation:
    """The installation's id and its secret."""

    id: str
    secret: bytes

    def token(self, purpose: str, text: str) -> str:
        """A keyed hash (HMAC-SHA-256, hexadecimal) of the text: the same for the same text, guessed by nobody."""
        key = hmac.digest(self.secret, purpose.encode(), hashlib.sha256)
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def open_installation(engine: Engine, vault: Vault) -> Installation:
    """The installation; made if this is its first start, by one of several processes."""
    found = _read(engine)
    if found is None:
        try:
            with transaction(engine) as session:
                session.add(InstallationRow(secret=vault.seal(secrets.token_hex(32))))
        except IntegrityError:  # another process was faster
            pass
        found = _read(engine)
    if found is None:
        raise RuntimeError("the installation's row was written and is not there")
    return Installation(found.id, bytes.fromhex(vault.open(found.secret)))


def _read(engine: Engine) -> InstallationRow | None:
    with reading(engine) as session:
        return session.scalars(select(InstallationRow)).one_or_none()

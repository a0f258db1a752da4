"""Seals the secrets of suppliers and channels, so that the store alone does not give them away. Holds no secret itself.

Keys are Fernet keys: from MESCHAIN_VAULT__KEY (divided by commas), or else from a file below home with one key a line.
The first seals, all open. To change keys: put a new one first, `reseal` what is stored, drop the old one.
"""

import os
import secrets
import stat
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from commerce.errors import Permanent
from meschain.settings import Settings, private_dir

_VARIABLE = "MESCHAIN_VAULT__KEY"

_Mark = tuple[int, int]
"""Inode and time of a file."""


class Vault:
    """Seals text under the first key and opens what any of the keys sealed.

    Nothing is read before it is needed; the key file is made by the first `seal`, never by `open`. A key file that was
    replaced is read anew at the next call: keys are changed while processes run.
    """

    def __init__(self, keys: str = "", key_file: Path | None = None) -> None:
        self._given = keys
        self._key_file = key_file
        self._fernet: MultiFernet | None = None
        self._read: _Mark | None = None
        """Of the key file as it was when it was read."""

    def seal(self, secret: str) -> bytes:
        """Ciphertext of `secret`, safe to store; different at every call."""
        if self._fernet is None and not self._given and self._key_file is not None:
            ensure_key_file(self._key_file)
        return self._keys().encrypt(secret.encode())

    def open(self, sealed: bytes) -> str:
        """The secret again; raises Permanent when no key fits or the ciphertext was altered."""
        try:
            return self._keys().decrypt(sealed).decode()
        except InvalidToken:
            raise Permanent(self._misfit()) from None

    def reseal(self, sealed: bytes) -> bytes:
        """The same secret under the first key."""
        try:
            return self._keys().rotate(sealed)
        except InvalidToken:
            raise Permanent(self._misfit()) from None

    def _keys(self) -> MultiFernet:
        if not self._given:
            return self._from_file()
        if self._fernet is None:
            self._fernet = _parse(self._given.split(","), _VARIABLE)
        return self._fernet

    def _from_file(self) -> MultiFernet:
        if self._key_file is None:
            raise Permanent(f"there is no key for stored secrets; set {_VARIABLE}")
        try:
            status = self._key_file.stat()
            mark = (status.st_ino, status.st_mtime_ns)
            if self._fernet is not None and mark == self._read:
                return self._fernet
            lines = self._key_file.read_text("ascii", errors="replace").splitlines()
        except FileNotFoundError:
            raise Permanent(
                f"the key of the stored secrets is missing: bring {self._key_file} back, or set {_VARIABLE}; "
                "without it the secrets must be entered anew"
            ) from None
        except OSError as error:
            raise Permanent(f"{self._key_file} cannot be read: {error.strerror}; expected a file of ours") from None
        if (mode := stat.S_IMODE(status.st_mode)) & 0o077:
            raise Permanent(f"{self._key_file} may be read by others (mode {mode:04o}); run chmod 600 on it")
        self._fernet, self._read = _parse(lines, str(self._key_file)), mark
        return self._fernet

    def _misfit(self) -> str:
        place = _VARIABLE if self._given else str(self._key_file)
        return (
            f"a stored secret does not open with the keys in {place}: it was sealed under another key or altered; "
            "add the former key behind the present one, or enter the secret anew"
        )


def vault_of(settings: Settings) -> Vault:
    """The vault these settings describe."""
    return Vault(settings.vault.key.get_secret_value().strip(), settings.vault_key_file)


def ensure_key_file(path: Path) -> None:
    """Make a key file with one new key unless there is one; of several processes at once, one makes it for all."""
    if path.exists():
        return
    draft = private_dir(path.parent) / f"{path.name}.{secrets.token_hex(8)}"
    try:
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(file, Fernet.generate_key() + b"\n")
            os.fsync(file)
        finally:
            os.close(file)
        os.link(draft, path)  # fails if another was faster: whole or not at all, never replaced
        _sync_folder(path.parent)
    except FileExistsError:
        pass
    except OSError as error:
        raise Permanent(f"key file {path} cannot be made: {error.strerror}; check MESCHAIN_HOME") from error
    finally:
        draft.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)  # a key lost in a power cut would take every secret with it
    finally:
        os.close(file)


def _parse(texts: list[str], place: str) -> MultiFernet:
    """Keys from texts; an error says which one is wrong, never what it is."""
    keys = []
    for number, text in enumerate((text.strip() for text in texts), start=1):
        if not text:
            continue
        try:
            keys.append(Fernet(text))
        except ValueError:
            raise Permanent(f"key {number} in {place} is no Fernet key; expected 32 bytes as URL-safe base64") from None
    if not keys:
        raise Permanent(f"{place} holds no key; expected a Fernet key (32 bytes as URL-safe base64)")
    return MultiFernet(keys)

"""The vault's keys as a list: from the environment or the key file, the first one first. `store.vault` uses them."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from commerce.errors import Permanent
from meschain.operations.folder import write_whole
from meschain.settings import Settings


class VaultKeys(NamedTuple):
    """Keys, and where they come from."""

    origin: Literal["environment", "file", "none"]
    keys: list[str]

    @property
    def fingerprints(self) -> list[str]:
        """By what each of them can be recognised."""
        return [fingerprint(key) for key in self.keys]


def present_keys(settings: Settings) -> VaultKeys:
    """The keys that hold: those of the environment, or else those of the file."""
    if given := settings.vault.key.get_secret_value().strip():
        return VaultKeys("environment", [key.strip() for key in given.split(",") if key.strip()])
    keys = read_keys(settings.vault_key_file)
    return VaultKeys("file" if keys else "none", keys)


def read_keys(path: Path) -> list[str]:
    """The keys of a file; none if there is no file."""
    try:
        return [line.strip() for line in path.read_text("ascii", errors="replace").splitlines() if line.strip()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Permanent(f"{path} cannot be read: {error.strerror}; expected a file of ours") from error


def write_keys(path: Path, keys: Sequence[str]) -> None:
    """Put these keys in place of those in the file: at every moment it holds the old or the new ones, on the disk."""
    try:
        write_whole(path, keys_text(keys))
    except OSError as error:
        raise Permanent(f"key file {path} cannot be written: {error.strerror}; its keys are as they were") from error


def keys_text(keys: Sequence[str]) -> bytes:
    """The keys as the file has them."""
    return "".join(f"{key}\n" for key in keys).encode("ascii")


def fingerprint(key: str) -> str:
    """By what a key is recognised without being known: the beginning of its SHA-256."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]

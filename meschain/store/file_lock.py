"""A lock between processes and threads of one machine, on a file; it dies with whoever holds it."""

import fcntl
import hashlib
import os
import re
from contextlib import suppress
from pathlib import Path

from commerce.errors import Permanent


class FileLock:
    """An exclusive `flock` on `<folder>/<safe name>.lock`; the file's text says who holds it.

    Each object opens the file for itself, so two threads exclude each other as two processes do. The file is
    never removed: a lock on a removed file would exclude nobody.
    """

    def __init__(self, folder: Path, name: str, holder: str) -> None:
        self.path = folder / file_name(name)
        self._holder = holder
        self._file: int | None = None

    def acquire(self) -> bool:
        """Take the lock if it is free; never waits."""
        try:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Permanent(f"lock file {self.path} cannot be opened: {error.strerror}; check MESCHAIN_HOME") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        except BaseException:
            os.close(file)
            raise
        if not self._is_of_path(file):  # somebody removed the file between our two steps
            os.close(file)
            return False
        self._file = file
        _write(file, self._holder)
        return True

    def holder(self) -> str:
        """What the present holder says of itself; empty if it is not known."""
        try:
            return self.path.read_text("utf-8", errors="replace").strip()
        except FileNotFoundError:
            return ""

    def is_held(self) -> bool:
        """Whether this object still excludes the others."""
        return self._file is not None and self._is_of_path(self._file)

    def release(self) -> None:
        """Let the next one in."""
        if self._file is not None:
            _write(self._file, "")
            os.close(self._file)
            self._file = None

    def _is_of_path(self, file: int) -> bool:
        try:
            return os.path.samestat(os.fstat(file), self.path.stat())
        except FileNotFoundError:
            return False


def _write(file: int, text: str) -> None:
    with suppress(OSError):  # a full disk costs the name in the message, not the lock
        os.ftruncate(file, 0)
        os.pwrite(file, text.encode(), 0)


def file_name(name: str) -> str:
    """A file name for any text: readable, and never the same for two texts."""
    readable = re.sub(r"[^A-Za-z0-9.-]+", "_", name)[:80]
    return f"{readable}-{hashlib.blake2b(name.encode(), digest_size=6).hexdigest()}.lock"

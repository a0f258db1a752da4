"""Mutual exclusion: one holder of a name at a time, over processes and threads, free the moment the holder dies.

SQLite stores lock a file, PostgreSQL stores lock in the server. It excludes only those who ask; it guards no rows.
"""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from commerce.errors import Refused, Transient
from meschain.store.advisory_lock import AdvisoryLock
from meschain.store.file_lock import FileLock

_POLL_SECONDS = 0.05


class Busy(Refused):
    """Somebody else holds the name; what was asked may well be under way already."""


class Exclusion:
    """A name that is held; given by `exclusive`."""

    def __init__(self, name: str, lock: FileLock | AdvisoryLock) -> None:
        self.name = name
        self._lock = lock

    def confirm(self) -> None:
        """Raise Transient if the lock was lost (its connection broke, its file was removed): another may run now.

        To be asked before the step that cannot be undone.
        """
        if not self._lock.is_held():
            raise Transient(f"the lock on {self.name} was lost while it was held; run it again")


@contextmanager
def exclusive(
    engine: Engine, locks_dir: Path, name: str, *, holder: str = "", wait_seconds: float = 0.0
) -> Iterator[Exclusion]:
    """Hold `name` for the length of the block.

    `holder` is what others are told about us, such as "run 0198…"; the process and machine are added.
    Raises Busy, naming the present holder, if `name` does not come free within `wait_seconds`.
    A child made by fork (not one started anew) holds the name together with its parent.
    """
    process = f"process {os.getpid()} on {socket.gethostname()}"
    described = f"{holder}, {process}" if holder else process
    postgresql = engine.dialect.name == "postgresql"
    lock = AdvisoryLock(engine, name, described) if postgresql else FileLock(locks_dir, name, described)
    try:
        _acquire(lock, name, wait_seconds)
        yield Exclusion(name, lock)
    finally:
        lock.release()


def _acquire(lock: FileLock | AdvisoryLock, name: str, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while not lock.acquire():
        left = deadline - time.monotonic()
        if left <= 0:
            other = lock.holder() or "another process"
            raise Busy(f"{name} is being worked on by {other}; wait until it ends, or end it, and try again")
        time.sleep(min(_POLL_SECONDS, left))

"""Tells whether anything was written to the store since the last look, at almost no cost; not what was written.

SQLite answers from shared memory in a few microseconds. PostgreSQL has nothing of the kind: there the answer is always
that something may have been.
"""

import sqlite3
import threading
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Engine

_MOST = 1_000
T = TypeVar("T")


class Stamp(NamedTuple):
    """By which connection it was asked for, and what SQLite counted on it."""

    connection: int
    version: int


class Changes:
    """One process's look-out; safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        path = engine.url.database if engine.dialect.name == "sqlite" else None
        self._path = Path(path) if path else None
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._opened = 0

    def stamp(self) -> Stamp | None:
        """What stays the same as long as nothing is written; None if that cannot be told."""
        if self._path is None:
            return None
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = sqlite3.connect(self._path, check_same_thread=False, timeout=0)
                    self._opened += 1  # a connection knows of no write before it
                return Stamp(self._opened, self._connection.execute("PRAGMA data_version").fetchone()[0])
            except sqlite3.Error:
                self.close()
                return None

    def close(self) -> None:
        """Let go of the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class Recent:
    """What was read of the store, for as long as nothing is written to it; safe to use from several threads.

    Where that cannot be told, or nobody looks out, everything is read anew.
    """

    def __init__(self, changes: Changes | None = None) -> None:
        self._changes = changes
        self._lock = threading.Lock()
        self._stamp: Stamp | None = None
        self._kept: dict[Hashable, Any] = {}

    def get(self, key: Hashable, read: Callable[[], T]) -> T:
        """What `read` gives; of what is kept under the key nobody may change anything."""
        stamp = self._changes.stamp() if self._changes is not None else None  # a write during the look is one after it
        if stamp is None:
            return read()
        with self._lock:
            if stamp != self._stamp or len(self._kept) >= _MOST:
                self._stamp, self._kept = stamp, {}
            if key in self._kept:
                found: T = self._kept[key]
                return found
        found = read()
        with self._lock:
            if stamp == self._stamp:
                self._kept[key] = found
        return found

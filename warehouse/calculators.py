"""Calculators that stay open, in a process that answers many small questions. What is asked of them is not known here.

To open one takes longer than a dozen answers. It is lent to one thread at a time.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from commerce.errors import Transient
from warehouse.calculator import Calculator, open_calculator

MOST = 4
"""More would wait for one another's processor, not for a calculator."""
_WAIT_SECONDS = 5.0


class Calculators:
    """At most `most` open calculators of one process, each opened when it is first needed."""

    def __init__(self, most: int = MOST, *, wait_seconds: float = _WAIT_SECONDS) -> None:
        self._wait_seconds = wait_seconds
        self._room = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()
        self._idle: list[Calculator] = []
        """The one used last is the last."""
        self._closed = False

    @contextmanager
    def lend(self) -> Iterator[Calculator]:
        """A calculator for the length of the block; Transient when all are in use for too long."""
        if not self._room.acquire(timeout=self._wait_seconds):
            raise Transient("too many quotes are asked for at once; try again in a moment")
        try:
            lent, kept = self._take() or open_calculator(), False
            try:
                yield lent
                kept = True
            except duckdb.Error:
                raise  # and it is not kept: who knows in what state it is
            except Exception:
                kept = True
                raise
            finally:
                self._give_back(lent, kept=kept)
        finally:
            self._room.release()

    def close(self) -> None:
        """Close those that nobody uses; every other one is closed as soon as it is given back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for each in idle:
            each.close()

    def _take(self) -> Calculator | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _give_back(self, lent: Calculator, *, kept: bool) -> None:
        with self._lock:
            kept = kept and not self._closed
            if kept:
                self._idle.append(lent)
        if not kept:
            lent.close()

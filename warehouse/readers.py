"""Connections to lakes that stay open for reading, in a process that answers many small questions. No writes.

To open a connection takes longer than most questions. One that is open sees every new snapshot at its next question;
it is lent to one thread at a time, opens one lake only, and takes little memory.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb

from commerce.errors import Transient

Connection = duckdb.DuckDBPyConnection
MOST = 6
MOST_OF_ONE = 3
"""So many are lent of one lake at a time: who asks a lot of his own keeps nobody else waiting."""
LIFE_SECONDS = 600.0
"""After so long a connection makes room for a fresh one, with the memory that it has gathered."""
_WAIT_SECONDS = 5.0


class Readable(Protocol):
    """A lake as it is read here."""

    @property
    def place(self) -> Path | str:
        """The file of its catalog, or what else tells it from every other lake."""

    def open_reader(self) -> Connection:
        """A connection that can be read only."""


@dataclass(slots=True)
class _Reader:
    """An open connection, and of what."""

    connection: Connection
    place: Path | str
    file: tuple[int, int] | None
    """Device and inode of the catalog: a lake that was removed and made anew is another one."""
    until: float

    def is_of(self, lake: Readable) -> bool:
        return self.place == lake.place and self.file == _file(lake.place)

    def close(self) -> None:
        with suppress(duckdb.Error):
            self.connection.close()


class Readers:
    """At most `most` open connections of one process; of those that nobody uses, the one unused longest makes room."""

    def __init__(
        self,
        most: int = MOST,
        most_of_one: int = MOST_OF_ONE,
        *,
        wait_seconds: float = _WAIT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._wait_seconds = wait_seconds
        self._clock = clock
        self._idle: list[_Reader] = []
        """The one used last is the last."""
        self._lent = Counter[Path | str]()
        self._change = threading.Condition()

    @contextmanager
    def lend(self, lake: Readable) -> Iterator[Connection]:
        """A connection of the lake for the length of the block; Transient when all are in use for too long."""
        reader, kept = self._take(lake), False
        try:
            reader = reader or _open(lake, self._clock() + LIFE_SECONDS)
            yield reader.connection
            kept = True
        except duckdb.Error:
            raise  # and it is not kept: who knows in what state it is
        except Exception:
            kept = True
            raise
        finally:
            self._give_back(lake.place, reader, kept=kept)

    def close(self) -> None:
        """Close those that nobody uses."""
        with self._change:
            idle, self._idle = self._idle, []
        for reader in idle:
            reader.close()

    def _take(self, lake: Readable) -> _Reader | None:
        """An open connection of the lake, or leave to open one."""
        deadline = time.monotonic() + self._wait_seconds
        with self._change:
            while self._lent.total() >= self._most or self._lent[lake.place] >= self._most_of_one:
                left = deadline - time.monotonic()
                if left <= 0 or not self._change.wait(left):
                    raise Transient("too many questions are asked of the lakes at once; try again in a moment")
            self._lent[lake.place] += 1
            gone = [reader for reader in self._idle if reader.until <= self._clock()]
            found = next((each for each in reversed(self._idle) if each not in gone and each.is_of(lake)), None)
            kept = [reader for reader in self._idle if reader is not found and reader not in gone]
            surplus = max(0, len(kept) + self._lent.total() - self._most)
            gone, self._idle = gone + kept[:surplus], kept[surplus:]
        for reader in gone:
            reader.close()
        return found

    def _give_back(self, place: Path | str, reader: _Reader | None, *, kept: bool) -> None:
        with self._change:
            self._lent[place] -= 1
            if not self._lent[place]:
                del self._lent[place]
            if reader is not None and kept:
                self._idle.append(reader)
            self._change.notify_all()
        if reader is not None and not kept:
            reader.close()


def _open(lake: Readable, until: float) -> _Reader:
    file = _file(lake.place)
    connection = lake.open_reader()
    return _Reader(connection, lake.place, file or _file(lake.place), until)


def _file(place: Path | str) -> tuple[int, int] | None:
    if isinstance(place, str):
        return None
    try:
        found = place.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino

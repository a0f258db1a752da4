"""A worker process: does one job after another in a warm house, tells how far it is, and stops when it is told to.

It knows no Prefect. When its owner is gone it ends: at once if it is idle, at its next word if it is not.
"""

import logging
import signal
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from commerce.errors import MesChainError, Permanent, Refused, Transient
from meschain.settings import Settings
from meschain.store.exclusion import Busy
from meschain.wiring import House

Report = Callable[[int], None]
"""Called with the number of rows read so far; raises Permanent once the job should stop."""

KINDS: dict[str, type[MesChainError]] = {kind.__name__: kind for kind in (Transient, Permanent, Refused, Busy)}
STOP = "stop"
_OURS = ("meschain", "warehouse", "connectors")


class _Line:
    """The line to the owner, usable from every thread of the worker."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def say(self, *words: object) -> None:
        with self._lock:
            self._connection.send(words)

    def report(self, rows: int) -> None:
        if self._connection.poll():  # while a job runs the owner has but one word to say: stop
            self._connection.recv()
            raise Permanent(f"The run was ended from outside after {rows:,} rows; nothing was changed.")
        self.say("rows", rows)


class _Telling(logging.Handler):
    """Log records go to the owner, who knows which run they belong to."""

    def __init__(self, line: _Line) -> None:
        super().__init__(logging.INFO)
        self._line = line

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):
            self._line.say("log", record.name, record.levelno, record.getMessage())


def work(connection: Connection) -> None:
    """Do jobs until the owner closes the connection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the owner, who ends us in order
    line = _Line(connection)
    for name in _OURS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO)
        logger.addHandler(_Telling(line))
    houses: dict[Settings, House] = {}
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            asked = connection.recv()
            if asked == STOP:  # it came too late: the job had ended
                continue
            job, settings, arguments = asked
            line.say(*_do(job, settings, houses, line, arguments))


def _do(
    job: Callable[..., Any],
    settings: Settings,
    houses: dict[Settings, House],
    line: _Line,
    arguments: Mapping[str, Any],
) -> tuple[object, ...]:
    _forget_peak()
    try:
        return "done", job(_house(houses, settings), line.report, **arguments)
    except MesChainError as error:
        kind = next(kind for kind in type(error).__mro__ if kind.__name__ in KINDS or kind is MesChainError)
        return "failed", kind.__name__, str(error)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001  the worker lives on; its owner tells what happened
        return "broken", f"{type(error).__name__}: {error}", traceback.format_exc()


def _house(houses: dict[Settings, House], settings: Settings) -> House:
    if settings not in houses:
        houses[settings] = House(settings)
        houses[settings].set_up()
    return houses[settings]


def _forget_peak() -> None:
    """Let the peak memory that a run reports be its own, not that of a run before it in this process."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")

"""Heavy work in processes of their own: warm, several at once, each with its own memory, each ended when its run is.

Threads would share one interpreter lock and one peak of memory, and a crash of one would be a crash of all.
"""

import asyncio
import atexit
import contextvars
import logging
import multiprocessing
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache, partial
from typing import Any, TypeVar

from commerce.errors import Permanent
from meschain.settings import Settings, load_settings
from tasks import worker

log = logging.getLogger(__name__)
T = TypeVar("T")
_STOP_SECONDS = 10.0
_END_SECONDS = 5.0
_IDLE_SECONDS = 60.0
_MOST_JOBS = 50
"""After so many jobs a worker makes room for a fresh one."""


class Counter:
    """Rows that a job has read so far, and whether it should stop."""

    def __init__(self) -> None:
        self.rows = 0
        self.stopped = threading.Event()


class _Member:
    """One worker process, seen from its owner. Used by one thread at a time."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy locks of threads that are not there
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=worker.work, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self.jobs = 0

    def ask(self, job: Callable[..., T], settings: Settings, arguments: Mapping[str, Any], counter: Counter) -> T:
        """Have the job done; raises what it raised. Permanent if the process died over it."""
        self.jobs += 1
        told, patience = False, _STOP_SECONDS
        try:
            self._connection.send((job, settings, dict(arguments)))
            while True:
                if counter.stopped.is_set():
                    if not told:
                        self._connection.send(worker.STOP)
                        told = True
                    patience -= 0.1
                    if patience < 0:
                        self._process.kill()
                if self._connection.poll(0.1):
                    ended, result = _heard(self._connection.recv(), counter)
                    if ended:
                        return result  # type: ignore[no-any-return]  # what the job returned came through a pipe
        except (EOFError, OSError) as error:
            self._process.join(_END_SECONDS)
            raise Permanent(_died(self._process.exitcode)) from error
        finally:
            if told:
                self.end()

    @property
    def usable(self) -> bool:
        """Whether it can take another job."""
        return self._process.is_alive() and self.jobs < _MOST_JOBS

    def end(self) -> None:
        """Let it end, and make sure that it does."""
        self._connection.close()
        self._process.join(_END_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


class Crew:
    """At most `most` worker processes; they are started when they are needed and kept."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._busy = 0
        self._idle: list[_Member] = []
        """The one that worked last is the last."""
        self._change = threading.Condition()
        self._threads = ThreadPoolExecutor(max_workers=256, thread_name_prefix="crew")
        self._retiring: threading.Timer | None = None
        atexit.register(self.end)

    async def do(self, job: Callable[..., T], *, counter: Counter | None = None, **arguments: Any) -> T:
        """Have `job(house, report, **arguments)` done in a worker; `job` is a function of a module.

        When the run is cancelled the job is stopped at its next row, or killed, and its end is awaited: nobody shall
        say "cancelled" while something is still being written.
        """
        counter = counter or Counter()
        ask = partial(self._ask, job, load_settings(), arguments, counter)
        running = asyncio.get_running_loop().run_in_executor(self._threads, contextvars.copy_context().run, ask)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            counter.stopped.set()
            with suppress(Exception):  # how it ended is written with its run
                await running
            raise

    def end(self) -> None:
        """End the idle workers."""
        self._retire(keep=0)

    def _retire(self, keep: int = 1) -> None:
        """End idle workers, whose memory others may need, but for the one that is warmest."""
        with self._change:
            count = len(self._idle) - keep
            retired, self._idle = self._idle[: max(0, count)], self._idle[max(0, count) :]
            if self._retiring is not None:
                self._retiring.cancel()
        for member in retired:
            member.end()

    def _ask(self, job: Callable[..., T], settings: Settings, arguments: Mapping[str, Any], counter: Counter) -> T:
        member = self._take()
        try:
            if counter.stopped.is_set():
                raise Permanent("The run was ended from outside before its work had begun.")
            member = member or _Member()
            return member.ask(job, settings, arguments, counter)
        finally:
            self._give_back(member)

    def _take(self) -> _Member | None:
        with self._change:
            while self._busy >= self._most:
                self._change.wait()
            self._busy += 1
            return self._idle.pop() if self._idle else None

    def _give_back(self, member: _Member | None) -> None:
        usable = member is not None and member.usable
        if member is not None and not usable:
            member.end()
        with self._change:
            if member is not None and usable:
                self._idle.append(member)
            self._busy -= 1
            self._change.notify()
            if self._retiring is not None:
                self._retiring.cancel()
            self._retiring = threading.Timer(_IDLE_SECONDS, self._retire)
            self._retiring.daemon = True
            self._retiring.start()


@cache
def hands() -> Crew:
    """Who does the work of the flows."""
    return Crew(load_settings().prefect.runs_at_once)


@cache
def checkers() -> Crew:
    """Who checks quality: one process that carries the heavy library for it."""
    return Crew(1)


def _heard(words: tuple[Any, ...], counter: Counter) -> tuple[bool, Any]:
    """What the worker said: whether the job has ended, and its result; raises what the job raised."""
    match words:
        case "rows", rows:
            counter.rows = rows
        case "log", name, level, text:
            logging.getLogger(name).log(level, "%s", text)
        case "done", result:
            return True, result
        case "failed", kind, text:
            raise worker.KINDS.get(kind, Permanent)(text)
        case "broken", text, details:
            log.error("%s", details)
            raise RuntimeError(f"something unforeseen happened, see the log: {text}")
    return False, None


def _died(code: int | None) -> str:
    reason = "it was killed, perhaps because memory ran out" if code in {-9, 137} else f"exit code {code}"
    return f"The process that worked on it died ({reason}). Nothing is half done; run it again."

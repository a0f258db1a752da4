"""A process started in the background: its log in a file, its life tied to ours, its end awaited."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_STOP_SECONDS = 60.0
_LOG_BYTES = 10 * 1024**2
_TAIL_BYTES = 4000


class Child:
    """One running process.

    To be made in the main thread: the kernel ties a child to the thread that started it. Ctrl-C does not reach it; its
    owner ends it, in the order that is right.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        self._started = time.monotonic()
        _turn(log)
        leash = [sys.executable, "-m", "meschain.operations.leash", str(os.getpid())]
        with log.open("ab") as written:
            self._process = subprocess.Popen(
                [*leash, *command],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=_project(),
            )

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._started

    @property
    def exit_code(self) -> int | None:
        """None while it lives; negative when a signal ended it."""
        return self._process.poll()

    def stop(self) -> None:
        """Ask it to end and wait; kill it when it takes too long."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def last_words(self) -> str:
        """The last line of its log that is not empty."""
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - _TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


def _turn(log: Path) -> None:
    """Put a log that has grown large aside; one older log is kept."""
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.replace(log.with_suffix(".1.log"))
    log.touch(mode=0o600)


def _project() -> Path:
    """The folder in which the packages lie, so that `-m` finds them however we were started."""
    return Path(__file__).parents[2]

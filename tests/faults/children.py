"""`meschain` commands in processes of their own, which a test may kill. A command's duration is that of its work."""

import json
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from meschain.settings import Settings
from meschain.store.ids import new_id
from tests.processes import FORKS

_LONGEST = 300.0
_TEXTS = TemporaryDirectory(prefix="meschain-said-")
"""What commands say: on a disk that is not the one a test fills up."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended; `code` is negative when a signal ended it."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def result(self) -> dict[str, Any]:
        """What it printed with --json."""
        result: dict[str, Any] = json.loads(self.out)
        return result


class Command:
    """One running command."""

    def __init__(self, settings: Settings, *argv: str, file_limit: int | None = None) -> None:
        self._texts = [Path(_TEXTS.name, f"{new_id()}.{kind}") for kind in ("out", "err")]
        self.began = time.monotonic()
        self._process: BaseProcess = FORKS.Process(target=_act, args=(settings, argv, self._texts, file_limit))
        self._process.start()
        assert self._process.pid is not None
        self._handle = os.pidfd_open(self._process.pid)  # a number alone may soon be somebody else's

    @property
    def running(self) -> bool:
        return self._process.is_alive()

    def kill(self) -> bool:
        """End it as a power cut would; whether it was still at work."""
        self._end()
        return self.wait().code == -signal.SIGKILL

    def wait(self, seconds: float = _LONGEST) -> Ended:
        """Wait for its end."""
        self._process.join(seconds)
        if self._process.exitcode is None:
            self._end()
            raise TimeoutError(f"the command did not end in {seconds:.0f} s: {self._texts[1].read_text()}")
        out, err = (path.read_text(encoding="utf-8") if path.exists() else "" for path in self._texts)
        for path in self._texts:
            path.unlink(missing_ok=True)
        os.close(self._handle)
        return Ended(self._process.exitcode, out, err, time.monotonic() - self.began)

    def _end(self) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)


def run(settings: Settings, *argv: str, file_limit: int | None = None) -> Ended:
    """Run a command to its end."""
    return Command(settings, *argv, file_limit=file_limit).wait()


def _act(settings: Settings, argv: tuple[str, ...], texts: list[Path], file_limit: int | None) -> None:
    """Be the command line: in the child, from its first moment on."""
    from meschain.cli import main  # noqa: PLC0415  the parent has no use for it

    for stream, path in zip((sys.stdout, sys.stderr), texts, strict=True):
        with path.open("wb") as file:
            os.dup2(file.fileno(), stream.fileno())
    if file_limit is not None:
        import resource  # noqa: PLC0415  as above

        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
    settings.enter()
    sys.argv = ["meschain", *argv]
    main()

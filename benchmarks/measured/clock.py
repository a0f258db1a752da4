"""Time and memory of this process, as the operating system counts them."""

import resource
import time
from pathlib import Path
from typing import Self

_BLOCK = 1 << 20


class Stopwatch:
    """Wall and processor seconds (of all threads) of a `with` block."""

    seconds = 0.0
    cpu_seconds = 0.0

    def __enter__(self) -> Self:
        self._cpu, self._wall = _cpu(), time.perf_counter()
        return self

    def __exit__(self, *failure: object) -> None:
        self.seconds, self.cpu_seconds = time.perf_counter() - self._wall, _cpu() - self._cpu

    def told(self) -> dict[str, float]:
        """Both, as the result of a measurement holds them."""
        return {"seconds": self.seconds, "cpu_seconds": self.cpu_seconds}


def peak_mb(status: Path = Path("/proc/self/status")) -> float:
    """Largest resident memory of the process so far, in 10⁶ bytes.

    Linux tells it per program (VmHWM). `getrusage` is for other systems: on Linux a new process begins with the
    figure of the one that started it.
    """
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def warm(path: Path) -> None:
    """Read a file once, so that the next reader finds it in the file cache."""
    with path.open("rb") as file:
        while file.read(_BLOCK):
            pass


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime

"""The measured processes and how they are run."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

ROOT = Path(__file__).resolve().parents[1]
_STANDARD = ("csv", "ndjson", "xml")

Result = Mapping[str, Any]
"""What the function of a measurement gave: `seconds`, `cpu_seconds`, `peak_mb` and whatever else it tells."""


class MeasurementError(Exception):
    """A measured process failed: there is no figure, whatever the reason."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is measured under a name: a function `module:name` below `benchmarks.measured`, and its arguments."""

    name: str
    function: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Runs:
    """The results of one work, one per repetition."""

    results: list[Result]

    @property
    def seconds(self) -> float:
        """Median wall time."""
        return self.median("seconds")

    @property
    def peak_mb(self) -> float:
        """Largest resident memory of all repetitions, in 10⁶ bytes."""
        return max(float(result["peak_mb"]) for result in self.results)

    def median(self, name: str) -> float:
        """Median of a figure."""
        return median(float(result[name]) for result in self.results)

    def all(self, name: str) -> list[float]:
        """A figure of every repetition, in their order."""
        return [round(float(result[name]), 4) for result in self.results]


@dataclass(frozen=True, slots=True)
class Bench:
    """Sizes and places of a run. Feeds lie below `workdir` (and stay if `keep`), all else below `scratch`."""

    rows: int
    repeat: int
    seed: int
    full: bool
    formats: Sequence[str]
    workdir: Path
    keep: bool
    scratch: Path
    screen: Console

    def tell(self, line: str) -> None:
        """A line of progress."""
        self.screen.print(line, markup=False, highlight=False)

    def run(self, work: Work) -> Result:
        """Do the work in a fresh process, whose temporary folder is its own. Raises MeasurementError."""
        with tempfile.TemporaryDirectory(dir=self.scratch, prefix="fresh-") as folder:
            arguments = json.dumps(dict(work.arguments), default=str)
            # DLT_DATA_DIR: dlt would write below the user's home otherwise.
            command = ["env", f"TMPDIR={folder}", f"DLT_DATA_DIR={folder}", "RUNTIME__DLTHUB_TELEMETRY=false"]
            command += [sys.executable, "-m", "benchmarks.measured.child", work.function, arguments]
            ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        lines = ended.stdout.strip().splitlines()
        if ended.returncode or not lines:
            raise MeasurementError(f"{work.name}: {_last_words(ended.stderr)}")
        result: Result = json.loads(lines[-1])
        return result

    def interleave(self, works: Sequence[Work]) -> dict[str, Runs]:
        """Do all works one after another, and again, so that a slow minute of the machine meets all of them."""
        results: dict[str, list[Result]] = {work.name: [] for work in works}
        for number in range(1, self.repeat + 1):
            for work in works:
                result = self.run(work)
                results[work.name].append(result)
                figures = f"{result['seconds']:8.3f} s {result['peak_mb']:6.0f} MB"
                self.tell(f"  {number}/{self.repeat} {work.name:<34} {figures}")
        return {name: Runs(found) for name, found in results.items()}


def standard(formats: Sequence[str]) -> tuple[str, ...]:
    """The formats that are measured, all of them when none is chosen."""
    return tuple(formats) or _STANDARD


@contextmanager
def folders(workdir: Path | None) -> Iterator[tuple[Path, Path]]:
    """A folder for feeds (below the given one, which stays) and one for all else, on one file system."""
    if workdir is not None:
        workdir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=workdir, prefix="meschain-bench-") as scratch:
        feeds = workdir / "feeds" if workdir is not None else Path(scratch) / "feeds"
        yield feeds, Path(scratch)


def _last_words(stderr: str) -> str:
    lines = [line for line in stderr.strip().splitlines() if line.strip()]
    return " | ".join(lines[-3:]) or "ended without a word"

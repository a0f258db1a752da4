"""The feeds of the benchmarks and the homes made of them: written when first asked for, found again afterwards."""

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench import Bench, Result, Work

_WRITE = "benchmarks.measured.feeds:write"
_NEXT = "benchmarks.measured.sync:sync_next"
_IMPORT = "benchmarks.measured.sync:import_first"


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed of so many rows in its versions; `folder` also holds what a sync of the second must count."""

    form: str
    rows: int
    folder: Path

    def path(self, version: str) -> str:
        """File of a version: `first`, `second`, `stamped` or `respelt` (see `measured.feeds.write`)."""
        return str(self.folder / f"{version}.{self.form}")

    def expected(self) -> dict[str, int]:
        """Counts of the sync from the first version to the second."""
        counts: dict[str, int] = json.loads((self.folder / "truth.json").read_text())
        return counts


def feed(
    bench: Bench, form: str, rows: int, versions: Iterable[str] = ("first", "second"), *, seed: int | None = None
) -> Feed:
    """The feed; the versions that are not there yet are written, in a process of their own."""
    seed = bench.seed if seed is None else seed
    made = Feed(form, rows, bench.workdir / f"{form}-{rows}-seed-{seed}")
    if missing := [version for version in versions if not Path(made.path(version)).exists()]:
        bench.tell(f"  writing {', '.join(missing)} feed of {rows:,} rows as {form}, seed {seed}")
        arguments = {"folder": made.folder, "form": form, "rows": rows, "seed": seed, "versions": missing}
        bench.run(Work(f"feed {form}", _WRITE, arguments))
    return made


@dataclass(frozen=True, slots=True)
class State:
    """A home into which the first version of a feed was imported, and how that went."""

    feed: Feed
    folder: Path
    imported: Result

    def next(self, name: str, version: str = "second", *, expected: bool = True) -> Work:
        """Sync another version of the feed into a copy of this home."""
        counts = self.feed.expected() if expected else None
        return Work(name, _NEXT, {"state": self.folder, "path": self.feed.path(version), "expected": counts})


def state(bench: Bench, feed: Feed) -> State:
    """A new home with the first version of the feed in it."""
    folder = bench.scratch / f"state-{feed.form}-{feed.rows}"
    shutil.rmtree(folder, ignore_errors=True)
    bench.tell(f"  importing the first feed of {feed.rows:,} rows as {feed.form}")
    work = Work(f"first import {feed.form}", _IMPORT, {"state": folder, "path": feed.path("first")})
    return State(feed, folder, bench.run(work))

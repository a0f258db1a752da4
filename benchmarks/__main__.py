"""`python -m benchmarks`: runs the benchmarks in order; prints progress, a table and, last, a JSON document."""

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from os import cpu_count, getloadavg
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

from benchmarks import (
    api,
    audit_log,
    core_sync,
    floor,
    many_suppliers,
    margins,
    peer_dlt,
    permission_check,
    scaling,
    unchanged,
    whole_flow,
)
from benchmarks.bench import Bench, MeasurementError, folders
from benchmarks.figures import Line, table

BENCHMARKS: dict[str, Callable[[Bench], list[Line]]] = {
    module.NAME: module.measure
    for module in (
        floor,
        core_sync,
        whole_flow,
        unchanged,
        scaling,
        many_suppliers,
        peer_dlt,
        permission_check,
        audit_log,
        margins,
        api,
    )
}
FULL_SIZE = 1_000_000
_VERSIONS = ("duckdb", "polars", "pyarrow", "lxml", "prefect")


def main() -> int:
    """Run what the command line asks for; 1 when something could not be measured, 0 otherwise, bars met or not."""
    options = _options()
    screen = Console(width=None if sys.stdout.isatty() else 180)
    with folders(options.workdir) as (feeds, scratch):
        bench = Bench(
            rows=options.rows, repeat=options.repeat, seed=options.seed, full=options.full, formats=options.formats,
            workdir=feeds, keep=options.workdir is not None, scratch=scratch, screen=screen,
        )  # fmt: skip
        document, lines = _circumstances(bench), list[Line]()
        for name in options.only or BENCHMARKS:
            lines += _measured(bench, name)
    document |= {"load_after": getloadavg(), "lines": [line.document() for line in lines]}
    screen.print(table(lines, bench.rows))
    if bench.rows < FULL_SIZE:
        bench.tell(f"The bars are for {FULL_SIZE:,} rows: below that, what a run costs whatever its size weighs more.")
    text = json.dumps(document, default=str)
    if options.json:
        options.json.write_text(text + "\n")
    print(text)
    return int(any(line.failed for line in lines))


def _measured(bench: Bench, name: str) -> list[Line]:
    """One benchmark, with a folder of its own that is removed afterwards. A failure stops none of the others."""
    bench.tell(f"{name}")
    begun = time.monotonic()
    with TemporaryDirectory(dir=bench.scratch, prefix=f"{name}-") as scratch:
        try:
            lines = BENCHMARKS[name](replace(bench, scratch=Path(scratch)))
        except MeasurementError as error:
            bench.tell(f"  failed: {error}")
            lines = [Line(name, "failed", note=str(error), failed=True)]
    bench.tell(f"  {name} took {time.monotonic() - begun:.0f} s")
    return lines


def _circumstances(bench: Bench) -> dict[str, Any]:
    """Under which conditions it was measured."""
    return {
        "rows": bench.rows,
        "repeat": bench.repeat,
        "seed": bench.seed,
        "cores": cpu_count(),
        "load_before": getloadavg(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _VERSIONS},
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the promises of MesChain.")
    parser.add_argument("--rows", type=_natural, default=FULL_SIZE, help="rows of a feed (default 1,000,000)")
    parser.add_argument("--repeat", type=_natural, default=3, help="interleaved repetitions (default 3)")
    parser.add_argument("--only", action="append", choices=list(BENCHMARKS), metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--formats", nargs="+", choices=("csv", "ndjson", "xml"), default=[], help="default: all")
    parser.add_argument("--full", action="store_true", help="scaling also at five times the rows")
    parser.add_argument("--seed", type=int, default=2026, help="seed of the feeds (default 2026)")
    parser.add_argument("--workdir", type=Path, help="where to work and to keep the feeds for the next time")
    parser.add_argument("--json", type=Path, help="also write the JSON document to this file")
    return parser.parse_args()


def _natural(text: str) -> int:
    number = int(text.replace(",", "").replace("_", ""))
    if number < 1:
        raise argparse.ArgumentTypeError("expected a whole number above 0")
    return number


if __name__ == "__main__":
    sys.exit(main())

"""Margins of a whole catalogue on three channels, against the same arithmetic with every term in the query."""

from benchmarks.bench import Bench, Runs, Work
from benchmarks.figures import Bar, Line, line

NAME = "margins"
LIMIT, PEAK_MB, WHAT_IF_SECONDS = 2.0, 500, 3.0
_MODULE = "benchmarks.measured.margins"


def measure(bench: Bench) -> list[Line]:
    """All margins of three channels, with settings, rates and tariffs looked up; and a what-if of one channel."""
    home = str(bench.scratch / "margins")
    filled = bench.run(Work("offers", f"{_MODULE}:fill", {"home": home, "rows": bench.rows}))
    bench.tell(f"  {filled['rows']:,} offers on three channels")
    works = [
        Work("R: constants in the query", f"{_MODULE}:compute_inlined", {"home": home}),
        Work("margins", f"{_MODULE}:compute", {"home": home}),
        Work("what-if", f"{_MODULE}:estimate", {"home": home}),
    ]
    runs = bench.interleave(works)
    floor, computed, estimated = (runs[work.name] for work in works)
    ratio = computed.seconds / floor.seconds
    bars = [Bar("× R", ratio, LIMIT), Bar("peak MB", computed.peak_mb, PEAK_MB)]
    return [
        line(NAME, "R: DuckDB with every term in the query, into the lake", floor, floor),
        line(NAME, "margins of three channels, into the lake", computed, floor, bars, _per_line(computed)),
        line(NAME, "what-if of one channel", estimated, floor, [Bar("s", estimated.seconds, WHAT_IF_SECONDS)]),
    ]


def _per_line(runs: Runs) -> str:
    return f"{runs.seconds / runs.results[-1]['rows'] * 1e6:.2f} µs a margin"

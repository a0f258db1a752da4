"""Margins of a whole catalogue on three channels, against the same arithmetic with every term in the query."""

from benchmarks.bench import Bench, Runs, Work
from benchmarks.figures import Bar, Line, line

NAME = "margins"
LIMIT, PEAK_MB, WHAT_IF_SECONDS = 2.0, 500, 3.0
_MODULE = "benchmarks.measured.margins"


def measure(bench: Bench) -> list[Line]:
    """All margins of three channels, with settings, rates and tariffs looked up; and what-ifs of one and of three."""
    homes = {channels: str(bench.scratch / f"margins-{channels}") for channels in (1, 3)}
    for channels, home in homes.items():
        filled = bench.run(Work("offers", f"{_MODULE}:fill", {"home": home, "rows": bench.rows, "channels": channels}))
        bench.tell(f"  {filled['rows']:,} offers on channels: {channels}")
    works = [
        Work("R: constants in the query", f"{_MODULE}:compute_inlined", {"home": homes[3]}),
        Work("margins", f"{_MODULE}:compute", {"home": homes[3]}),
        Work("what-if of one channel", f"{_MODULE}:estimate", {"home": homes[1]}),
        Work("what-if of three channels", f"{_MODULE}:estimate", {"home": homes[3]}),
    ]
    runs = bench.interleave(works)
    floor, computed, one, three = (runs[work.name] for work in works)
    ratio = computed.seconds / floor.seconds
    bars = [Bar("× R", ratio, LIMIT), Bar("peak MB", computed.peak_mb, PEAK_MB)]
    return [
        line(NAME, "R: DuckDB with every term in the query, into the lake", floor, floor),
        line(NAME, "margins of three channels, into the lake", computed, floor, bars, _per_line(computed)),
        line(NAME, "what-if of the catalogue on one channel", one, floor, [Bar("s", one.seconds, WHAT_IF_SECONDS)]),
        line(NAME, "the same on three channels", three, floor, note=_per_line(three)),
    ]


def _per_line(runs: Runs) -> str:
    return f"{runs.seconds / runs.results[-1]['rows'] * 1e6:.2f} µs a margin"

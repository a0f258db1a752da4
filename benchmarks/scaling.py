"""Cost against size: the time of a sync as a power of the rows, and whether its memory stays where it is."""

import math
import shutil
from collections.abc import Mapping
from itertools import pairwise

from benchmarks import feeds
from benchmarks.bench import Bench, Runs, standard
from benchmarks.core_sync import PEAK_MB
from benchmarks.figures import Bar, Line

NAME = "scaling"
EXPONENT = 1.05
_SHARES = (100, 10, 1)
_LARGEST = 5


def measure(bench: Bench) -> list[Line]:
    """Each format at a hundredth, a tenth and all of the rows (10k, 100k, 1M), with `full` at five times as many."""
    return [line for form in standard(bench.formats) for line in _lines(bench, form)]


def exponent(seconds: Mapping[int, float]) -> float:
    """Slope of the straight line through log(seconds) against log(rows), by least squares; needs two sizes."""
    points = [(math.log(rows), math.log(time)) for rows, time in seconds.items()]
    middle_x, middle_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    across = sum((x - middle_x) ** 2 for x, _ in points)
    slope: float = sum((x - middle_x) * (y - middle_y) for x, y in points) / across
    return slope


def _lines(bench: Bench, form: str) -> list[Line]:
    sizes = [max(bench.rows // share, 1) for share in _SHARES]
    runs = _measured(bench, form, sizes)
    if bench.full:  # one format after the other, and its feeds removed: five million rows are gigabytes
        runs |= _measured(bench, form, [bench.rows * _LARGEST], remove=True)
    lines = [
        Line(
            NAME, f"{form}: {rows:,} rows", found.seconds, None, found.peak_mb,
            [Bar("peak MB", found.peak_mb, PEAK_MB)],
            {"rows": rows, "all_seconds": found.all("seconds"), "all_cpu_seconds": found.all("cpu_seconds")},
            f"{rows / found.seconds:,.0f} rows/s",
        )
        for rows, found in runs.items()
    ]  # fmt: skip
    seconds = {rows: found.seconds for rows, found in runs.items()}
    large = {rows: time for rows, time in seconds.items() if rows >= sizes[1]}
    growth = [f"{b.peak_mb - a.peak_mb:+.0f} MB" for a, b in pairwise(runs.values())]
    return [
        *lines,
        Line(NAME, f"{form}: time ~ rows^k, all sizes", bars=[Bar("k", exponent(seconds), EXPONENT)]),
        Line(
            NAME, f"{form}: time ~ rows^k, from {sizes[1]:,} rows", bars=[Bar("k", exponent(large), EXPONENT)],
            note=f"without the fixed cost; memory from size to size: {', '.join(growth)}",
        ),
    ]  # fmt: skip


def _measured(bench: Bench, form: str, sizes: list[int], *, remove: bool = False) -> dict[int, Runs]:
    made = [feeds.feed(bench, form, rows) for rows in sizes]
    states = [feeds.state(bench, feed) for feed in made]
    works = [state.next(f"{form} {state.feed.rows:,} rows") for state in states]
    runs = bench.interleave(works)
    for state in states:
        shutil.rmtree(state.folder)
    if remove and not bench.keep:
        for feed in made:
            shutil.rmtree(feed.folder)
    return {feed.rows: runs[work.name] for feed, work in zip(made, works, strict=True)}

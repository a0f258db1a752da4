"""What came out: lines with figures and the bars they have to clear, as a table for people and as one JSON document."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.table import Table

from benchmarks.bench import Runs


@dataclass(frozen=True, slots=True)
class Bar:
    """A promise about one figure: not above `limit`. An aim is hoped for, not promised."""

    what: str
    value: float
    limit: float
    aim: bool = False

    @property
    def met(self) -> bool:
        """Whether it is kept."""
        return self.value <= self.limit

    def __str__(self) -> str:
        kind, verdict = "aim " if self.aim else "", "met" if self.met else "not met"
        style = "green" if self.met else "yellow" if self.aim else "red"
        return f"{kind}{self.what} {self.value:.4g} ≤ {self.limit:.4g} [{style}]{verdict}[/]"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing measured. `ratio` is to R, the floor of the same benchmark in the same run; memory in 10⁶ bytes."""

    benchmark: str
    name: str
    seconds: float | None = None
    ratio: float | None = None
    peak_mb: float | None = None
    bars: Sequence[Bar] = ()
    detail: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    failed: bool = False

    def document(self) -> dict[str, Any]:
        """As JSON."""
        told = asdict(self)
        told["bars"] = [{**asdict(bar), "met": bar.met} for bar in self.bars]
        return told


def line(benchmark: str, name: str, runs: Runs, floor: Runs, bars: Sequence[Bar] = (), note: str = "") -> Line:
    """The line of one work: median seconds, their ratio to the floor's, the largest peak; repetitions in `detail`."""
    detail: dict[str, Any] = {"all_seconds": runs.all("seconds"), "all_cpu_seconds": runs.all("cpu_seconds")}
    extra = {key: value for key, value in runs.results[-1].items() if key not in ("seconds", "cpu_seconds", "peak_mb")}
    ratio = runs.seconds / floor.seconds
    return Line(benchmark, name, runs.seconds, ratio, runs.peak_mb, bars, detail | extra, note)


def table(lines: Sequence[Line], rows: int) -> Table:
    """All lines, one below the other."""
    grid = Table(title=f"Benchmarks at {rows:,} rows", title_justify="left", header_style="bold")
    for heading in ("benchmark", "what"):
        grid.add_column(heading)
    for heading in ("s", "× R", "peak MB"):
        grid.add_column(heading, justify="right")
    grid.add_column("bars and notes")
    previous = ""
    for each in lines:
        figures = (_shown(each.seconds, ".3f"), _shown(each.ratio, ".2f"), _shown(each.peak_mb, ".0f"))
        told = "; ".join([*map(str, each.bars), *filter(None, [each.note])])
        grid.add_row(each.benchmark if each.benchmark != previous else "", each.name, *figures, told)
        previous = each.benchmark
    return grid


def _shown(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)

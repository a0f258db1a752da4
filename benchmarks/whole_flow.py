"""The whole flow under Prefect: from asking for it to its end, with gate, quality checks, matching and artifacts."""

from benchmarks import feeds
from benchmarks.bench import Bench, Work
from benchmarks.figures import Bar, Line, line
from benchmarks.floor import r_of

NAME = "whole_flow"
LIMIT = 5.0
_SMALL_ROWS = 1_000
_SYNC = "benchmarks.measured.flow:sync_by_flow"


def measure(bench: Bench) -> list[Line]:
    """The second CSV feed, as a trigger has it synced by a warm flow runner beside a Prefect server."""
    made = feeds.feed(bench, "csv", bench.rows)
    small = feeds.feed(bench, "csv", _SMALL_ROWS, seed=bench.seed + 1)
    state = feeds.state(bench, made)
    arguments = {"state": state.folder, "path": made.path("second"), "small": small.path("first")}
    runs = bench.interleave([r_of(made), Work("flow", _SYNC, arguments)])
    flow, floor = runs["flow"], runs["R"]
    bars = [Bar("× R", flow.seconds / floor.seconds, LIMIT)]
    note = f"the run itself took {flow.median('sync_seconds'):.2f} s; memory of the process that syncs"
    return [line(NAME, "csv: trigger to end, gate, quality, artifacts", flow, floor, bars, note)]

"""The peer beside us: dlt's Arrow upsert of the same second feed, in the same run."""

from benchmarks import feeds
from benchmarks.bench import Bench, Work
from benchmarks.figures import Line, line
from benchmarks.floor import r_of

NAME = "peer_dlt"
_LOAD = "benchmarks.measured.dlt_upsert:load"


def measure(bench: Bench) -> list[Line]:
    """Merging the second CSV feed into what the first left, by dlt and by us."""
    made = feeds.feed(bench, "csv", bench.rows)
    ours = feeds.state(bench, made).next("ours")
    theirs = bench.scratch / "dlt"
    first = Work("dlt first", _LOAD, {"state": theirs, "path": made.path("first")})
    second = Work("dlt", _LOAD, {"state": theirs, "path": made.path("second")})
    bench.tell("  loading the first feed with dlt")
    bench.run(first)
    runs = bench.interleave([r_of(made), second, ours])
    times = runs["dlt"].seconds / runs["ours"].seconds
    note = f"{times:.1f} × our sync of the same feed; marks nothing as gone and keeps no change feed"
    return [
        line(NAME, "dlt, Arrow upsert into DuckDB", runs["dlt"], runs["R"], (), note),
        line(NAME, "our core sync", runs["ours"], runs["R"]),
    ]

"""The floor: what reading the feed costs with nothing done about it. R, the unit of every ratio, is one of these."""

from benchmarks import feeds
from benchmarks.bench import Bench, Work
from benchmarks.feeds import Feed
from benchmarks.figures import Line, line

NAME = "floor"


def r_of(feed: Feed) -> Work:
    """R: DuckDB reads the second version of the feed, which has to be CSV, into a temporary table and nothing else."""
    return Work("R", "benchmarks.measured.floor:read_csv", {"path": feed.path("second")})


def hash_of(name: str, feed: Feed, version: str) -> Work:
    """xxh3-128 of a version of the feed."""
    return Work(name, "benchmarks.measured.floor:hash_bytes", {"path": feed.path(version)})


def measure(bench: Bench) -> list[Line]:
    """R, and reading and hashing the same bytes."""
    made = feeds.feed(bench, "csv", bench.rows)
    read = Work("read", "benchmarks.measured.floor:read_bytes", {"path": made.path("second")})
    runs = bench.interleave([r_of(made), read, hash_of("hash", made, "second")])
    floor = runs["R"]
    return [
        line(NAME, "R: DuckDB read_csv into a temporary table", floor, floor),
        line(NAME, "read the file", runs["read"], floor),
        line(NAME, "hash the file (xxh3-128)", runs["hash"], floor),
    ]

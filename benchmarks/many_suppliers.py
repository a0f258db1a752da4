"""Many suppliers: four syncs at once against one at a time, on SQLite and on PostgreSQL catalogs and stores."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from benchmarks import feeds
from benchmarks.bench import Bench, Runs, Work
from benchmarks.feeds import Feed
from benchmarks.figures import Bar, Line, line
from benchmarks.floor import r_of
from tests.postgres import running_postgres

NAME = "many_suppliers"
SUPPLIERS = 20
AT_ONCE = 4
DATABASES = ("SQLite", "PostgreSQL")
_FROM_ONE_MILLION = 20
_DATABASE = "bench"


def measure(bench: Bench) -> list[Line]:
    """Twenty suppliers with a twentieth of the rows each (50,000), every one with a feed of its own."""
    rows = max(bench.rows // _FROM_ONE_MILLION, 1)
    made = [feeds.feed(bench, "csv", rows, seed=bench.seed + number) for number in range(SUPPLIERS)]
    return [each for database in DATABASES for each in _lines(bench, database, made)]


def _lines(bench: Bench, database: str, made: list[Feed]) -> list[Line]:
    with _server(database) as server:
        place = {"state": bench.scratch / database, "server": server, "database": _DATABASE if server else ""}
        bench.tell(f"  importing {SUPPLIERS} first feeds of {made[0].rows:,} rows, {database}")
        arguments = {**place, "paths": [feed.path("first") for feed in made], "at_once": AT_ONCE}
        _check(bench.run(Work("imports", "benchmarks.measured.suppliers:import_all", arguments))["errors"])
        arguments["paths"] = [feed.path("second") for feed in made]
        works = [
            Work(
                f"{database}, {number} at once",
                "benchmarks.measured.suppliers:sync_all",
                {**arguments, "at_once": number},
            )
            for number in (1, AT_ONCE)
        ]
        runs = bench.interleave([r_of(made[0]), *works])
    return _told(database, runs["R"], *(runs[work.name] for work in works))


def _told(database: str, floor: Runs, single: Runs, several: Runs) -> list[Line]:
    errors = [error for runs in (single, several) for result in runs.results for error in result["errors"]]
    bars = [Bar("× one at a time", several.seconds / single.seconds, 1.0), Bar("lock errors", len(errors), 0)]
    note = f"{several.median('conflicts'):.0f} writes tried again" + "".join(f"; {error}" for error in errors[:3])
    return [
        line(NAME, f"{database}: {SUPPLIERS} syncs, one at a time", single, floor),
        line(NAME, f"{database}: {SUPPLIERS} syncs, {AT_ONCE} at once", several, floor, bars, note),
    ]


def _check(errors: list[str]) -> None:
    if errors:
        raise AssertionError(f"the first imports failed: {'; '.join(errors[:3])}")


@contextmanager
def _server(database: str) -> Iterator[str]:
    """Address of a PostgreSQL server with an empty database; nothing for SQLite."""
    if database == "SQLite":
        yield ""
        return
    with running_postgres() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{_DATABASE}"')
        yield url

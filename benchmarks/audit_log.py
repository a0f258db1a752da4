"""What the audit log costs: a use case with it against the same one with a log that records nothing; entries a second.

Both sides keep what they commit on the disk. R is the use case without the log. Where only entries are
written the bar is a rate.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from benchmarks.bench import Bench, Result, Runs, Work
from benchmarks.figures import Bar, Line, line
from meschain.store.ids import new_id
from tests.postgres import running_postgres

NAME = "audit_log"
MOST_OVERHEAD = 1.15
LEAST_PER_SECOND = 5_000
_DATABASES = {"SQLite": "synchronous=FULL", "PostgreSQL": "fsync and synchronous_commit on"}
_CASES = {
    "change a role over the API": ("ask_for_roles", 200),
    "change a role, the use case alone": ("change_roles", 200),
    "approve a held run": ("approve_runs", 6),
}
_AIM = "change a role, the use case alone"
"""Nobody asks for it without a request around it."""
_ENTRIES, _BATCH = 20_000, 1_000


def measure(bench: Bench) -> list[Line]:
    """Use cases on both databases, each side in turn within one process; then entries alone, a thousand at once."""
    with running_postgres(durable=True) as server:
        return [each for database in _DATABASES for each in _lines(bench, database, server)]


def _lines(bench: Bench, database: str, server: str) -> Iterator[Line]:
    durability = _DATABASES[database]
    for case, (function, acts) in _CASES.items():
        audited = _measured(bench, f"{database}, {case}", function, {"acts": acts}, database, server)
        silent = Runs([{**result, **_silent(result)} for result in audited.results])
        bar = Bar("× without the log", audited.seconds / silent.seconds, MOST_OVERHEAD, aim=case == _AIM)
        yield line(NAME, f"R: {case}, {database}, nothing recorded", silent, silent, note=durability)
        yield line(NAME, f"{case}, {database}", audited, silent, [bar], durability)
    sizes = {"acts": _ENTRIES, "batch": _BATCH}
    written = _measured(bench, f"{database}, entries", "write_entries", sizes, database, server)
    rate = _ENTRIES / written.seconds
    bar = Bar("µs an entry", 1e6 / rate, 1e6 / LEAST_PER_SECOND, aim=database == "SQLite")
    yield line(
        NAME, f"{_ENTRIES:,} entries, {_BATCH:,} in a transaction, {database}", written, written, [bar],
        f"{rate:,.0f} entries/s, {durability}",
    )  # fmt: skip


def _silent(result: Result) -> dict[str, float]:
    return {name: result[f"silent_{name}"] for name in ("seconds", "cpu_seconds")}


def _measured(bench: Bench, name: str, function: str, arguments: dict[str, int], database: str, server: str) -> Runs:
    """The repetitions, each on a store of its own."""
    results = []
    for _ in range(bench.repeat):
        with _store(database, server) as url:
            work = Work(name, f"benchmarks.measured.audited:{function}", {"url": url, **arguments})
            results.append(bench.run(work))
        bench.tell(f"  {name}: {results[-1]['seconds']:.4f} s")
    return Runs(results)


@contextmanager
def _store(database: str, server: str) -> Iterator[str]:
    """URL of an empty database; nothing for SQLite, which is in the process's own folder."""
    if database == "SQLite":
        yield ""
        return
    name = f"bench_{new_id()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield server.replace("/postgres?", f"/{name}?")

"""What a data folder shows: the lake's relations as numbers to compare, what its runs say, what lies about in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import select

from meschain.catalog.tables import Run
from meschain.settings import Settings
from meschain.store.base import utc_now
from meschain.store.ids import new_id
from meschain.store.session import reading
from meschain.store.tenancy import of_every_tenant
from meschain.wiring import House

Seen = dict[str, tuple[int, str]]
"""By relation: how many rows, and a sum over them in which every column counts."""

IN_LAKE = {"applied", "rolled_back"}


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time: run ids and times after it are told apart from those before it, but not from each other."""

    run_id: str
    time: datetime

    @classmethod
    def now(cls) -> "Moment":
        return cls(new_id(), utc_now())


@contextmanager
def opened(settings: Settings, tenant: str = "default") -> Iterator[tuple[House, duckdb.DuckDBPyConnection]]:
    """The house of a data folder, and a connection to a tenant's lake."""
    house = House(settings)
    try:
        house.set_up()
        with house.lake(tenant).connect() as connection:
            yield house, connection
    finally:
        house.close()


def look(connection: duckdb.DuckDBPyConnection, since: Moment) -> Seen:
    """Every relation of the lake, all rows and all columns, but what only says which later run wrote it and when."""
    tables = "SELECT (schema_name, table_name) FROM duckdb_tables() WHERE database_name = 'lake'"
    query = f"""
        SELECT schema_name || '.' || table_name, list({{'name': column_name, 'kind': data_type}} ORDER BY column_index)
        FROM duckdb_columns()
        WHERE database_name = 'lake' AND schema_name IN ('raw', 'core') AND (schema_name, table_name) IN ({tables})
        GROUP BY ALL
    """
    parts = [
        f"SELECT '{relation}', count(*), coalesce(sum(hash({', '.join(map(_blurred, columns))}))::VARCHAR, '') "
        f"FROM {relation}"
        for relation, columns in connection.execute(query).fetchall()
    ]
    rows = connection.execute(" UNION ALL ".join(parts), {"run": since.run_id, "time": since.time}).fetchall()
    return {relation: (count, total) for relation, count, total in rows}


def _blurred(column: dict[str, str]) -> str:
    name, kind = column["name"], column["kind"]
    if name.endswith("run_id"):
        return f"if({name} > $run, 'later', {name})"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"if({name} >= $time, 'later', {name}::VARCHAR)"
    return name


def runs(house: House) -> dict[str, Run]:
    """Every run of the store by its id."""
    with reading(of_every_tenant(house.engine)) as session:
        return {run.id: run for run in session.scalars(select(Run).order_by(Run.started_at))}


def check_runs(house: House, connection: duckdb.DuckDBPyConnection) -> None:
    """Store and lake tell the same of every run, and none is left under way."""
    counts = "read, accepted, quarantined, new, changed, unchanged, missing, deleted"
    cursor = connection.execute(f"SELECT run_id, snapshot_id, {counts} FROM core.feed_runs")
    names = [column[0] for column in cursor.description][2:]
    lake = {row[0]: (row[1], dict(zip(names, row[2:], strict=True))) for row in cursor.fetchall()}
    told = runs(house)
    assert {run.id for run in told.values() if run.status in IN_LAKE} == lake.keys()
    assert not [run.id for run in told.values() if run.status == "running"]
    for run_id, (snapshot, counts) in lake.items():
        run = told[run_id]
        assert {name: run.counts.get(name, 0) for name in names} == counts, run_id
        assert (run.snapshot_before, run.snapshot_after) == (snapshot - 1, snapshot), run_id
        assert run.finished_at is not None


def leftovers(settings: Settings, house: House) -> list[Path]:
    """Files that no run needs any more: deltas of decided runs, halves of feeds, what was spilled."""
    held = {run.id for run in runs(house).values() if run.status == "held"}
    deltas = [path for path in settings.home.glob("delta/*/*") if path.name.partition(".")[0] not in held]
    return [*deltas, *settings.home.glob("raw/*/*/.*"), *settings.home.glob("spill/*")]


def orphans(connection: duckdb.DuckDBPyConnection) -> list[Any]:
    """Files in the lake's folder that its catalog does not know."""
    return connection.execute(
        "CALL ducklake_delete_orphaned_files('lake', dry_run => true, cleanup_all => true)"
    ).fetchall()


def remove_orphans(connection: duckdb.DuckDBPyConnection) -> None:
    """As maintenance does when nobody writes."""
    connection.execute("CALL ducklake_delete_orphaned_files('lake', cleanup_all => true)")

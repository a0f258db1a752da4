"""Keeps a lake in shape: small files put together, old snapshots and what nothing refers to any more removed.

What may go is the caller's decision. Every step is one write transaction; a killed one leaves the lake as it was.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from warehouse import statements
from warehouse.lake import Connection, Lake


def compact(lake: Lake, connection: Connection) -> dict[str, int]:
    """Put rows kept in the catalog into files, small files together, and files rid of their deleted rows.

    Gives the number of `rows_flushed`, and of `files_merged` and `files_rewritten` that went into others.
    """
    return {
        "rows_flushed": _sum(_step(lake, connection, "flush", {}), 2),
        "files_merged": _sum(_step(lake, connection, "merge", {}), 2),
        "files_rewritten": _sum(_step(lake, connection, "rewrite", {}), 2),
    }


def snapshots(connection: Connection) -> list[tuple[int, datetime]]:
    """Every snapshot that is kept, the oldest first, with its time."""
    return statements.run(connection, "maintenance/snapshots").fetchall()


def expire(lake: Lake, connection: Connection, versions: Sequence[int]) -> int:
    """Forget these snapshots; gives how many there were. The newest cannot be forgotten."""
    return len(_step(lake, connection, "expire", {"versions": list(versions)})) if versions else 0


def clean(lake: Lake, connection: Connection, older_than: datetime) -> dict[str, int]:
    """Delete files that were given up before that time, and files older than it that the catalog does not know.

    `older_than` must lie before the beginning of every transaction that is at work, or its files go too.
    """
    return {
        "old_files": len(_step(lake, connection, "clean", {"older_than": older_than})),
        "orphaned_files": len(_step(lake, connection, "orphans", {"older_than": older_than})),
    }


def _step(lake: Lake, connection: Connection, name: str, parameters: Mapping[str, object]) -> list[tuple[object, ...]]:
    def work(connection: Connection) -> list[tuple[object, ...]]:
        return statements.run(connection, f"maintenance/{name}", parameters).fetchall()

    return lake.write(connection, work, f"maintenance: {name}")


def _sum(rows: Sequence[tuple[object, ...]], column: int) -> int:
    return sum(int(str(row[column])) for row in rows)

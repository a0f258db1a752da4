"""Looks at what the warehouse stands on: the extensions in their wheels, and whether a lake opens. Writes nothing."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import duckdb

from commerce.errors import Permanent
from warehouse import statements
from warehouse.lake import Lake, LakeSettings, extension_file

EXTENSIONS = ("ducklake", "sqlite_scanner", "postgres_scanner")
"""The DuckDB extensions that lakes need, each from a wheel of its own."""


@dataclass(frozen=True, slots=True)
class LakeState:
    """What a lake holds at its newest snapshot, written at `written_at`."""

    snapshot: int
    written_at: datetime
    offers: int
    files: int
    bytes: int


def try_extension(name: str) -> str | None:
    """Load an extension from its wheel into a connection of its own; what went wrong, or None if nothing did."""
    try:
        with duckdb.connect() as connection:
            connection.load_extension(extension_file(name))
    except (ImportError, duckdb.Error) as error:
        return str(error).splitlines()[0]
    return None


def look(settings: LakeSettings) -> LakeState:
    """Open a lake that is there, read-only, and say what it holds. Permanent when it does not open."""
    with duckdb.connect() as connection:
        try:
            Lake(settings, _no_writer).prepare(connection, read_only=True)
            found = statements.row(connection, "lake/look")
        except duckdb.Error as error:
            raise Permanent(str(error).splitlines()[0]) from error
    return LakeState(
        snapshot=int(str(found["snapshot"])),
        written_at=cast("datetime", found["written_at"]),
        offers=int(str(found["offers"])),
        files=int(str(found["files"])),
        bytes=int(str(found["bytes"])),
    )


def _no_writer(_name: str) -> AbstractContextManager[object]:
    """The lock of a lake that is only read."""
    return nullcontext()

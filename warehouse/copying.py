"""Takes a lake's catalog out as one SQLite file and brings one in: what a copy of a lake consists of, beside its files.

A catalog is copied while the lake is locked against writers, which takes some hundredths of a second. Data files never
change and may be copied afterwards; which of them a catalog needs, `list_files` says.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import duckdb

from commerce.errors import Permanent
from warehouse import catalogs, statements
from warehouse.lake import TRUSTING, Connection, Lake, LakeSettings, extension_file


@dataclass(frozen=True, slots=True)
class Census:
    """How much a lake holds: its newest snapshot, and the rows of each of its tables (`core.offers`)."""

    snapshot: int
    rows: dict[str, int]


def copy_catalog(settings: LakeSettings, blank: Path) -> bool:
    """Copy the lake's catalog into a blank one (`catalogs.make_blank`); False if there is no lake yet.

    To be called with the lake locked against writers. The rows go through DuckDB: another SQLite library at work on
    the same file in the same process would undo its locks.
    """
    if settings.catalog_url:
        return catalogs.copy_into(blank, settings)
    if not settings.catalog_file.is_file():
        return False
    with duckdb.connect(config=TRUSTING) as connection, _explained(settings.tenant):
        connection.load_extension(extension_file("sqlite_scanner"))
        connection.execute(f"ATTACH '{_quoted(settings.catalog_file)}' AS live (TYPE sqlite, READ_ONLY)")
        connection.execute(f"ATTACH '{_quoted(blank)}' AS blank (TYPE sqlite)")
        connection.execute("USE blank")
        tables = statements.run(connection, "lake/catalog_tables").fetchall()
        there = {name for database, name in tables if database == "blank"}
        connection.begin()
        for name in (name for database, name in tables if database == "live"):
            rows = connection.table(f'live.main."{name}"')
            if name in there:
                columns = connection.table(f'blank.main."{name}"').columns
                rows.project(", ".join(f'"{column}"' for column in columns)).insert_into(f'blank.main."{name}"')
            else:
                rows.create(name)
        connection.commit()
    return True


def list_files(catalog: Path) -> list[str]:
    """The data files that a SQLite catalog needs, as paths below its data path."""
    with closing(sqlite3.connect(f"{catalog.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        found = connection.execute(statements.text("lake/files")).fetchall()
    outside = [path for path, inside in found if not inside or ".." in Path(path).parts]
    if outside:
        raise Permanent(f"{outside[0]} does not lie in the lake's own folder; such a lake cannot be copied as a whole")
    return [path for path, _ in found]


def is_there(settings: LakeSettings) -> bool:
    """Whether the lake has a catalog."""
    return catalogs.is_there(settings) if settings.catalog_url else settings.catalog_file.exists()


def install(catalog: Path, settings: LakeSettings) -> None:
    """Make the lake's catalog out of a SQLite one, a copy of the caller's own; the lake must have none.

    The catalog says where its files are; that is put right. To bring them there is the caller's affair.
    """
    catalogs.move(catalog, settings.data_path)
    if settings.catalog_url:
        catalogs.install(catalog, settings)
        return
    with catalog.open("rb") as reading, settings.catalog_file.open("xb") as writing:
        settings.catalog_file.chmod(0o600)
        shutil.copyfileobj(reading, writing)
        writing.flush()
        os.fsync(writing.fileno())


def remove_catalog(settings: LakeSettings) -> None:
    """Remove a lake's catalog; one that is not there is no error."""
    if settings.catalog_url:
        catalogs.remove(settings)
    for suffix in ("", "-wal", "-shm", "-journal"):
        settings.catalog_file.with_name(f"{settings.catalog_file.name}{suffix}").unlink(missing_ok=True)


@contextmanager
def open_for_reading(settings: LakeSettings) -> Iterator[Connection]:
    """A connection to a lake that is there, for reading only."""
    with duckdb.connect(config=TRUSTING) as connection, _explained(settings.tenant):
        Lake(settings, _no_writer).prepare(connection, read_only=True)
        yield connection


def list_relations(connection: Connection) -> list[tuple[str, str]]:
    """Name and kind (`table`, `view`) of every relation of the lake."""
    found = statements.run(connection, "lake/relations").fetchall()
    return [(f"{schema}.{name}", kind) for schema, name, kind in found]


def count(settings: LakeSettings) -> Census:
    """Open the lake for reading and count."""
    lake = Lake(settings, _no_writer)
    with open_for_reading(settings) as connection:
        tables = [name for name, kind in list_relations(connection) if kind == "table"]
        return Census(lake.snapshot(connection), {name: _rows(connection, name) for name in tables})


def count_copy(catalog: Path, data: Path, scratch: Path, tenant: str) -> Census:
    """The same of a copy, a SQLite catalog and a folder, of which nothing is touched; `scratch` is an empty folder."""
    beside = scratch / "catalog.sqlite"
    shutil.copyfile(catalog, beside)  # to read it is to write an index beside it
    settings = LakeSettings(tenant=tenant, data_path=str(data), catalog_file=beside, temp_path=scratch / "spill")
    return count(settings)


def _rows(connection: Connection, relation: str) -> int:
    found = connection.table(relation).count("*").fetchone()
    return int(found[0]) if found else 0


def _no_writer(_name: str) -> AbstractContextManager[object]:
    """The lock of a lake that is only read."""
    return nullcontext()


@contextmanager
def _explained(tenant: str) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise Permanent(f"the lake of {tenant} cannot be read: {' '.join(str(error).split())}") from error


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")

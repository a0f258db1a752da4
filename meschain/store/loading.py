"""Fills a store that has no tables yet with rows of a known revision, in one transaction: wholly or not at all.

The tables are made as they were at that revision, filled, and then brought to the newest one by the same migrations as
any store. Rows are only ever inserted, so that tables which the database keeps from changes take them too.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, insert, inspect, select, update
from sqlalchemy.exc import DBAPIError

from commerce.errors import Permanent, Refused
from meschain.store.dump import BATCH, REVISIONS, Row, Shape, list_shapes, read_rows
from meschain.store.engine import open_engine
from meschain.store.session import translated
from meschain.store.tenancy import TenantSession, of_every_tenant

RESTORING = "restoring.json"
"""File of the data folder that says that a backup is being brought back: what is there is not whole."""
_SCRIPTS = Path(__file__).parent / "migrations"
_FOREIGN = "PRAGMA foreign_key_check"
Reference = tuple[tuple[str, ...], tuple[str, ...]]
Place = tuple[tuple[str, ...], tuple[Any, ...]]
"""Columns, and the values that a row has in them."""


def is_blank(engine: Engine) -> bool:
    """Whether the store has no table at all; a database that is not there yet is made."""
    with translated(engine), engine.connect() as connection:
        return not inspect(connection).get_table_names()


def check_whole(home: Path) -> None:
    """Refused when a backup is being brought back into the data folder, or that was broken off."""
    if (home / RESTORING).exists():
        raise Refused(
            f"a backup is being brought back into {home}, or that was broken off: run `meschain restore` again"
        )


def check_revision(revision: str) -> None:
    """Permanent when this program does not know the revision."""
    if revision not in {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}:
        raise Permanent(f"the rows are of revision {revision}, which this MesChain does not know: use a newer one")


def load(
    engine: Engine,
    revision: str,
    shapes: Sequence[Shape],
    rows_of: Callable[[Shape], Iterable[Row]],
    finish: Callable[[TenantSession], None],
) -> None:
    """Fill the blank store with the rows of these tables; `finish` adds to it within the same transaction.

    Raises Permanent, and changes nothing, when this program does not know the revision or a row does not fit.
    To be called with `store-schema` held: nobody else may make the tables meanwhile.
    """
    check_revision(revision)
    # SQLite must not watch over foreign keys while tables are rebuilt; they are looked at once, at the end.
    filling = open_engine(engine.url.render_as_string(hide_password=False), pooled=False, foreign_keys=False)
    with translated(engine), of_every_tenant(filling).begin() as connection:
        if inspect(connection).get_table_names():
            raise Permanent("the store has tables already: somebody made them just now; restore into an empty one")
        command.upgrade(_config(connection), revision)
        _fill_all(connection, shapes, rows_of)
        command.upgrade(_config(connection), "head")
        _check_foreign_keys(connection)
        with TenantSession(connection) as session, session.begin():
            finish(session)


def flush(engine: Engine) -> None:
    """Bring what is committed to the disk itself: SQLite leaves that to its next checkpoint, PostgreSQL does not."""
    if engine.dialect.name != "sqlite" or engine.url.database is None:
        return
    for path in (Path(f"{engine.url.database}-wal"), Path(engine.url.database).absolute().parent):
        with suppress(FileNotFoundError):  # no log: everything is in the database already
            file = os.open(path, os.O_RDONLY)
            try:
                os.fsync(file)
            finally:
                os.close(file)


def _fill_all(connection: Connection, shapes: Sequence[Shape], rows_of: Callable[[Shape], Iterable[Row]]) -> None:
    present = {shape.name: shape for shape in list_shapes(connection)}
    given = {shape.name: shape for shape in shapes}
    if _summary(present) != _summary(given):
        odd = sorted(name for name in present.keys() | given.keys() if _odd(present.get(name), given.get(name)))
        raise Permanent(f"{', '.join(odd)}: not as the tables of that revision are; nothing was changed")
    references = _own_references(connection)
    for name in _in_order(connection):
        rows = _parents_first(rows_of(given[name]), given[name], references.get(name, ()))
        count = _fill(connection, given[name], rows)
        stored = connection.scalar(select(func.count()).select_from(given[name].table()))
        if stored != count:
            raise Permanent(f"{name} has {stored} rows after {count} were put in; nothing was changed")


def _odd(present: Shape | None, given: Shape | None) -> bool:
    return present is None or given is None or present.columns != given.columns


def _summary(shapes: Mapping[str, Shape]) -> dict[str, dict[str, str]]:
    return {name: dict(shape.columns) for name, shape in shapes.items()}


def _in_order(connection: Connection) -> list[str]:
    """The tables, each after those that it refers to."""
    ordered = inspect(connection).get_sorted_table_and_fkc_names()
    return [name for name, _ in ordered if name is not None and name != REVISIONS]


def _fill(connection: Connection, shape: Shape, rows: Iterable[Row]) -> int:
    """Put the rows in; gives their number. What a migration has put in already gives way to the row of its key."""
    seeds = {_key(shape, row): row for row in read_rows(connection, shape)}
    count, batch = 0, list[Row]()
    for row in rows:
        count += 1
        if seeds and (seed := seeds.pop(_key(shape, row), None)) is not None:
            _replace(connection, shape, seed, row)
            continue
        batch.append(row)
        if len(batch) == BATCH:
            _insert(connection, shape, batch)
            batch = []
    if batch:
        _insert(connection, shape, batch)
    return count


def _insert(connection: Connection, shape: Shape, batch: Sequence[Row]) -> None:
    try:
        connection.execute(insert(shape.table()), batch)
    except DBAPIError as error:
        raise Permanent(f"rows of {shape.name} do not go in: {error.orig}; nothing was changed") from error


def _replace(connection: Connection, shape: Shape, seed: Row, row: Row) -> None:
    if seed == row:
        return
    table = shape.table()
    connection.execute(update(table).where(*(table.c[name] == row[name] for name in shape.key)).values(row))


def _key(shape: Shape, row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in shape.key)


def _own_references(connection: Connection) -> dict[str, list[Reference]]:
    """By table, the columns that refer to a row of the same table, with the columns they refer to."""
    found: dict[str, list[Reference]] = {}
    for (_, name), keys in inspect(connection).get_multi_foreign_keys().items():
        own = (key for key in keys if key["referred_table"] == name)
        found[name] = [(tuple(key["constrained_columns"]), tuple(key["referred_columns"])) for key in own]
    return found


def _parents_first(rows: Iterable[Row], shape: Shape, references: Sequence[Reference]) -> Iterator[Row]:
    """The rows, each after those of the same table that it refers to; one that comes too early waits in memory."""
    there: set[Place] = set()
    waiting: dict[Place, list[Row]] = {}

    def missing(row: Row) -> Place | None:
        for child, parent in references:
            values = tuple(row[name] for name in child)
            known = None in values or values == tuple(row[name] for name in parent) or (parent, values) in there
            if not known:
                return parent, values
        return None

    for row in rows:
        ready = [row]
        while ready:
            placed = ready.pop()
            if (place := missing(placed)) is not None:
                waiting.setdefault(place, []).append(placed)
                continue
            for _, parent in references:
                place = (parent, tuple(placed[name] for name in parent))
                there.add(place)
                ready += waiting.pop(place, ())
            yield placed
    if waiting:
        raise Permanent(f"rows of {shape.name} refer to {len(waiting)} others that are not there; nothing was changed")


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        orphan = connection.exec_driver_sql(_FOREIGN).first()
        if orphan is not None:
            raise Permanent(f"a row of {orphan[0]} refers to one of {orphan[2]} that is not there; nothing was changed")


def _config(connection: Connection | None = None) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config

"""Turns a lake's catalog in PostgreSQL into one in SQLite, and back: the same rows, in the types that DuckLake uses.

DuckLake makes the tables of an empty catalog itself, in either database. Only the tables of rows that it keeps in the
catalog instead of a file, one for each such relation, have to be made here as DuckLake would.
"""

import re
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import (
    BIGINT,
    BLOB,
    BOOLEAN,
    INTEGER,
    NUMERIC,
    SMALLINT,
    VARCHAR,
    Column,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    NullPool,
    Table,
    Text,
    bindparam,
    cast,
    create_engine,
    delete,
    insert,
    inspect,
    make_url,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import BYTEA, DOUBLE_PRECISION, INTERVAL, REAL, TIME, UUID
from sqlalchemy.schema import CreateSchema, DropSchema
from sqlalchemy.types import TypeEngine

from warehouse.lake import TRUSTING, Lake, LakeSettings

Type = TypeEngine[Any]
_BATCH = 1000
_DECIMAL = re.compile(r"decimal\((\d+),\s*(\d+)\)")
_POSTGRESQL: dict[str, Type] = {
    "boolean": BOOLEAN(),
    "int8": SMALLINT(),
    "int16": SMALLINT(),
    "int32": INTEGER(),
    "int64": BIGINT(),
    "uint8": INTEGER(),
    "uint16": INTEGER(),
    "uint32": BIGINT(),
    "float32": REAL(),
    "float64": DOUBLE_PRECISION(),
    "varchar": BYTEA(),
    "json": BYTEA(),
    "blob": BYTEA(),
    "time": TIME(),
    "interval": INTERVAL(),
    "uuid": UUID(),
}
"""What DuckLake keeps a column as in PostgreSQL, by the lake's own type; whatever is not here is text."""
_GIVEN = "given_"
_WHOLE = {"boolean", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"}


def schema_of(settings: LakeSettings) -> str:
    """The schema of the lake's tables in a PostgreSQL catalog."""
    return f"lake_{settings.tenant.replace('-', '_')}"


def make_blank(file: Path, scratch: Path) -> None:
    """Make a SQLite catalog without a row, to be filled by copying; DuckLake knows its tables best."""
    _make_empty(LakeSettings(tenant="blank", data_path=str(scratch), catalog_file=file, temp_path=scratch))
    engine = create_engine(f"sqlite:///{file}", poolclass=NullPool)
    with engine.begin() as connection:
        for table in _tables(connection, None).values():
            connection.execute(delete(table))


def copy_into(blank: Path, settings: LakeSettings) -> bool:
    """Copy the catalog into a blank one in SQLite; False if there is none."""
    target = create_engine(f"sqlite:///{blank}", poolclass=NullPool)
    one_view = _engine(settings).execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with one_view.connect() as source, target.begin() as writing:
        if schema_of(settings) not in inspect(source).get_schema_names():
            return False
        _refill(source, schema_of(settings), writing, None, _as_sqlite, _sqlite_cell)
    return True


def move(file: Path, data_path: str) -> None:
    """Let a SQLite catalog say that its data files are there."""
    engine = create_engine(f"sqlite:///{file}", poolclass=NullPool)
    with engine.begin() as connection:
        about = _tables(connection, None)["ducklake_metadata"]
        connection.execute(update(about).where(about.c.key == "data_path").values(value=f"{data_path}/"))


def is_there(settings: LakeSettings) -> bool:
    """Whether the lake has a catalog."""
    with _engine(settings).connect() as connection:
        return schema_of(settings) in inspect(connection).get_schema_names()


def install(catalog: Path, settings: LakeSettings) -> None:
    """Make the lake's catalog in PostgreSQL out of one in SQLite; there must be none."""
    schema = schema_of(settings)
    engine = _engine(settings)
    with engine.begin() as connection:
        connection.execute(CreateSchema(schema))
    _make_empty(settings)
    source = create_engine(f"sqlite:///{catalog}", poolclass=NullPool)
    with source.connect() as reading, engine.begin() as target:
        _refill(reading, None, target, schema, _as_postgresql, _postgresql_cell)


def remove(settings: LakeSettings) -> None:
    """Drop the lake's catalog; one that is not there is no error."""
    with _engine(settings).begin() as connection:
        connection.execute(DropSchema(schema_of(settings), cascade=True, if_exists=True))


def _engine(settings: LakeSettings) -> Engine:
    address = make_url(settings.catalog_url.replace("postgres://", "postgresql://", 1))
    arguments = {"options": "-c timezone=UTC -c intervalstyle=postgres", "connect_timeout": 10}
    return create_engine(address.set(drivername="postgresql+psycopg"), poolclass=NullPool, connect_args=arguments)


def _make_empty(settings: LakeSettings) -> None:
    """Let DuckLake make a catalog: to attach one that is not there is to make it."""
    with duckdb.connect(config=TRUSTING) as connection:
        Lake(settings, lambda _: nullcontext()).prepare(connection, read_only=False)


def _refill(
    source: Connection,
    schema: str | None,
    target: Connection,
    target_schema: str | None,
    kind_of: Callable[[str | None], Type],
    cell: Callable[[Any, Type], Any],
) -> None:
    """Put the rows of every table of the source in place of what the target's has; tables it lacks are made."""
    sources, targets = _tables(source, schema), _tables(target, target_schema)
    types = _lake_types(source, sources)
    for name, table in sources.items():
        there = targets.get(name)
        if there is None:
            columns = [Column(c.name, kind_of(types.get((name, c.name)))) for c in table.columns]
            there = Table(name, MetaData(schema=target_schema), *columns)
            there.create(target)
        else:
            target.execute(delete(there))
        statement = insert(there).values({c.name: _given(c) for c in there.columns})
        for batch in source.execute(select(*map(_exact, table.columns))).mappings().partitions(_BATCH):
            rows = [{f"{_GIVEN}{c.name}": cell(row[c.name], c.type) for c in there.columns} for row in batch]
            target.execute(statement, rows)


def _tables(connection: Connection, schema: str | None) -> dict[str, Table]:
    found = inspect(connection).get_multi_columns(schema=schema)
    return {
        name: Table(name, MetaData(schema=schema), *(Column(c["name"], c["type"], quote=True) for c in columns))
        for (_, name), columns in sorted(found.items())
    }


def _exact(column: Column[Any]) -> Any:  # noqa: ANN401  an expression of any type
    """Everything is read as its text, and bytes as bytes: nothing is lost to a type of a driver."""
    return column if isinstance(column.type, LargeBinary) else cast(column, Text).label(column.name)


def _given(column: Column[Any]) -> Any:  # noqa: ANN401  as above
    kind: Type = LargeBinary() if isinstance(column.type, LargeBinary) else Text()
    return cast(bindparam(f"{_GIVEN}{column.name}", type_=kind), column.type)


def _lake_types(connection: Connection, tables: dict[str, Table]) -> dict[tuple[str, str], str]:
    """The lake's own type of each column of the tables that hold rows instead of a file."""
    kept, columns, versions = (
        tables[f"ducklake_{name}"] for name in ("inlined_data_tables", "column", "schema_versions")
    )
    begun: dict[int, list[int]] = {}
    for row in connection.execute(select(versions.c.schema_version, versions.c.begin_snapshot)):
        begun.setdefault(row.schema_version, []).append(row.begin_snapshot)
    found = {}
    for row in connection.execute(select(kept.c.table_id, kept.c.table_name, kept.c.schema_version)):
        moment = min(begun.get(row.schema_version, [0]))
        then = (columns.c.begin_snapshot <= moment) & (
            columns.c.end_snapshot.is_(None) | (columns.c.end_snapshot > moment)
        )
        of_table = select(columns.c.column_name, columns.c.column_type).where(columns.c.table_id == row.table_id, then)
        for column in connection.execute(of_table.where(columns.c.parent_column.is_(None))):
            found[row.table_name, column.column_name] = column.column_type
    return found


def _as_sqlite(lake_type: str | None) -> Type:
    if lake_type is None or lake_type in _WHOLE:
        return BIGINT()
    return BLOB() if lake_type == "blob" else VARCHAR()


def _as_postgresql(lake_type: str | None) -> Type:
    if lake_type is None:
        return BIGINT()
    if scale := _DECIMAL.fullmatch(lake_type):
        return NUMERIC(int(scale[1]), int(scale[2]))
    return _POSTGRESQL.get(lake_type, VARCHAR())


def _sqlite_cell(value: Any, kind: Type) -> Any:  # noqa: ANN401  a value of any column
    if isinstance(kind, BIGINT):
        return {"true": 1, "false": 0}.get(value, value)
    return value.decode() if isinstance(value, bytes) and not isinstance(kind, BLOB) else value


def _postgresql_cell(value: Any, kind: Type) -> Any:  # noqa: ANN401  as above
    return value.encode() if isinstance(value, str) and isinstance(kind, BYTEA) else value

"""Tables as text, exactly: one JSON object a line, a column's value as its kind says. Knows the database, not the code.

What a table looks like is asked of the database itself, so nothing depends on which tables a program has imported, and
rows of an earlier revision can be read back into that revision. How they get into a store is told in `loading`.
"""

import math
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Protocol

import msgspec
from alembic.migration import MigrationContext
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    cast,
    inspect,
    select,
)
from sqlalchemy import types as sqltypes
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.types import TypeEngine, UserDefinedType

from commerce.errors import Permanent
from meschain.store.base import UtcDateTime

Kind = Literal["boolean", "bytes", "date", "float", "integer", "json", "text", "time"]
Row = dict[str, Any]
REVISIONS = "alembic_version"
"""The one table that is no data: its content follows from the migrations."""
BATCH = 1000


class Writable(Protocol):
    """A file that takes bytes, compressed or not."""

    def write(self, data: bytes, /) -> int:
        """Write them all."""


class _JsonText(UserDefinedType[str]):
    """JSON as the text that is stored: no order of keys, no digit of a number is lost by reading it.

    To write it, the text is handed over untyped, which PostgreSQL takes for JSON.
    """

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Its name in the database."""
        return "JSON"

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Read the text, not what a driver makes of it."""
        return cast(column, Text)


_TYPES: Mapping[Kind, TypeEngine[Any]] = {
    "boolean": Boolean(),
    "bytes": LargeBinary(),
    "date": Date(),
    "float": sqltypes.Double(),
    "integer": BigInteger(),
    "json": _JsonText(),
    "text": String(),
    "time": UtcDateTime(),
}
_KINDS: Sequence[tuple[type[TypeEngine[Any]], Kind]] = (
    (sqltypes.JSON, "json"),
    (Boolean, "boolean"),
    (Date, "date"),
    (DateTime, "time"),
    (Integer, "integer"),
    (Float, "float"),
    (LargeBinary, "bytes"),
    (String, "text"),
)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a table looks like: the kinds of its columns, in order, and the columns that name a row."""

    name: str
    columns: dict[str, Kind]
    key: tuple[str, ...]

    def table(self) -> Table:
        """The table, for queries and inserts."""
        return Table(self.name, MetaData(), *(Column(name, _TYPES[kind]) for name, kind in self.columns.items()))


def revision_of(connection: Connection) -> str | None:
    """The revision of the tables that this connection sees; None if there are none."""
    return MigrationContext.configure(connection).get_current_revision()


def list_shapes(connection: Connection) -> list[Shape]:
    """Every table of the store, by name. Permanent for a column of a kind that cannot be kept exactly."""
    inspector = inspect(connection)
    columns, keys = inspector.get_multi_columns(), inspector.get_multi_pk_constraint()
    return [
        Shape(
            name,
            {column["name"]: _kind(name, column) for column in columns[place]},
            tuple(keys[place]["constrained_columns"]),
        )
        for place in sorted(columns)
        if (name := place[1]) != REVISIONS
    ]


def _kind(table: str, column: ReflectedColumn) -> Kind:
    for sort, kind in _KINDS:
        if isinstance(column["type"], sort):
            return kind
    raise Permanent(f"column {column['name']} of {table} is {column['type']}; expected one of {', '.join(_TYPES)}")


def read_rows(connection: Connection, shape: Shape, equal: Mapping[str, object] | None = None) -> Iterator[Row]:
    """The table's rows in the order of their key, a batch at a time in memory; of `equal`, those with its values."""
    table = shape.table()
    query = select(table).order_by(*(table.c[name] for name in shape.key))
    query = query.where(*(table.c[name] == value for name, value in (equal or {}).items()))
    for batch in connection.execute(query, execution_options={"yield_per": BATCH}).mappings().partitions():
        yield from (dict(row) for row in batch)


def write_rows(file: Writable, shape: Shape, rows: Iterable[Row]) -> int:
    """Write the rows as lines; gives their number."""
    floats = [name for name, kind in shape.columns.items() if kind == "float"]
    encoder = msgspec.json.Encoder()
    count = 0
    for row in rows:
        for name in floats:
            if row[name] is not None and not math.isfinite(row[name]):
                row[name] = str(row[name])  # JSON has no word for these
        file.write(encoder.encode(row) + b"\n")
        count += 1
    return count


def parse_rows(lines: Iterable[bytes], shape: Shape) -> Iterator[Row]:
    """The rows again. Permanent, with the line's number, for one that does not fit the table."""
    decoder = msgspec.json.Decoder(dict[str, Any])
    for number, line in enumerate(lines, start=1):
        try:
            row = decoder.decode(line)
            yield {name: _value(kind, row[name]) for name, kind in shape.columns.items()}
        except (KeyError, TypeError, ValueError) as error:
            raise Permanent(f"line {number} of {shape.name} cannot be read: {error}") from error


def _value(kind: Kind, value: Any) -> Any:  # noqa: ANN401  a value of any column
    if value is None:
        return None
    if kind == "bytes":
        return b64decode(value, validate=True)
    if kind == "time":
        return datetime.fromisoformat(value)
    if kind == "date":
        return date.fromisoformat(value)
    return float(value) if kind == "float" else value

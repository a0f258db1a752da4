"""Rows of Python as a relation that DuckDB reads.

pyarrow is imported when it is first needed: a process that only answers questions does without its memory.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from warehouse.lake import Connection

Kinds = Mapping[str, str]
"""Of each column: its SQL type, one of VARCHAR, INTEGER, BOOLEAN and DECIMAL(p, s)."""
_DECIMAL = re.compile(r"DECIMAL\((\d+), (\d+)\)")


def register(connection: Connection, name: str, kinds: Kinds, rows: Sequence[Mapping[str, Any]]) -> None:
    """Let the connection know the rows as a relation of that name; a column that a row lacks is empty."""
    register_columns(connection, name, kinds, {column: [row.get(column) for row in rows] for column in kinds})


def register_columns(connection: Connection, name: str, kinds: Kinds, columns: Mapping[str, Sequence[Any]]) -> None:
    """The same of values that lie in columns."""
    import pyarrow as pa  # noqa: PLC0415  see the module's docstring

    plain = {"VARCHAR": pa.string(), "INTEGER": pa.int32(), "BOOLEAN": pa.bool_()}
    exact = {column: _DECIMAL.fullmatch(kind) for column, kind in kinds.items()}
    schema = pa.schema([
        (column, pa.decimal128(*map(int, found.groups())) if (found := exact[column]) else plain[kind])
        for column, kind in kinds.items()
    ])  # fmt: skip
    connection.register(name, pa.table(dict(columns), schema=schema))

"""Finds and runs the SQL files below `warehouse/sql`; the only place that turns a file into statements."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

import duckdb

from commerce.errors import Refused

Parameters = Mapping[str, object]
_TEXT = re.compile(r"[^\0\ud800-\udfff]*")
_TOKEN = re.compile(r"--[^\n]*|'(?:[^']|'')*'|\$(\w+)")
"""A comment, a text or a parameter: only the last has a group."""


@cache
def text(name: str) -> str:
    """The text of `sql/<name>.sql`, such as `sync/compare`."""
    return files("warehouse").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def run(
    connection: duckdb.DuckDBPyConnection, name: str, parameters: Parameters | None = None
) -> duckdb.DuckDBPyConnection:
    """Run the statements of a file in order, each with the named parameters that it uses; gives the last result."""
    for statement in connection.extract_statements(text(name)):
        connection.execute(bound(statement.query, parameters or {}) if statement.named_parameters else statement)
    return connection


def bound(statement: str, parameters: Parameters) -> str:
    """The statement with each named parameter written as a literal.

    Given as values they would do the same, but DuckDB imports pandas to look at the first one: a second and thirty MiB
    in every process. A view takes literals only.
    """
    return _TOKEN.sub(lambda found: literal(parameters[found[1]]) if found[1] else found[0], statement)


def literal(value: object) -> str:
    """A value as SQL, texts quoted. Raises Refused for a text that is no UTF-8, TypeError for other kinds."""
    if value is None:
        return "NULL"
    if isinstance(value, bool | int):
        return f"({value})".lower()
    if isinstance(value, Decimal):
        return f"({value:f})"
    if isinstance(value, datetime):
        return f"TIMESTAMPTZ '{value.isoformat()}'"
    if isinstance(value, str):
        if not _TEXT.fullmatch(value):
            raise Refused(f"{value!r} is no text that can be looked for: it holds a surrogate or a NUL.")
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    raise TypeError(f"{type(value).__name__} is no kind of parameter")


def rows(
    connection: duckdb.DuckDBPyConnection, name: str, parameters: Parameters | None = None
) -> list[dict[str, Any]]:
    """The rows of a file's last statement, each by column name."""
    cursor = run(connection, name, parameters)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


def row(connection: duckdb.DuckDBPyConnection, name: str, parameters: Parameters | None = None) -> dict[str, object]:
    """The only row of a file's last statement, by column name; empty if there is none."""
    cursor = run(connection, name, parameters)
    values = cursor.fetchone()
    if values is None:
        return {}
    return dict(zip((column[0] for column in cursor.description or []), values, strict=True))


def relations() -> list[str]:
    """Names of the tables and views of the lake, `layer/relation`, tables before the views that read them."""
    layers = ("raw", "staging", "core", "marts", "features")
    root = files("warehouse").joinpath("sql")
    found = [
        f"{layer}/{path.name.removesuffix('.sql')}"
        for layer in layers
        if root.joinpath(layer).is_dir()
        for path in sorted(root.joinpath(layer).iterdir(), key=lambda path: path.name)
        if path.name.endswith(".sql")
    ]
    return sorted(found, key=lambda name: text(name).startswith("CREATE VIEW"))

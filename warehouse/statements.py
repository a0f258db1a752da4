"""Finds and runs the SQL files below `warehouse/sql`; the only place that turns a file into statements."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import duckdb

Parameters = Mapping[str, object]


@cache
def text(name: str) -> str:
    """The text of `sql/<name>.sql`, such as `sync/compare`."""
    return files("warehouse").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def run(
    connection: duckdb.DuckDBPyConnection, name: str, parameters: Parameters | None = None
) -> duckdb.DuckDBPyConnection:
    """Run the statements of a file in order, each with the named parameters that it uses; gives the last result."""
    for statement in connection.extract_statements(text(name)):
        used = {key: (parameters or {})[key] for key in statement.named_parameters}
        connection.execute(statement, used or None)
    return connection


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

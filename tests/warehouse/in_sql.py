"""The macros of the margin formula, asked of one line in DuckDB."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import duckdb

from warehouse.margins import Band, Grid, Line, Target, column_types, define_margins
from warehouse.statements import literal

_KINDS = column_types() | {
    "line": "INTEGER", "sought": "VARCHAR", "target": "DECIMAL(18, 4)", "target_rate": "DECIMAL(7, 2)",
    "step": "DECIMAL(18, 4)", "ending": "DECIMAL(18, 4)", "price_from": "DECIMAL(18, 4)",
    "price_below": "DECIMAL(18, 4)",
}  # fmt: skip


@contextmanager
def formula() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that knows the macros."""
    with duckdb.connect() as connection:
        define_margins(connection)
        yield connection


def margin_in_sql(connection: duckdb.DuckDBPyConnection, line: Line) -> dict[str, Any]:
    """Every component, by name."""
    cursor = connection.execute(
        f"WITH asked AS ({_row({'line': 1} | asdict(line))}) SELECT * EXCLUDE (line) FROM margins(asked)"
    )
    names = [column[0] for column in cursor.description or []]
    return dict(zip(names, cursor.fetchall()[0], strict=True))


def lowest_in_sql(
    connection: duckdb.DuckDBPyConnection, line: Line, target: Target, grid: Grid, bands: Sequence[Band]
) -> Decimal | None:
    """The lowest price, or None."""
    sought = {"line": 1, "sought": target.profit, "target": target.amount, "target_rate": target.rate}
    asked = " UNION ALL ".join(_row(asdict(line) | sought | grid._asdict() | band._asdict()) for band in bands)
    found = connection.execute(f"WITH asked AS ({asked}) SELECT price FROM lowest_prices(asked)").fetchall()
    return found[0][0] if found else None


def _row(values: Mapping[str, object]) -> str:
    return "SELECT " + ", ".join(f"{literal(value)}::{_KINDS[name]} AS {name}" for name, value in values.items())

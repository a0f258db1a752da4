"""Answers about one line at a time, in a millisecond: the formula of `sql/macros` as a function of one row."""

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from functools import cache

import duckdb

from warehouse.formulas import Relation, tables
from warehouse.margins import Band, Grid, Line, Target, column_types, define_margins


def margin_of(line: Line) -> dict[str, Decimal | None]:
    """Every component of the line's margin, by name. OverflowError beyond what an amount can be."""
    margins, _ = _formulas()
    (found,) = margins([asdict(line) | {"line": None}])
    del found["line"]
    return found


def lowest_price(line: Line, target: Target, grid: Grid, bands: Sequence[Band]) -> Decimal | None:
    """The lowest price of the grid at which the line earns at least the target; None if there is none.

    The line's own sale and cargo count for nothing: the bands say what the cargo costs at which price.
    """
    _, prices = _formulas()
    sought = {"line": None, "sought": target.profit, "target": target.amount, "target_rate": target.rate}
    asked = [asdict(line) | sought | grid._asdict() | band._asdict() for band in bands]
    lowest = (next((row["price"] for row in prices([each])), None) for each in asked)
    return min((price for price in lowest if price is not None), default=None)


@cache
def _formulas() -> tuple[Relation, Relation]:
    """Of a margin, and of the prices that fit; written once in a process."""
    with duckdb.connect(config={"threads": 1, "enable_external_access": "false"}) as connection:
        define_margins(connection)
        line = ["line", *column_types()]
        sought = dict.fromkeys([*line, "sought", "target", "target_rate", *Grid._fields, *Band._fields])
        margins, prices = tables(connection, {"margins": line, "fitting_prices": [*sought]})
    return margins, prices

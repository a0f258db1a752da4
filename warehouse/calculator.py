"""Answers about one line at a time, in a few milliseconds: the formula is bound once and kept on a connection."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from decimal import Decimal

import duckdb

from warehouse import statements
from warehouse.margins import Band, Grid, Line, Target, column_types, define_margins

_LINE = column_types()
_PRICE = {
    "sought": "VARCHAR", "target": "DECIMAL(18, 4)", "target_rate": "DECIMAL(7, 2)", "step": "DECIMAL(18, 4)",
    "ending": "DECIMAL(18, 4)", "prices_from": "DECIMAL(18, 4)[]", "prices_below": "DECIMAL(18, 4)[]",
    "cargos": "DECIMAL(18, 4)[]",
}  # fmt: skip


class Calculator:
    """A connection of its own, with no lake, that knows the formula. Not to be shared between threads."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        define_margins(connection)
        columns = ", ".join(f"${name}::{kind} AS {name}" for name, kind in _LINE.items())
        for statement in connection.extract_statements(statements.text("margins/prepare").replace("{line}", columns)):
            connection.execute(statement)

    def margin_of(self, line: Line) -> dict[str, Decimal | None]:
        """Every component of the line's margin, by name."""
        cursor = self._connection.execute(_asked("margin", _LINE, asdict(line)))
        names = [column[0] for column in cursor.description or []]
        return dict(zip(names, cursor.fetchall()[0], strict=True))

    def lowest_price(self, line: Line, target: Target, grid: Grid, bands: Sequence[Band]) -> Decimal | None:
        """The lowest price of the grid at which the line earns at least the target; None if there is none.

        The line's own sale and cargo count for nothing: the bands say what the cargo costs at which price.
        """
        sought = {
            "sought": target.profit, "target": target.amount, "target_rate": target.rate, "step": grid.step,
            "ending": grid.ending, "prices_from": [band.price_from for band in bands],
            "prices_below": [band.price_below for band in bands], "cargos": [band.cargo for band in bands],
        }  # fmt: skip
        found = self._connection.execute(_asked("lowest", _LINE | _PRICE, asdict(line) | sought)).fetchone()
        return found[0] if found is not None else None


@contextmanager
def calculator() -> Iterator[Calculator]:
    """A calculator for a few questions."""
    with duckdb.connect(config={"threads": 1, "enable_external_access": "false"}) as connection:
        yield Calculator(connection)


def _asked(name: str, types: Mapping[str, str], values: Mapping[str, object]) -> str:
    """The call of a prepared statement. Each value says its type: for another one it would be bound anew."""
    given = ", ".join(f"{each} := {statements.literal(values[each])}::{kind}" for each, kind in types.items())
    return f"EXECUTE {name}({given})"

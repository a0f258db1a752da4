"""Answers about one line at a time, in a few milliseconds: the formula is bound once and kept on a connection."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from decimal import Decimal

import duckdb

from warehouse import statements
from warehouse.margins import Band, Grid, Line, Target, column_types, define_margins

_LINE = column_types()
_WANTED = {
    "line": "INTEGER", "sought": "VARCHAR", "target": "DECIMAL(18, 4)", "target_rate": "DECIMAL(7, 2)",
    "step": "DECIMAL(18, 4)", "ending": "DECIMAL(18, 4)", "price_from": "DECIMAL(18, 4)",
    "price_below": "DECIMAL(18, 4)", "cargo": "DECIMAL(18, 4)",
}  # fmt: skip
_LISTS = {f"{name}s": f"{kind}[]" for name, kind in _WANTED.items()}
Wanted = tuple[Target, Grid]
"""What a price shall earn, and where it may stand."""


class Calculator:
    """A connection of its own, with no lake, that knows the formula. Not to be shared between threads."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        define_margins(connection)
        line = ", ".join(f"${name}::{kind} AS {name}" for name, kind in _LINE.items())
        wanted = ", ".join(f"unnest(${name}s::{kind}[]) AS {name}" for name, kind in _WANTED.items())
        prepared = statements.text("margins/prepare").replace("{line}", line).replace("{wanted}", wanted)
        for statement in connection.extract_statements(prepared):
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
        return self.lowest_prices(line, [(target, grid)], bands)[0]

    def lowest_prices(self, line: Line, wanted: Sequence[Wanted], bands: Sequence[Band]) -> list[Decimal | None]:
        """The same for several targets at once, in their order."""
        rows = [
            (number, target.profit, target.amount, target.rate, *grid, *band)
            for number, (target, grid) in enumerate(wanted)
            for band in bands
        ]
        columns = dict(zip(_LISTS, map(list, zip(*rows, strict=True)), strict=True))
        found = dict(self._connection.execute(_asked("lowest", _LINE | _LISTS, asdict(line) | columns)).fetchall())
        return [found.get(number) for number in range(len(wanted))]

    def close(self) -> None:
        """Close its connection."""
        self._connection.close()


def open_calculator() -> Calculator:
    """A calculator; whoever asks closes it."""
    connection = duckdb.connect(config={"threads": 1, "enable_external_access": "false"})
    try:
        return Calculator(connection)
    except BaseException:
        connection.close()
        raise


@contextmanager
def calculator() -> Iterator[Calculator]:
    """A calculator for a few questions."""
    opened = open_calculator()
    try:
        yield opened
    finally:
        opened.close()


def _asked(name: str, types: Mapping[str, str], values: Mapping[str, object]) -> str:
    """The call of a prepared statement. Each value says its type: for another one it would be bound anew."""
    given = ", ".join(f"{each} := {statements.literal(values[each])}::{kind}" for each, kind in types.items())
    return f"EXECUTE {name}({given})"

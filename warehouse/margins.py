"""The margin of lines and the price for a margin: runs the formula of `sql/macros` upon a relation or upon one line.

Knows no settings and no rates of exchange: whoever asks says what a line costs.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Literal, NamedTuple

import duckdb

from warehouse import statements

CommissionBase = Literal["gross", "net"]
"""Of which price a marketplace takes its commission: with VAT, or without."""
CommissionVat = Literal["included", "added", "none"]
"""Whether the commission has VAT within, on top, or none at all."""
Profit = Literal["net_cash", "net_economic"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is sold and what it costs: amounts of the whole line with VAT, in one currency; rates in per cent.

    As a relation: these columns, none of them empty, and `line`, whatever tells one from another.
    """

    minor_digits: int
    """Of the currency: 2 for TRY, 0 for JPY, 3 for KWD."""
    sale: Decimal
    vat_rate: Decimal
    cost: Decimal
    cost_vat_rate: Decimal
    commission_rate: Decimal
    commission_base: CommissionBase
    commission_vat: CommissionVat
    service_vat_rate: Decimal
    """Of everything that is charged for the sale."""
    service_fee: Decimal
    cargo: Decimal
    """To the buyer, as far as the seller pays it."""
    export_fee_rate: Decimal
    """Of the price with VAT."""
    other_costs: Decimal
    """Packaging, advertisement."""
    financing_rate: Decimal
    """A year, of the price with VAT; without VAT."""
    payment_days: int
    withholding_rate: Decimal
    """Of the price without VAT: a prepaid income or corporate tax."""
    vat_credit: bool
    """Whether the VAT of what was bought is taken off the VAT of what was sold."""
    return_rate: Decimal
    return_cargo: Decimal
    commission_refunded: bool
    service_fee_refunded: bool
    resaleable: bool


class Band(NamedTuple):
    """Prices from one up to, but not with, another, for which the cargo costs the same."""

    price_from: Decimal
    price_below: Decimal | None
    cargo: Decimal


class Grid(NamedTuple):
    """Where prices may stand: `step` 1.00 and `ending` 0.90 for 12.90, 13.90 and so on."""

    step: Decimal
    ending: Decimal = Decimal(0)


@contextmanager
def calculator() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own, with no lake, that knows `margins`: for quotes."""
    with duckdb.connect(config={"threads": 1, "enable_external_access": "false"}) as connection:
        define_margins(connection)
        yield connection


def define_margins(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the connection know `margins(lines)` and `lowest_prices(lines)`, to be asked as tables."""
    statements.run(connection, "macros/margins")
    statements.run(connection, "macros/prices")


def margin_of(connection: duckdb.DuckDBPyConnection, line: Line) -> dict[str, Decimal | None]:
    """Every component of one line's margin, by name, on a connection that knows `margins`."""
    cursor = connection.execute(
        f"WITH quoted AS ({_row(line)}) SELECT * EXCLUDE (line) FROM margins(quoted)"  # noqa: S608  literals only
    )
    names = [column[0] for column in cursor.description or []]
    return dict(zip(names, cursor.fetchall()[0], strict=True))


def lowest_price(
    connection: duckdb.DuckDBPyConnection,
    line: Line,
    sought: Profit,
    target: Decimal,
    grid: Grid,
    bands: Sequence[Band],
) -> Decimal | None:
    """The lowest price of the grid at which the line's profit is at least the target; None if there is none.

    The line's own sale and cargo count for nothing: the bands say what the cargo costs at which price.
    """
    told = {"sought": sought, "target": target, "step": grid.step, "ending": grid.ending}
    rows = [_row(line, told | band._asdict()) for band in bands]
    cursor = connection.execute(
        f"WITH wanted AS ({' UNION ALL '.join(rows)}) SELECT price FROM lowest_prices(wanted)"  # noqa: S608  literals only
    )
    found = cursor.fetchone()
    return found[0] if found is not None else None


def _row(line: Line, more: Mapping[str, object] | None = None) -> str:
    values = {each.name: getattr(line, each.name) for each in fields(Line)} | dict(more or {})
    columns = ", ".join(f"{statements.literal(value)} AS {name}" for name, value in values.items())
    return f"SELECT 1 AS line, {columns}"

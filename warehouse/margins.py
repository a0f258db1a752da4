"""The margin of lines: runs the formula of `sql/macros/margins.sql` upon a relation or upon one line.

Knows no settings and no rates of exchange: whoever asks says what a line costs.
"""

from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Literal

import duckdb

from warehouse import statements

CommissionBase = Literal["gross", "net"]
"""Of which price a marketplace takes its commission: with VAT, or without."""
CommissionVat = Literal["included", "added", "none"]
"""Whether the commission has VAT within, on top, or none at all."""


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


def define_margins(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the connection know `margins(lines)`, to be asked as a table: `FROM margins(lines)`."""
    statements.run(connection, "macros/margins")


def margin_of(connection: duckdb.DuckDBPyConnection, line: Line) -> dict[str, Decimal | None]:
    """Every component of one line's margin, by name, on a connection that knows `margins`."""
    columns = ", ".join(f"{statements.literal(getattr(line, each.name))} AS {each.name}" for each in fields(Line))
    quoted = f"WITH quoted AS (SELECT 1 AS line, {columns})"
    cursor = connection.execute(f"{quoted} SELECT * EXCLUDE (line) FROM margins(quoted)")  # noqa: S608  literals only
    names = [column[0] for column in cursor.description or []]
    return dict(zip(names, cursor.fetchall()[0], strict=True))

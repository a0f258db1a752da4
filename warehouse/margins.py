"""The margin formula of `sql/macros`: the lines that it is asked of, and what a price has to earn.

Knows no settings and no rates of exchange: whoever asks says what a line costs.
"""

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


class Target(NamedTuple):
    """What a line shall earn at least: an amount, and per cent of the price without VAT on top of it."""

    amount: Decimal
    rate: Decimal = Decimal(0)
    profit: Profit = "net_cash"


def define_margins(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the connection know `margins(lines)` and `lowest_prices(lines)`, to be asked as tables."""
    statements.run(connection, "macros/margins")
    statements.run(connection, "macros/prices")


def column_types() -> dict[str, str]:
    """Of each column of a line as a relation: its SQL type."""
    kinds: dict[object, str] = {bool: "BOOLEAN", int: "INTEGER"}
    exact = {each.name: "DECIMAL(7, 2)" if each.name.endswith("_rate") else "DECIMAL(18, 4)" for each in fields(Line)}
    return {
        each.name: exact[each.name] if each.type is Decimal else kinds.get(each.type, "VARCHAR")
        for each in fields(Line)
    }

"""Writes rates of exchange into the lake, a day of a source at a time. Which rates may be used is decided elsewhere."""

from collections.abc import Mapping, Sequence

from warehouse import statements
from warehouse.arrow import register_columns
from warehouse.lake import Connection

COLUMNS = ("source", "bulletin", "day", "base", "quote", "buying", "selling")
"""Of `core.exchange_rates`, and of what is written: all of them texts."""


def replace_days(connection: Connection, rates: Mapping[str, Sequence[str]]) -> None:
    """Put the rates in the place of what the lake has of their days and sources; to be called in a write transaction.

    The values lie in `COLUMNS`. Digits behind the twelfth are rounded.
    """
    register_columns(connection, "arriving_rates", dict.fromkeys(COLUMNS, "VARCHAR"), rates)
    try:
        statements.run(connection, "rates/replace_days")
    finally:
        connection.unregister("arriving_rates")

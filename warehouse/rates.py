"""Writes rates of exchange into the lake, a day of a source at a time. Which rates may be used is decided elsewhere."""

import pyarrow as pa

from warehouse import statements
from warehouse.lake import Connection

COLUMNS = ("source", "bulletin", "day", "base", "quote", "buying", "selling")
"""Of `core.exchange_rates`, and of what is written: all of them texts."""
SCHEMA = pa.schema([(name, pa.string()) for name in COLUMNS])


def replace_days(connection: Connection, rates: pa.Table) -> None:
    """Put the rates in the place of what the lake has of their days and sources; to be called in a write transaction.

    The table is of `SCHEMA`. Digits behind the twelfth are rounded.
    """
    connection.register("arriving_rates", rates)
    try:
        statements.run(connection, "rates/replace_days")
    finally:
        connection.unregister("arriving_rates")

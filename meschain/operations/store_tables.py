"""What use cases on every table of the store have to be sure of: that they know every table, and leave no trace."""

from collections.abc import Iterator

from sqlalchemy import Column, Connection, Table, inspect, select
from sqlalchemy.orm import Session

from commerce.errors import Permanent
from meschain.access import tables as access_tables
from meschain.audit import tables as audit_tables
from meschain.catalog import tables as catalog_tables
from meschain.channels import tables as channels_tables
from meschain.pricing import tables as pricing_tables
from meschain.runs import tables as runs_tables
from meschain.store import tables as store_tables
from meschain.store.base import Base, Sealed
from meschain.store.dump import REVISIONS

LOADED = (
    access_tables, audit_tables, catalog_tables, channels_tables, pricing_tables, runs_tables, store_tables,
)  # fmt: skip
"""The rooms that have tables: `Base` knows a table once its room's module is loaded."""


def check_known_tables(connection: Connection) -> None:
    """Permanent when the store has a table that this program has not loaded: what is done to all would miss it."""
    unknown = set(inspect(connection).get_table_names()) - Base.metadata.tables.keys() - {REVISIONS}
    if unknown:
        names = ", ".join(sorted(unknown))
        raise Permanent(f"the store has tables this program does not know: {names}; nothing was changed")


def sealed_columns() -> list[tuple[Table, Column[bytes]]]:
    """Every column of ciphertext of the vault."""
    return [
        (table, column)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, Sealed)
    ]


def stored_secrets(session: Session) -> Iterator[tuple[str, bytes]]:
    """Everything that the vault has sealed, by its place (`table.column key`)."""
    for table, column in sealed_columns():
        query = select(*table.primary_key.columns, column).where(column.is_not(None))
        for *key, sealed in session.execute(query, execution_options={"yield_per": 200}):
            yield f"{table.name}.{column.name} {'/'.join(map(str, key))}", sealed


def overwrite_freed(session: Session) -> None:
    """Let SQLite overwrite what this transaction frees, as it otherwise does not."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")

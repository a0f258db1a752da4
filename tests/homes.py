"""A data folder that is made once per test process and copied by whoever needs one: making it costs seconds."""

from pathlib import Path

from meschain.settings import Settings, private_dir
from meschain.wiring import House
from warehouse.lake import Connection

TENANT = "default"


def furnish(home: Path, tenant: str = TENANT) -> None:
    """Make a home with the store's tables, a tenant and its empty lake."""
    house = House(Settings.model_validate({"home": private_dir(home), "lake": {"threads": 1}}))
    house.set_up()
    house.tenant(tenant, create=True)
    lake = house.lake(tenant)
    with lake.connect() as connection:
        tables = connection.execute(_TABLES).fetchall()
        lake.write(connection, lambda c: _fill(c, tables), "a row in every table")
        lake.write(connection, lambda c: _empty(c, tables), "and out again")
    house.close()


_TABLES = """
    SELECT
        c.schema_name || '.' || c.table_name,
        string_agg(
            if(
                is_nullable, 'NULL',
                format('CAST(''{}'' AS {})', if(data_type SIMILAR TO 'DATE|TIME.*', 'epoch', '0'), data_type)
            ),
            ', ' ORDER BY column_index
        )
    FROM duckdb_columns() AS c
    SEMI JOIN duckdb_tables() AS t ON t.table_oid = c.table_oid AND t.database_name = c.database_name
    WHERE c.database_name = 'lake' AND c.schema_name IN ('raw', 'core')
    GROUP BY ALL
"""
"""Every table of the lake, and values that its columns take."""


def _fill(connection: Connection, tables: list[tuple[str, str]]) -> None:
    """Put a row into every table, for a small sync takes twice as long on tables that never held one.

    DuckLake has no statistics of such a table, and asks its catalog for those of each column whenever it plans.
    """
    for table, values in tables:
        connection.execute(f"INSERT INTO {table} VALUES ({values})")


def _empty(connection: Connection, tables: list[tuple[str, str]]) -> None:
    for table, _ in tables:
        connection.execute(f"DELETE FROM {table}")

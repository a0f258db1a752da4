"""An analyst's question to one tenant's lake: read-only, no other files, no settings, no other tenant."""

from typing import Any

import duckdb

from commerce.errors import Permanent
from warehouse.lake import Lake


def ask(lake: Lake, query: str, limit: int | None = None) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows of a query over the lake (`core.offers` and the rest are found by these names).

    Raises Permanent with the database's own explanation when the query is wrong or not allowed.
    """
    with lake.connect(read_only=True) as connection:
        lake.confine(connection)
        try:
            statements = connection.extract_statements(query)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise Permanent("Only a single SELECT can be asked: the lake is written by flows alone.")
            cursor = connection.execute(statements[0])
            names = [column[0] for column in cursor.description or []]
            rows = cursor.fetchall() if limit is None else cursor.fetchmany(limit)
        except duckdb.Error as error:
            raise Permanent(f"The query cannot be answered: {error}") from error
    return names, rows

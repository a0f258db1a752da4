"""Writes the product relations from the offers; which GTINs belong together is decided by the caller."""

import pyarrow as pa

from warehouse import statements
from warehouse.lake import Connection, Lake


def several_gtins(connection: Connection) -> list[list[str]]:
    """The GTINs, as fourteen digits, of every offer that has more than one."""
    return [gtins for (gtins,) in statements.run(connection, "products/several_gtins").fetchall()]


def rebuild(lake: Lake, connection: Connection, gtin_groups: pa.Table) -> dict[str, int]:
    """Match every offer anew and write what differs; `gtin_groups` has the columns gtin and product_gtin.

    Gives the number of offers by the way in which they were matched (`gtin`, `mpn`, `link`, `none`).
    """
    connection.register("gtin_groups", gtin_groups)
    statements.run(connection, "products/match")
    lake.write(connection, lambda c: statements.run(c, "products/write"), "match products")
    return dict(statements.run(connection, "products/counts").fetchall())

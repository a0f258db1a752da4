"""Use case: what happened to one offer, by the change feed."""

from typing import Any

from meschain.access.rules import NotFound
from meschain.catalog.context import Catalog
from warehouse import changes


def offer_history(catalog: Catalog, supplier_sku: str, supplier: str | None = None) -> list[dict[str, Any]]:
    """Every change of the offer, oldest first: changed_at, run_id, supplier, kind, field, before, after (texts)."""
    with catalog.lake.read() as connection:
        rows = changes.history(connection, supplier, supplier_sku)
    if not rows:
        of = f" of {supplier}" if supplier else ""
        raise NotFound(
            f"No offer{of} with the code {supplier_sku!r} has ever been imported; codes are compared exactly."
        )
    return rows

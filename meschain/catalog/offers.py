"""Use cases: find offers, look at one, and at what happened to it. What may be seen is decided by scopes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from meschain.access.rules import NotFound
from meschain.access.scopes import Scopes
from meschain.catalog.context import Catalog
from meschain.catalog.suppliers import list_suppliers
from warehouse import offers
from warehouse.offers import Wanted

Rows = list[dict[str, Any]]


def visible_suppliers(catalog: Catalog, scopes: Scopes | None) -> list[str] | None:
    """The names of the suppliers that may be seen; None for all of them."""
    return None if scopes is None else [supplier.slug for supplier in list_suppliers(catalog, scopes=scopes)]


def find_offers(
    catalog: Catalog,
    wanted: Wanted,
    *,
    scopes: Scopes | None = None,
    after: tuple[str, str] | None = None,
    limit: int = 50,
) -> Rows:
    """Offers that fit, by supplier and code, beginning after such a pair; main columns of `core.offers`.

    With `scopes`, only those of suppliers that may be seen.
    """
    seen = visible_suppliers(catalog, scopes)
    if seen == [] or (wanted.supplier is not None and scopes is not None and not scopes.covers(wanted.supplier)):
        return []
    with catalog.lake.read() as connection:
        return offers.search(connection, replace(wanted, suppliers=seen), limit, after)


def get_offer(catalog: Catalog, supplier: str, supplier_sku: str) -> dict[str, Any]:
    """The offer with every column of `core.offers`, `attributes` as a mapping; NotFound if there is none."""
    with catalog.lake.read() as connection:
        found = offers.find(connection, supplier, supplier_sku)
    if found is None:
        raise NotFound(_UNKNOWN.format(supplier, supplier_sku))
    attributes = found["attributes"]
    return found | {"attributes": msgspec.json.decode(attributes) if attributes else {}}


def changes_of_offer(
    catalog: Catalog,
    supplier: str,
    supplier_sku: str,
    *,
    before: tuple[datetime, str, str] | None = None,
    limit: int = 50,
) -> Sequence[dict[str, Any]]:
    """What happened to an offer, the newest first: changed_at, run_id, kind, field, before, after (texts).

    `before` is the moment, run and field of the last one seen. NotFound if there never was such an offer.
    """
    with catalog.lake.read() as connection:
        rows = offers.history(connection, supplier, supplier_sku, limit, before)
    if not rows and before is None:
        raise NotFound(_UNKNOWN.format(supplier, supplier_sku))
    return rows


_UNKNOWN = "there is no offer of {} with the code {!r}; codes are compared exactly"

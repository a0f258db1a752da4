"""The page of the quarantine: what could not be read, by reason, and the rows themselves."""

from typing import Annotated

from fastapi import APIRouter, Response

from meschain.access.permissions import Permission
from meschain.catalog.api import quarantine as api
from meschain.catalog.api.context import SUPPLIER, catalog_of
from meschain.catalog.api.schemas import QuarantineEntry
from meschain.catalog.suppliers import list_suppliers
from meschain.web.console.pages.rows import paging
from meschain.web.console.places import PAGES
from meschain.web.console.views.catalog import Quarantine, RefusalGroup, RefusedRow
from meschain.web.console.visits import Entered, Visit

router = APIRouter()


@router.get(PAGES["quarantine"])
def list_quarantine(visit: Annotated[Visit, Entered(Permission.CATALOG_READ, SUPPLIER, partly=True)]) -> Response:
    """What could not be read and is open still."""
    catalog, scopes = catalog_of(visit.request, visit.who), visit.who.scopes(Permission.CATALOG_READ, SUPPLIER)
    slugs = tuple(each.slug for each in list_suppliers(catalog, scopes=scopes))
    chosen = visit.asked("supplier") if visit.asked("supplier") in slugs else None
    reason = visit.asked("reason")[:80] or None
    asked = api.EntryQuery(limit=50, cursor=visit.asked("cursor") or None, supplier=chosen, reason=reason)
    found = api.list_entries(visit.request, Response(), visit.who, asked)
    groups = api.count_reasons(visit.request, visit.who, chosen)
    shown = [each for each in groups if reason in {None, each.reason}]
    view = Quarantine(
        groups=tuple(RefusalGroup(**each.model_dump()) for each in shown),
        reasons=tuple(sorted({each.reason for each in groups} | ({reason} if reason else set()))),
        rows=tuple(_row(each) for each in found.items), suppliers=slugs, supplier=chosen or "", reason=reason or "",
        paging=paging(visit, found.next),
    )  # fmt: skip
    return visit.show(view)


def _row(entry: QuarantineEntry) -> RefusedRow:
    return RefusedRow(
        at=entry.quarantined_at, supplier=entry.supplier, run=entry.run_id, row_number=entry.row_number,
        code=entry.supplier_sku, scope="row" if entry.scope == "row" else "field", field=entry.field,
        reason=entry.reason, value=entry.value, expected=entry.expected, raw=entry.raw,
    )  # fmt: skip

"""Pages of offers: finding them, and one with all that happened to it."""

from typing import Annotated, Any, get_args

from fastapi import APIRouter, Response

from meschain.access.permissions import Permission
from meschain.access.rules import NotFound
from meschain.catalog.api import offers as api
from meschain.catalog.api.context import SUPPLIER, catalog_of
from meschain.catalog.api.schemas import OfferDetail, OfferEvent, OfferOut
from meschain.catalog.suppliers import list_suppliers
from meschain.web.console.pages.rows import paging
from meschain.web.console.places import PAGES
from meschain.web.console.views import catalog as views
from meschain.web.console.visits import Entered, Visit

router = APIRouter()
Reader = Annotated[Visit, Entered(Permission.CATALOG_READ, SUPPLIER, partly=True)]
_EVENTS = 100
_SHOWN_ABOVE = frozenset({"supplier", "supplier_sku", "title", "status", "cost", "list_price", "currency", "stock"})
_NOT_SHOWN = frozenset(
    {"attributes", "image_urls", "source_file", "row_number", "run_id", "updated_at", "missing_since"}
)


@router.get(PAGES["offers"])
def find_offers(visit: Reader) -> Response:
    """Offers that fit what was asked for."""
    catalog, scopes = catalog_of(visit.request, visit.who), visit.who.scopes(Permission.CATALOG_READ, SUPPLIER)
    slugs = tuple(each.slug for each in list_suppliers(catalog, scopes=scopes))
    chosen = visit.asked("supplier") if visit.asked("supplier") in slugs else None
    text, state = visit.asked("query")[:100], visit.asked("state")
    asked = api.OfferQuery.model_validate(
        {"limit": 50, "cursor": visit.asked("cursor") or None, "supplier": chosen, "text": text or None,
         "status": state if state in _STATES else None}
    )  # fmt: skip
    found = api.find_offers(visit.request, Response(), asked, visit.who)
    view = views.Offers(
        rows=tuple(_row(each) for each in found.items), suppliers=slugs, query=text, supplier=chosen or "",
        state=asked.status or "", paging=paging(visit, found.next),
    )  # fmt: skip
    return visit.show(view)


@router.get(PAGES["offer"])
def show_offer(visit: Reader) -> Response:
    """One offer; its supplier and code stand in the query, since a code may hold anything."""
    supplier, code = visit.asked("supplier"), visit.request.query_params.get("code", "")
    if not visit.who.policy.allows(Permission.CATALOG_READ, (SUPPLIER, supplier)):
        raise NotFound(f"there is no offer of {supplier[:63]} with the code {code[:80]!r}")
    history = api.show_history(visit.request, Response(), supplier, code, visit.who, _EVENTS).items
    try:
        found = api.get_offer(visit.request, supplier, code, visit.who)
    except NotFound:  # gone since: what happened to it stays
        found = None
    return visit.show(_offer(supplier, code, found, history))


_STATES = frozenset(get_args(get_args(api.OfferQuery.model_fields["status"].annotation)[0]))


def _row(offer: OfferOut) -> views.OfferRow:
    return views.OfferRow(
        supplier=offer.supplier, code=offer.supplier_sku, title=offer.title, brand=offer.brand, gtin=offer.gtin,
        cost=offer.cost, list_price=offer.list_price, currency=offer.currency, stock=offer.stock,
        stock_kind=offer.stock_kind, state=offer.status, updated_at=offer.updated_at,
    )  # fmt: skip


def _offer(supplier: str, code: str, found: OfferDetail | None, history: list[OfferEvent]) -> views.Offer:
    known: dict[str, Any] = found.model_dump() if found is not None else {}
    details = {
        name: _written(value) for name, value in known.items()
        if name not in _SHOWN_ABOVE | _NOT_SHOWN and value not in (None, [])
    }  # fmt: skip
    events = tuple(
        views.OfferEvent(
            at=each.changed_at, run=each.run_id, kind=each.kind, field=each.field, before=each.before, after=each.after
        )
        for each in history
    )  # fmt: skip
    return views.Offer(
        row=_row(found) if found is not None else None, supplier=supplier, code=code, details=details,
        attributes={name: _written(value) for name, value in (known.get("attributes") or {}).items()},
        images=tuple(known.get("image_urls") or ()), history=events,
    )  # fmt: skip


def _written(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

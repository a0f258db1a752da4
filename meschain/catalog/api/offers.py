"""Routes around offers: finding them, one of them, and what happened to it."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from meschain.access.guard import Allow
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.catalog import offers
from meschain.catalog.api.context import SUPPLIER, SupplierName, catalog_of
from meschain.catalog.api.schemas import OfferDetail, OfferEvent, OfferOut
from meschain.web.cursors import Cursor, Limit, Page, open_cursor, page
from warehouse.offers import Wanted

router = APIRouter(tags=["offers"])
Reader = Annotated[Principal, Allow(Permission.CATALOG_READ, SUPPLIER)]
Sku = Annotated[str, Path(alias="sku", max_length=500, description="The supplier's own code.", examples=["A-100"])]


class OfferQuery(BaseModel):
    """Which offers to find."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit = 50
    cursor: Cursor = None
    supplier: str | None = Field(default=None, max_length=63, description="Only offers of this supplier.")
    status: Literal["active", "missing", "deleted"] | None = None
    text: str | None = Field(
        default=None, max_length=100, examples=["kırmızı"],
        description="Part of a title or of a supplier's code, whatever its capitals and accents; or a whole GTIN. It "
        "looks at every title: of more than some hundred thousand offers, name a supplier too.",
    )  # fmt: skip
    changed_since: AwareDatetime | None = Field(default=None, description="Only offers written since that moment.")


@router.get("/offers")
def find_offers(
    request: Request, response: Response, asked: Annotated[OfferQuery, Query()],
    who: Annotated[Principal, Allow(Permission.CATALOG_READ, SUPPLIER, partly=True)],
) -> Page[OfferOut]:  # fmt: skip
    """Offers by supplier and code, as the last applied runs left them."""
    place = open_cursor(request, asked.cursor)
    wanted = Wanted(asked.supplier, status=asked.status, text=asked.text, since=asked.changed_since)
    found = offers.find_offers(
        catalog_of(request, who), wanted, scopes=who.scopes(Permission.CATALOG_READ, SUPPLIER),
        after=(str(place[0]), str(place[1])) if place else None, limit=asked.limit + 1,
    )  # fmt: skip
    shown = [OfferOut(**row) for row in found]
    last = shown[asked.limit - 1] if len(shown) > asked.limit else None
    return page(request, response, shown, asked.limit, [last.supplier, last.supplier_sku] if last else [])


@router.get("/offers/{supplier}/{sku:path}/history")
def show_history(
    request: Request, response: Response, supplier: SupplierName, sku: Sku, who: Reader, limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[OfferEvent]:  # fmt: skip
    """What happened to an offer, field by field, the newest first."""
    place = open_cursor(request, cursor)
    before = (datetime.fromisoformat(str(place[0])), str(place[1]), str(place[2])) if place else None
    found = offers.changes_of_offer(catalog_of(request, who), supplier, sku, before=before, limit=limit + 1)
    shown = [OfferEvent(**row) for row in found]
    last = shown[limit - 1] if len(shown) > limit else None
    told = [last.changed_at.isoformat(), last.run_id, last.field] if last else []
    return page(request, response, shown, limit, told)


@router.get("/offers/{supplier}/{sku:path}")
def get_offer(request: Request, supplier: SupplierName, sku: Sku, who: Reader) -> OfferDetail:
    """One offer with everything that is known of it."""
    return OfferDetail(**offers.get_offer(catalog_of(request, who), supplier, sku))

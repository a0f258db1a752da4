"""Routes around approvals: a person allows a price that the floor refused."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from meschain.access.guard import Allow
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.pricing import prices
from meschain.pricing.api.bodies import Words
from meschain.pricing.api.context import pricing_of
from meschain.pricing.api.prices import Sku, SupplierName
from meschain.pricing.api.schemas import Body
from meschain.pricing.api.scope import CHANNEL, ChannelName, SomeReader, seen
from meschain.pricing.tables import PriceApproval
from meschain.pricing.terms import Amount
from meschain.web.answers import StoreRoute
from meschain.web.cursors import Cursor, Limit, Page, open_cursor, page
from meschain.web.problems import documented

router = APIRouter(tags=["prices"], route_class=StoreRoute)


class PriceApprovalBody(Body):
    """Why, until when, and what was looked at."""

    note: Words = Field(examples=["clearance of the old model"])
    valid_until: date = Field(description="The last day on which it holds.", examples=["2099-12-31"])
    price: Amount | None = Field(
        default=None,
        description="The refused price that was looked at; if it is another one by now, nothing is approved.",
    )


class PriceApprovalOut(BaseModel):
    """That an offer may be sold below its floor, down to a price."""

    id: str
    channel: str
    supplier: str
    supplier_sku: str
    price: Decimal
    currency: str
    note: str
    valid_until: date
    approved_at: datetime
    approved_by: str

    @classmethod
    def of(cls, row: PriceApproval) -> Self:
        """From what the store has."""
        return cls.model_validate(row, from_attributes=True)


@router.post("/prices/{channel}/{supplier}/{sku:path}/approval", status_code=201, responses=documented(412))
def approve_price(
    request: Request, channel: ChannelName, supplier: SupplierName, sku: Sku, body: PriceApprovalBody,
    who: Annotated[Principal, Allow(Permission.PRICING_APPROVE, CHANNEL)],
) -> PriceApprovalOut:  # fmt: skip
    """Allow the price that the floor refused, and none below it. It goes out with the next refresh."""
    approved = prices.approve_price(
        pricing_of(request, who), channel, supplier, sku, note=body.note, valid_until=body.valid_until, price=body.price
    )  # fmt: skip
    return PriceApprovalOut.of(approved)


@router.get("/price-approvals")
def list_approvals(
    request: Request, response: Response, who: SomeReader, limit: Limit = 50, cursor: Cursor = None
) -> Page[PriceApprovalOut]:
    """The approvals of prices below the floor, the newest first, also those that are over."""
    place = open_cursor(request, cursor)
    before = str(place[0]) if place else None
    found = prices.list_approvals(pricing_of(request, who), scopes=seen(who), before=before, limit=limit + 1)
    shown = [PriceApprovalOut.of(row) for row in found]
    return page(request, response, shown, limit, [shown[limit - 1].id] if len(shown) > limit else [])

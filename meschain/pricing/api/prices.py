"""Routes around prices: those that are out, those that were refused, and what happened to one of them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from commerce.errors import Refused
from meschain.access.guard import Allow
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.access.rules import NotFound
from meschain.pricing import published
from meschain.pricing.api.context import pricing_of
from meschain.pricing.api.scope import CHANNEL, ChannelName, Refresher, SomeReader, seen
from meschain.pricing.context import Pricing
from meschain.pricing.price_rules import get_rules
from meschain.runs.schemas import Key, RunOut, ask
from meschain.web.cursors import Cursor, Limit, Page, open_cursor, page
from warehouse.published import Key as PriceKey

router = APIRouter(tags=["prices"])
SupplierName = Annotated[str, Path(alias="supplier", max_length=63, examples=["acme-toys"])]
Sku = Annotated[str, Path(alias="sku", max_length=500, description="The supplier's own code.", examples=["A-100"])]


class PageQuery(BaseModel):
    """Which page of a list."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit = 50
    cursor: Cursor = None


class PriceQuery(PageQuery):
    """Which prices to list."""

    channel: str | None = Field(default=None, max_length=63, description="Only on this channel.")


class RefusalQuery(PriceQuery):
    """Which refusals to list."""

    reason: str | None = Field(
        default=None, max_length=80, description="Only for this reason.", examples=["below_floor"]
    )


class PriceOut(BaseModel):
    """A price that was let out; what it earns is as it was then."""

    channel: str
    supplier: str
    supplier_sku: str
    title: str | None
    currency: str
    price: Decimal = Field(description="With VAT.")
    net_cash: Decimal = Field(description="Cash profit of a sale.")
    least_profit: Decimal = Field(description="Cash profit that the rule's floor asked for.")
    approval_id: str | None = Field(description="By which approval it is below its floor.")
    rule: str
    rules_version: int
    offer_cost: Decimal = Field(description="In the currency of the offer.")
    offer_list_price: Decimal | None
    exchange_rate: Decimal = Field(description="What one unit of that currency cost in the channel's.")
    bulletin: str | None
    day: date
    day_price: Decimal = Field(description="At the beginning of that day.")
    run_id: str
    published_at: datetime


class RefusalOut(BaseModel):
    """A price that was not let out, and why; what is out stays."""

    channel: str
    supplier: str
    supplier_sku: str
    title: str | None
    currency: str
    reason: str = Field(examples=["below_floor"])
    detail: str = Field(description="What exactly, and what was expected.")
    rule: str | None
    price: Decimal | None = Field(description="The one that was refused.")
    published_price: Decimal | None = Field(description="The one that is out.")
    floor_price: Decimal | None = Field(description="The lowest that earns what the floor asks for.")
    net_cash: Decimal | None = Field(description="Cash profit at the refused price.")
    least_profit: Decimal | None = Field(description="Cash profit that the floor asks for.")
    run_id: str
    refused_at: datetime


class PriceEvent(BaseModel):
    """One change of a price."""

    changed_at: datetime
    run_id: str
    currency: str
    before: Decimal | None
    after: Decimal
    cause: str = Field(examples=["rate"])
    rule: str
    rules_version: int
    net_cash: Decimal = Field(description="Cash profit of a sale at the price after.")
    least_profit: Decimal
    approval_id: str | None
    bulletin: str | None


@router.get("/prices")
def list_prices(
    request: Request, response: Response, who: SomeReader, asked: Annotated[PriceQuery, Query()]
) -> Page[PriceOut]:
    """The prices that are out, by channel and offer."""
    found = published.list_prices(
        pricing_of(request, who), asked.limit + 1, channel=asked.channel, scopes=seen(who),
        after=_place(open_cursor(request, asked.cursor)),
    )  # fmt: skip
    shown = [PriceOut(**row) for row in found]
    return page(request, response, shown, asked.limit, _told(shown, asked.limit))


@router.get("/prices/refused")
def list_refusals(
    request: Request, response: Response, who: SomeReader, asked: Annotated[RefusalQuery, Query()]
) -> Page[RefusalOut]:
    """The prices that the last run did not let out, by channel and offer."""
    found = published.list_refusals(
        pricing_of(request, who), asked.limit + 1, channel=asked.channel, reason=asked.reason, scopes=seen(who),
        after=_place(open_cursor(request, asked.cursor)),
    )  # fmt: skip
    shown = [RefusalOut(**row) for row in found]
    return page(request, response, shown, asked.limit, _told(shown, asked.limit))


@router.get("/prices/{channel}/{supplier}/{sku:path}/history")
def show_history(
    request: Request, response: Response, channel: ChannelName, supplier: SupplierName, sku: Sku,
    who: Annotated[Principal, Allow(Permission.PRICING_READ, CHANNEL)], asked: Annotated[PageQuery, Query()],
) -> Page[PriceEvent]:  # fmt: skip
    """What happened to the price of an offer on a channel and why, the newest first."""
    place, limit = open_cursor(request, asked.cursor), asked.limit
    before = (datetime.fromisoformat(str(place[0])), str(place[1])) if place else None
    found = published.price_history(pricing_of(request, who), (channel, supplier, sku), limit + 1, before)
    shown = [PriceEvent(**row) for row in found]
    last = shown[limit - 1] if len(shown) > limit else None
    return page(request, response, shown, limit, [last.changed_at.isoformat(), last.run_id] if last else [])


@router.post("/price-refreshes", status_code=202)
def refresh_prices(request: Request, response: Response, who: Refresher, key: Key = None) -> RunOut:
    """Have every price made anew by the active rules, and let out what changed and keeps its floor."""
    pricing = pricing_of(request, who)
    return ask(request, response, who, "refresh-prices", {}, key=key, check=lambda: _check_rules(pricing))


def _check_rules(pricing: Pricing) -> None:
    try:
        get_rules(pricing)
    except NotFound as error:  # nothing that the address names
        raise Refused(str(error)) from None


def _told(shown: list[PriceOut] | list[RefusalOut], limit: int) -> list[str | int]:
    if len(shown) <= limit:
        return []
    last = shown[limit - 1]
    return [last.channel, last.supplier, last.supplier_sku]


def _place(told: list[str | int] | None) -> PriceKey | None:
    if told is None:
        return None
    channel, supplier, supplier_sku = map(str, told)
    return channel, supplier, supplier_sku

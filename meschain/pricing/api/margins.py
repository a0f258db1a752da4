"""Routes around the margins of the whole catalogue: what each channel earns, what loses, and to compute them anew."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from meschain.pricing import margins, published
from meschain.pricing.api.context import pricing_of
from meschain.pricing.api.scope import Refresher, SomeReader, seen
from meschain.runs.schemas import Key, RunOut, ask
from meschain.web.cursors import Limit

router = APIRouter(tags=["margins"])
OneChannel = Annotated[str | None, Query(max_length=63, description="Only on this channel.")]


class LoserOut(BaseModel):
    """An offer that loses cash; amounts with VAT, in the currency of the channel."""

    channel: str
    supplier: str
    supplier_sku: str
    title: str | None
    currency: str
    sale: Decimal = Field(description="Its price.")
    cost: Decimal
    commission: Decimal
    cargo: Decimal
    payable_vat: Decimal
    net_cash: Decimal
    net_economic: Decimal


class ChannelMarginsOut(BaseModel):
    """What the offers of a channel earn if one of each is sold at its present price."""

    channel: str
    currency: str
    offers: int = Field(description="Those whose margin is known.")
    losing: int = Field(description="Those of them that lose cash.")
    sale: Decimal
    sale_net: Decimal
    cost: Decimal
    commission: Decimal
    cargo: Decimal
    payable_vat: Decimal
    withholding: Decimal
    net_cash: Decimal
    net_economic: Decimal
    expected_profit: Decimal = Field(description="Cash profit with the returns that are to be expected.")
    median_margin: Decimal | None = Field(description="Cash profit as a part of the price without VAT.")
    computed_at: datetime


@router.get("/margins/losers")
def list_losers(request: Request, who: SomeReader, limit: Limit = 20, channel: OneChannel = None) -> list[LoserOut]:
    """The offers that lose the most cash, worst first, as last computed."""
    pricing = pricing_of(request, who)
    found = margins.list_losers(pricing, limit, published.seen_channels(pricing, seen(who), channel))
    return [LoserOut(**row) for row in found]


@router.get("/margins/channels")
def list_channel_margins(request: Request, who: SomeReader) -> list[ChannelMarginsOut]:
    """What each channel that the caller may see earns, as last computed."""
    return [ChannelMarginsOut(**row) for row in published.channel_margins(pricing_of(request, who), seen(who))]


@router.post("/margin-computations", status_code=202)
def compute_margins(request: Request, response: Response, who: Refresher, key: Key = None) -> RunOut:
    """Have the margin of every offer on every channel computed anew."""
    return ask(request, response, who, "compute-margins", {}, key=key)

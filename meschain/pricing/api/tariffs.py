"""Routes around cargo tariffs: what carriers ask for a parcel, from a day on, on one channel or on all."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Annotated, Self

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from connectors.tariffs.tariff import TariffRate, carrier_key
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.access.rules import NotFound
from meschain.pricing import tariffs
from meschain.pricing.api.bodies import Currency, Dated, Fault, Named, invalid
from meschain.pricing.api.context import pricing_of
from meschain.pricing.api.schemas import Body
from meschain.pricing.api.scope import (
    SomeReader,
    SomeWriter,
    knows,
    require_for,
    seen,
    the_channel,
    the_currency,
)
from meschain.pricing.context import Pricing
from meschain.pricing.tables import CargoTariff
from meschain.pricing.terms import Amount
from meschain.web.answers import StoreRoute
from meschain.web.cursors import Cursor, Limit, Page, open_cursor, page

router = APIRouter(tags=["tariffs"], route_class=StoreRoute)
TariffId = Annotated[str, Path(alias="tariff", max_length=64, examples=["01a21e25-4f8e-743b-a896-4b66542a4cdc"])]
_MOST_AMOUNTS = 100_000


class TariffRow(Body):
    """What a carrier asks for parcels up to a weight, with prices from one up to, but not with, another."""

    carrier: str = Field(min_length=1, max_length=80, examples=["Aras"])
    desi: int = Field(ge=1, le=tariffs.HEAVIEST, description="The heaviest parcel of the row.", examples=[2])
    price_from: Amount = Field(default=Decimal(0), description="Of what is in the parcel, with VAT.")
    price_below: Amount | None = Field(default=None, description="null: there is no higher price.")
    amount: Amount = Field(gt=0, description="With VAT.", examples=["83.93"])


class NewTariffBody(Dated):
    """A tariff to add. The bands of a weight begin at 0, follow one another without a gap, and the last has no end."""

    channel: Named | None = Field(default=None, description="null: every channel that has none of its own.")
    currency: Currency | None = Field(default=None, description="null: that of the channel, otherwise TRY.")
    rows: list[TariffRow] = Field(
        min_length=1, max_length=tariffs.MOST_ROWS,
        examples=[[{"carrier": "Aras", "desi": 2, "price_from": "0", "price_below": None, "amount": "83.93"}]],
    )  # fmt: skip


class TariffOut(BaseModel):
    """A tariff, without its rows."""

    id: str
    channel: str | None = Field(description="null: every channel of that currency that has none of its own.")
    currency: str
    since: date
    until: date | None
    source: str
    carriers: list[str]
    heaviest: int = Field(description="The heaviest parcel of any carrier, in desi.")
    row_count: int
    created_at: datetime
    created_by: str

    @classmethod
    def of(cls, row: CargoTariff) -> Self:
        """From what the store has."""
        told = {name: getattr(row, name) for name in ("id", "currency", "since", "until", "source")}
        return cls.model_validate(
            {
                **told, "channel": row.channel or None, "created_at": row.created_at, "created_by": row.created_by,
                "carriers": sorted({rate["carrier"] for rate in row.rates}), "row_count": len(row.rates),
                "heaviest": max(rate["desi"] for rate in row.rates), "rows": row.rates,
            }
        )  # fmt: skip


class TariffDetail(TariffOut):
    """A tariff with its rows."""

    rows: list[TariffRow]


@router.get("/tariffs")
def list_tariffs(
    request: Request, response: Response, who: SomeReader, limit: Limit = 50, cursor: Cursor = None
) -> Page[TariffOut]:
    """The tariffs by channel, currency and day: for the channels that the caller may see, and for all of them."""
    place = open_cursor(request, cursor)
    after = (str(place[0]), str(place[1]), date.fromisoformat(str(place[2]))) if place else None
    found = tariffs.list_tariffs(pricing_of(request, who), scopes=seen(who), after=after, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    told: list[str | int] = [last.channel, last.currency, last.since.isoformat()] if last else []
    return page(request, response, [TariffOut.of(row) for row in found], limit, told)


@router.get("/tariffs/{tariff}")
def get_tariff(request: Request, tariff: TariffId, who: SomeReader) -> TariffDetail:
    """One tariff with its rows."""
    return TariffDetail.of(_the_tariff(pricing_of(request, who), who, tariff))


@router.post("/tariffs", status_code=201)
def add_tariff(request: Request, response: Response, body: NewTariffBody, who: SomeWriter) -> TariffDetail:
    """Let a tariff hold from a day on; the one before ends there. For every channel, one must be allowed to for all."""
    require_for(request, who, Permission.PRICING_WRITE, body.channel)
    pricing = pricing_of(request, who)
    currency = the_currency(the_channel(pricing, body.channel), body.currency)
    if faults := list(band_faults(body.rows)):
        raise invalid(faults)
    added = tariffs.add_tariff(
        pricing, [TariffRate(**row.model_dump()) for row in body.rows], since=body.since, until=body.until,
        source=body.source, channel=body.channel or "", currency=currency,
    )  # fmt: skip
    response.headers["Location"] = f"/v1/tariffs/{added.id}"
    return TariffDetail.of(added)


@router.delete("/tariffs/{tariff}", status_code=204)
def remove_tariff(request: Request, tariff: TariffId, who: SomeWriter) -> Response:
    """Take a tariff back as if it had never been."""
    pricing = pricing_of(request, who)
    found = _the_tariff(pricing, who, tariff)
    require_for(request, who, Permission.PRICING_WRITE, found.channel)
    tariffs.remove_tariff(pricing, found.id)
    return Response(status_code=204)


def _the_tariff(pricing: Pricing, who: Principal, tariff_id: str) -> CargoTariff:
    """The tariff; NotFound if there is none, or none that the caller may know of."""
    found = tariffs.get_tariff(pricing, tariff_id)
    if not knows(who, found.channel):
        raise NotFound(f"there is no tariff {tariff_id!r}")
    return found


def band_faults(rows: Sequence[TariffRow]) -> Iterator[Fault]:
    """What is wrong with rows as one tariff, beside what is wrong with each of them."""
    ordered = sorted(enumerate(rows), key=lambda each: (carrier_key(each[1].carrier), each[1].desi, each[1].price_from))
    amounts = 0
    for _, of_carrier in groupby(ordered, key=lambda each: carrier_key(each[1].carrier)):
        lighter = 0
        for desi, found in groupby(of_carrier, key=lambda each: each[1].desi):
            bands = list(found)
            yield from _gaps(bands)
            amounts, lighter = amounts + len(bands) * (desi - lighter), desi
    if amounts > _MOST_AMOUNTS:
        yield ("rows",), f"they say {amounts} amounts, one for each desi and band; expected {_MOST_AMOUNTS} at most"


def _gaps(bands: Sequence[tuple[int, TariffRow]]) -> Iterator[Fault]:
    number, first = bands[0]
    if first.price_from != 0:
        yield (
            ("rows", number, "price_from"),
            f"expected 0: nothing is said of {first.carrier}, {first.desi} desi, below it",
        )
    for (number, band), (following, after) in pairwise(bands):
        if band.price_below is None or band.price_below <= band.price_from:
            yield ("rows", number, "price_below"), f"expected a price above {band.price_from}: another band follows"
        elif after.price_from != band.price_below:
            yield ("rows", following, "price_from"), f"expected {band.price_below}, where the band before it ends"
    number, last = bands[-1]
    if last.price_below is not None:
        yield (
            ("rows", number, "price_below"),
            f"expected null: nothing is said of {last.carrier}, {last.desi} desi, above it",
        )

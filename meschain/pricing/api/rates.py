"""Routes around rates of exchange: what the banks published, and decisions about what is held. Flows fetch them."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from meschain.access.guard import Allow
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.pricing import rates
from meschain.pricing.api.context import Day, SourceName, pricing_of
from meschain.pricing.api.schemas import BulletinDecisionBody, BulletinDetail, BulletinOut, RateRefreshBody
from meschain.pricing.banks import Source
from meschain.pricing.tables import BulletinStatus
from meschain.runs.schemas import Key, RunOut, ask
from meschain.web.answers import StoreRoute
from meschain.web.cursors import Cursor, Limit, Page, open_cursor, page
from meschain.web.problems import documented

router = APIRouter(tags=["rates"], route_class=StoreRoute)
Reader = Annotated[Principal, Allow(Permission.PRICING_READ)]
Decider = Annotated[Principal, Allow(Permission.PRICING_APPROVE)]
_NO_NOTE, _EVERY_BANK = BulletinDecisionBody(), RateRefreshBody()


class BulletinQuery(BaseModel):
    """Which bulletins to list."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit = 50
    cursor: Cursor = None
    source: Source | None = Field(default=None, description="Only those of this bank.")
    status: BulletinStatus | None = Field(default=None, description="Only those that are this now.")


@router.get("/rates")
def list_bulletins(
    request: Request, response: Response, who: Reader, asked: Annotated[BulletinQuery, Query()]
) -> Page[BulletinOut]:
    """The bulletins that are kept, without their rates, the newest first."""
    place = open_cursor(request, asked.cursor)
    before = (date.fromisoformat(str(place[0])), str(place[1])) if place else None
    found = rates.list_bulletins(pricing_of(request, who), asked.source, asked.status, before, asked.limit + 1)
    shown = [BulletinOut.of(each) for each in found]
    last = shown[asked.limit - 1] if len(shown) > asked.limit else None
    return page(request, response, shown, asked.limit, [last.day.isoformat(), last.source] if last else [])


@router.get("/rates/{source}/{day}")
def get_bulletin(request: Request, source: SourceName, day: Day, who: Reader) -> BulletinDetail:
    """One bulletin with its rates."""
    return BulletinDetail.of(rates.get_bulletin(pricing_of(request, who), source, day))


@router.post("/rates/{source}/{day}/approval", responses=documented(412))
def approve_bulletin(
    request: Request, source: SourceName, day: Day, who: Decider, body: BulletinDecisionBody = _NO_NOTE
) -> BulletinDetail:
    """Let the rates of a held bulletin be used."""
    return _decide(request, who, (source, day), body, accept=True)


@router.post("/rates/{source}/{day}/rejection", responses=documented(412))
def reject_bulletin(
    request: Request, source: SourceName, day: Day, who: Decider, body: BulletinDecisionBody = _NO_NOTE
) -> BulletinDetail:
    """Leave a held bulletin out; what was used before is used further."""
    return _decide(request, who, (source, day), body, accept=False)


@router.post("/rate-refreshes", status_code=202)
def refresh_rates(
    request: Request, response: Response, body: RateRefreshBody = _EVERY_BANK, *,
    who: Annotated[Principal, Allow(Permission.PRICING_REFRESH)], key: Key = None,
) -> RunOut:  # fmt: skip
    """Have the newest rates fetched, and kept or held."""
    return ask(request, response, who, "refresh-rates", {"source": body.source}, key=key)


def _decide(
    request: Request, who: Principal, place: tuple[str, date], body: BulletinDecisionBody, *, accept: bool
) -> BulletinDetail:
    decided = rates.decide_bulletin(
        pricing_of(request, who), *place, accept=accept, note=body.note, version=body.version
    )
    return BulletinDetail.of(decided)

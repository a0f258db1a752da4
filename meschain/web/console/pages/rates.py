"""Pages of rates of exchange: what the banks published, and the decision about what is held."""

from typing import Annotated, get_args

from fastapi import APIRouter, Response

from commerce.errors import MesChainError
from meschain.access.permissions import Permission
from meschain.pricing.api import rates as api
from meschain.pricing.api.context import Day, SourceName
from meschain.pricing.api.schemas import BulletinDecisionBody, BulletinOut, ExchangeRate
from meschain.pricing.banks import SOURCES, Source
from meschain.pricing.tables import BulletinStatus
from meschain.web.console.pages.rows import paging
from meschain.web.console.places import ACTS, PAGES
from meschain.web.console.views import rates as views
from meschain.web.console.views.catalog import Decision
from meschain.web.console.views.page import EMPTY, Form
from meschain.web.console.visits import Entered, Visit

router = APIRouter()
Reader = Annotated[Visit, Entered(Permission.PRICING_READ)]
Decider = Annotated[Visit, Entered(Permission.PRICING_APPROVE)]
_MOST_HELD = 20


@router.get(PAGES["rates"])
def list_rates(visit: Reader) -> Response:
    """The newest bulletins, and those that wait for a decision."""
    source = next((each for each in SOURCES if each == visit.asked("source")), None)
    status = next((each for each in get_args(BulletinStatus) if each == visit.asked("status")), None)
    asked = api.BulletinQuery(limit=50, cursor=visit.asked("cursor") or None, source=source, status=status)
    found = api.list_bulletins(visit.request, Response(), visit.who, asked)
    waiting = api.list_bulletins(
        visit.request, Response(), visit.who, api.BulletinQuery(limit=_MOST_HELD, source=source, status="held")
    )
    view = views.Rates(
        held=tuple(map(_row, waiting.items)), rows=tuple(map(_row, found.items)), source=source or "",
        status=status or "", paging=paging(visit, found.next),
    )  # fmt: skip
    return visit.show(view)


@router.get(PAGES["bulletin"])
def show_bulletin(visit: Reader, source: SourceName, day: Day) -> Response:
    """One bulletin with its rates."""
    return visit.show(_bulletin(visit, source, day))


@router.post(ACTS["approve-rates"])
def approve_rates(visit: Decider, source: SourceName, day: Day) -> Response:
    """Let the rates of a held bulletin be used."""
    try:
        api.approve_bulletin(visit.request, source, day, visit.who, _decision(visit))
    except MesChainError as error:
        return _refused(visit, source, day, error)
    return visit.go("rates", "rates-approved")


@router.post(ACTS["reject-rates"])
def reject_rates(visit: Decider, source: SourceName, day: Day) -> Response:
    """Leave a held bulletin out."""
    try:
        api.reject_bulletin(visit.request, source, day, visit.who, _decision(visit))
    except MesChainError as error:
        return _refused(visit, source, day, error)
    return visit.go("rates", "rates-rejected")


@router.post(ACTS["refresh-rates"])
def refresh_rates(visit: Annotated[Visit, Entered(Permission.PRICING_REFRESH)]) -> Response:
    """Have the newest rates fetched."""
    asked = api.refresh_rates(visit.request, Response(), who=visit.who, key=visit.key)
    return visit.go("trigger", "flow-started", trigger=asked.id)


def _decision(visit: Visit) -> BulletinDecisionBody:
    """Why, and about which version: what has been published since is not decided."""
    return BulletinDecisionBody(note=visit.given("note")[:500], version=visit.number("version"))


def _refused(visit: Visit, source: Source, day: Day, error: MesChainError) -> Response:
    form, status = visit.form(error)
    return visit.show(_bulletin(visit, source, day, form), status)


def _bulletin(visit: Visit, source: Source, day: Day, form: Form = EMPTY) -> views.Bulletin:
    found = api.get_bulletin(visit.request, source, day, visit.who)
    decision = None
    if found.decided_at is not None:
        by = visit.name_of(found.decided_by)
        decision = Decision(by=by, at=found.decided_at, note=found.decision_note or "")
    return views.Bulletin(
        row=_row(found), rates=_rates(found.rates), used=_rates(found.used or []), decision=decision, form=form
    )  # fmt: skip


def _row(found: BulletinOut) -> views.BulletinRow:
    return views.BulletinRow(
        source=found.source, day=found.day, number=found.number, status=found.status, fetched_at=found.fetched_at,
        jumps=tuple(views.Jump(**each.model_dump()) for each in found.findings), version=found.version,
    )  # fmt: skip


def _rates(found: list[ExchangeRate]) -> tuple[views.RateRow, ...]:
    return tuple(views.RateRow(each.base, each.quote, each.buying, each.selling) for each in found)

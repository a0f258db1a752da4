"""Pages of fees, taxes and habits: what was stated with its days and its source, and the reference beneath it."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Response

from commerce.errors import MesChainError
from meschain.access.permissions import Permission
from meschain.access.rules import NotFound
from meschain.pricing import service
from meschain.pricing.api.scope import seen
from meschain.pricing.context import Pricing
from meschain.pricing.resolution import holding
from meschain.pricing.tables import PricingTerm
from meschain.pricing.terms import Term, reference_terms
from meschain.store.base import utc_now
from meschain.web.console.language import N_, Message
from meschain.web.console.pages.desk import CHANNEL, channels_of, pricing_of, states_of
from meschain.web.console.places import ACTS, PAGES
from meschain.web.console.term_kinds import NAMES, kind_of, read_term, shown
from meschain.web.console.typed import Typed
from meschain.web.console.views import terms as views
from meschain.web.console.views.page import EMPTY, Choice, Form
from meschain.web.console.visits import Entered, Visit

router = APIRouter()
Reader = Annotated[Visit, Entered(Permission.PRICING_READ, CHANNEL, partly=True)]
Writer = Annotated[Visit, Entered(Permission.PRICING_WRITE)]
_CONDITIONS = ("channel", "supplier", "brand", "category")
_ORDER = {name: number for number, name in enumerate(NAMES)}
_TOO_EARLY = Message(N_("It would end before it begins."))


@router.get(PAGES["terms"])
def list_terms(visit: Reader) -> Response:
    """What was stated for the channels that one may see and for all of them, and the reference."""
    pricing = pricing_of(visit)
    today, stated = pricing.day_of(utc_now()), service.list_terms(pricing, scopes=seen(visit.who))
    states = _states(stated, today)
    rows = sorted((_row(each, states[each.id]) for each in stated), key=lambda row: _ORDER.get(row.name, len(_ORDER)))
    reference = tuple(_reference(name, today) for name in NAMES)
    return visit.show(
        views.Terms(rows=tuple(rows), reference=tuple(each for each in reference if each is not None))
    )  # fmt: skip


@router.get(PAGES["new-term"])
def show_new_term(visit: Writer) -> Response:
    """A value to be stated: which term it is of, then the rest."""
    name = visit.asked("name")
    return visit.show(_new(visit, pricing_of(visit), name if name in NAMES else ""))


@router.post(ACTS["add-term"])
def add_term(visit: Writer) -> Response:
    """State a value."""
    pricing, typed = pricing_of(visit), Typed(visit.posted)
    name = typed.choice("name", NAMES, needed=True)
    if not name:
        return visit.show(_new(visit, pricing, "", visit.form_with(typed.errors)), 422)
    new = _stated(typed, name, [each.slug for each in channels_of(visit, pricing)])
    try:
        if new is None:
            return visit.show(_new(visit, pricing, name, visit.form_with(typed.errors)), 422)
        service.state_term(pricing, new)
    except MesChainError as error:
        form, status = visit.form(error)
        return visit.show(_new(visit, pricing, name, form), status)
    return visit.go("terms", "term-added")


@router.get(PAGES["term"])
def show_term(visit: Reader, term: str) -> Response:
    """One stated value, of a channel that one may see or of all."""
    return visit.show(_term(visit, term))


@router.post(ACTS["end-term"])
def end_term(visit: Writer, term: str) -> Response:
    """Let it hold until the day before one."""
    typed = Typed(visit.posted)
    until = typed.day("until", needed=True)
    try:
        if until is None:
            return visit.show(_term(visit, term, visit.form_with(typed.errors)), 422)
        service.end_term(pricing_of(visit), term, until)
    except MesChainError as error:
        form, status = visit.form(error)
        return visit.show(_term(visit, term, form), status)
    return visit.go("term", "term-ended", term=term)


@router.post(ACTS["remove-term"])
def remove_term(visit: Writer, term: str) -> Response:
    """Take it back as if it had never been stated."""
    service.remove_term(pricing_of(visit), term)
    return visit.go("terms", "term-removed")


def _stated(typed: Typed, name: str, channels: list[str]) -> service.NewTerm | None:
    """What the form states; None while something has to be mended."""
    value = read_term(typed, "value", name, needed=True)
    since, until = typed.day("since", needed=True), typed.day("until")
    if since is not None and until is not None and until <= since:
        typed.errors["until"] = _TOO_EARLY
    channel, source = typed.choice("channel", channels), typed.text("source", 500, needed=True)
    others = {each: typed.text(each, 300) for each in _CONDITIONS[1:]}
    if typed.errors or since is None:
        return None
    return service.NewTerm(
        name=name, value=value, since=since, until=until, source=source, channel=channel, **others
    )  # fmt: skip


def _new(visit: Visit, pricing: Pricing, name: str, form: Form = EMPTY) -> views.NewTerm:
    today = pricing.day_of(utc_now())
    return views.NewTerm(
        name=name, names=NAMES, today=today, reference=_reference(name, today) if name else None, form=form,
        channels=tuple(Choice(each.slug, each.name) for each in channels_of(visit, pricing)),
    )  # fmt: skip


def _term(visit: Visit, term: str, form: Form = EMPTY) -> views.Term:
    pricing = pricing_of(visit)
    stated = service.list_terms(pricing, scopes=seen(visit.who))
    found = next((each for each in stated if each.id == term), None)
    if found is None:
        raise NotFound(f"there is no term {term[:80]!r}")
    today = pricing.day_of(utc_now())
    return views.Term(
        row=_row(found, _states(stated, today)[found.id]), stated_at=found.created_at,
        stated_by=visit.name_of(found.created_by), today=today, form=form,
    )  # fmt: skip


def _states(stated: Sequence[PricingTerm], today: date) -> dict[str, views.State]:
    """How each stated value stands today."""
    named = ((each.id, (each.name, *(getattr(each, one) for one in _CONDITIONS))) for each in stated)
    dated = zip(named, stated, strict=True)
    return states_of(((value_id, what, each.since, each.until) for (value_id, what), each in dated), today)


def _row(term: PricingTerm, state: views.State) -> views.TermRow:
    conditions = {name: getattr(term, name) for name in _CONDITIONS if getattr(term, name)}
    return views.TermRow(
        id=term.id, name=term.name, value=shown(term.name, term.value), kind=kind_of(term.name),
        conditions=conditions, since=term.since, until=term.until, source=term.source,
        state=state,
    )  # fmt: skip


def _reference(name: str, today: date) -> views.TermRow | None:
    """What the shipped reference says of a term on that day."""
    found: Term | None = holding([term for term in reference_terms() if term.name == name], today)
    if found is None:
        return None
    return views.TermRow(
        name=name, value=shown(name, found.value), kind=kind_of(name), conditions={}, since=found.since,
        until=found.until, source=found.source,
    )  # fmt: skip

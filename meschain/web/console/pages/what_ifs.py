"""Pages of what-ifs: which were asked, a form for another, and what one would do to the margins of the catalogue."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Response

from commerce.currency import ISO_4217
from commerce.errors import MesChainError, Refused
from meschain.access.permissions import Permission
from meschain.pricing import scenarios
from meschain.pricing.tables import Scenario
from meschain.pricing.what_if import parse_changes
from meschain.runs.service import find_newest, find_wish
from meschain.store.ids import new_id
from meschain.web.console.charts import margins_picture
from meschain.web.console.language import N_, Message
from meschain.web.console.pages.desk import ask, channels_of, made, pricing_of
from meschain.web.console.pages.flows import runner_alive
from meschain.web.console.pages.rows import paging
from meschain.web.console.places import ACTS, PAGES
from meschain.web.console.term_kinds import NAMES, kind_of, read_term, shown
from meschain.web.console.typed import MISSING, Typed
from meschain.web.console.views import margins as views
from meschain.web.console.views.page import EMPTY, Choice, Form
from meschain.web.console.visits import Entered, Visit
from meschain.web.cursors import make_cursor, open_cursor

router = APIRouter()
Reader = Annotated[Visit, Entered(Permission.PRICING_READ)]
Asker = Annotated[Visit, Entered(Permission.PRICING_REFRESH)]
TERM_ROWS, RATE_ROWS, TARIFF_ROWS = 3, 2, 2
_FLOW = "compute-scenario"
_LIMIT = 50
_TERMS = tuple(name for name in NAMES if kind_of(name) in {"rate", "amount", "days"} and name != "rate_jump")
"""What can change here: whatever is a number and counts for a margin."""
_GROWING = frozenset(name for name in _TERMS if kind_of(name) != "days") - {"vat_rate"}
"""To what something can be added."""
_LIVE = frozenset({"queued", "started"})
_NOTHING = N_("Say at least one change.")
_NO_SUM = Message(N_("Nothing can be added to this; give the value that it gets."))


@router.get(PAGES["what-ifs"])
def list_what_ifs(visit: Reader) -> Response:
    """What was asked, the newest first."""
    told = open_cursor(visit.request, visit.asked("cursor")[:8192] or None)
    found = scenarios.list_scenarios(pricing_of(visit), before=str(told[0]) if told else None, limit=_LIMIT + 1)
    after = make_cursor(visit.request, [found[_LIMIT - 1].id]) if len(found) > _LIMIT else None
    rows = tuple(_row(visit, each) for each in found[:_LIMIT])
    return visit.show(views.WhatIfs(rows=rows, paging=paging(visit, after)))


@router.get(PAGES["new-what-if"])
def show_new_what_if(visit: Asker) -> Response:
    """A what-if to be asked."""
    return visit.show(_new(visit))


@router.post(ACTS["ask-what-if"])
def ask_what_if(visit: Asker) -> Response:
    """Keep it and have it computed; sent twice, it is asked once."""
    pricing = pricing_of(visit)
    former = find_wish(pricing.engine, pricing.tenant_id, visit.key)
    if former is not None:
        return visit.go("what-if", scenario=former.parameters.get("scenario", ""))
    typed = Typed(visit.posted)
    changes = _changes(typed, [each.slug for each in channels_of(visit, pricing)])
    name = typed.text("name", 200)
    if typed.errors or not changes:
        return visit.show(_new(visit, visit.form_with(typed.errors, refused="" if typed.errors else _NOTHING)), 422)
    try:
        asked = scenarios.ask_scenario(pricing, name, changes)
    except MesChainError as error:
        form, status = visit.form(error)
        return visit.show(_new(visit, form), status)
    ask(visit, _FLOW, {"scenario": asked.id})
    return visit.go("what-if", scenario=asked.id)


@router.get(PAGES["what-if"])
def show_what_if(visit: Reader, scenario: str) -> Response:
    """What it would do, or how far its computation is."""
    return visit.show(_what_if(visit, scenario))


@router.get(PAGES["what-if-live"])
def follow_what_if(visit: Reader, scenario: str) -> Response:
    """How far its computation is."""
    return visit.show_part(_what_if(visit, scenario))


@router.post(ACTS["compute-what-if"])
def compute_what_if(visit: Asker, scenario: str) -> Response:
    """Have it computed anew, against the margins of today."""
    found = scenarios.get_scenario(pricing_of(visit), scenario)
    ask(visit, _FLOW, {"scenario": found.id})
    return visit.go("what-if", "flow-started", scenario=found.id)


def _new(visit: Visit, form: Form = EMPTY) -> views.NewWhatIf:
    channels = channels_of(visit, pricing_of(visit))
    return views.NewWhatIf(
        channels=tuple(Choice(each.slug, each.name) for each in channels), terms=_TERMS,
        currencies=tuple(sorted(ISO_4217)), form=form, rows=(TERM_ROWS, RATE_ROWS, TARIFF_ROWS),
        idempotency_key=visit.key or new_id(),
    )  # fmt: skip


def _changes(typed: Typed, channels: Collection[str]) -> list[dict[str, Any]]:
    """The changes that the rows of the form say; an empty row says none."""
    found = [_term(typed, n, channels) for n in range(TERM_ROWS)]
    found += [_currency(typed, n) for n in range(RATE_ROWS)]
    found += [_tariff(typed, n, channels) for n in range(TARIFF_ROWS)]
    return [each for each in found if each is not None]


def _term(typed: Typed, n: int, channels: Collection[str]) -> dict[str, Any] | None:
    field = f"amount-{n}"
    name, channel = typed.choice(f"term-{n}", _TERMS), typed.choice(f"channel-{n}", channels)
    if not name:
        if typed.text(field):
            typed.errors[f"term-{n}"] = MISSING
        return None
    if typed.choice(f"how-{n}", ("add", "value")) == "value":
        said = {"value": read_term(typed, field, name, needed=True)}
    else:
        added = typed.number(field, needed=True, signed=True)
        if name not in _GROWING:
            typed.errors[field] = _NO_SUM
        said = {"add": f"{added or 0:f}"}
    return _checked(typed, field, {"kind": "term", "name": name, "channel": channel, **said})


def _currency(typed: Typed, n: int) -> dict[str, Any] | None:
    currency = typed.choice(f"currency-{n}", ISO_4217)
    change = typed.rate(f"change-{n}", needed=bool(currency), least=-99, most=1_000)
    if change is not None and not currency:
        typed.errors[f"currency-{n}"] = MISSING
    if change is None or not currency:
        return None
    return {"kind": "rate", "currency": currency, "change_rate": str(change)}


def _tariff(typed: Typed, n: int, channels: Collection[str]) -> dict[str, Any] | None:
    channel = typed.choice(f"tariff-channel-{n}", channels)
    change = typed.rate(f"tariff-{n}", least=-99, most=1_000)
    if change is None:
        return None
    return {"kind": "tariff", "change_rate": str(change), "channel": channel}


def _checked(typed: Typed, field: str, change: dict[str, Any]) -> dict[str, Any]:
    """The change; what the pricing room has against it stands at its field."""
    if field not in typed.errors:
        try:
            parse_changes([change])
        except Refused as error:
            typed.errors[field] = str(error).removeprefix("change 1: ")
    return change


def _what_if(visit: Visit, scenario: str) -> views.WhatIf:
    pricing = pricing_of(visit)
    found = scenarios.get_scenario(pricing, scenario)
    asked, result = find_newest(pricing.engine, _FLOW, "scenario", found.id), found.result
    movers = [made(views.Mover, _exact(row)) for row in result.get("movers", ())]
    return views.WhatIf(
        row=_row(visit, found), compared_with=datetime.fromisoformat(result["computed_at"]) if result else None,
        channels=tuple(made(views.ChannelChange, _exact(row)) for row in result.get("channels", ())),
        movers=tuple(each for each in movers if each.difference < 0),
        picture=margins_picture(result.get("bins", ()), visit.language),
        state=asked.state if asked is not None else None, trigger=asked.id if asked is not None else "",
        message=(asked.message or "") if asked is not None else "",
        runner_alive=asked is None or asked.state not in _LIVE or runner_alive(visit),
    )  # fmt: skip


def _row(visit: Visit, found: Scenario) -> views.WhatIfRow:
    return views.WhatIfRow(
        id=found.id, name=found.name, changes=tuple(map(_change, found.changes)), created_at=found.created_at,
        created_by=visit.name_of(found.created_by), computed_at=found.computed_at,
    )  # fmt: skip


def _change(change: dict[str, Any]) -> views.Change:
    name = str(change.get("name", ""))
    exact = {each: Decimal(change[each]) for each in ("add", "change_rate") if change.get(each) is not None}
    return made(
        views.Change, {**change, **exact, "value": shown(name, change.get("value"))},
        term_kind=kind_of(name) if name in NAMES else "",
    )  # fmt: skip


_AMOUNTS = frozenset({"sale", "before", "after", "difference"})


def _exact(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the kept result with amounts as numbers."""
    return {name: Decimal(value) if name in _AMOUNTS else value for name, value in row.items()}

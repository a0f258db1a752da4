"""Pages of flows: what can be started, with which parameters, and what became of it."""

from typing import Annotated

from fastapi import APIRouter, Response

from commerce.errors import MesChainError, Transient
from meschain.access.permissions import Permission
from meschain.access.rules import NotFound
from meschain.catalog.api.context import SUPPLIER, catalog_of
from meschain.catalog.suppliers import list_suppliers
from meschain.runs import api
from meschain.runs.flows import BadParameters
from meschain.runs.schemas import RunOut
from meschain.runs.service import live_runners
from meschain.store.ids import new_id
from meschain.web.console.fields import PREFIX, Field, read_fields
from meschain.web.console.forms import read_posted, write_values
from meschain.web.console.pages.rows import paging, trigger_row
from meschain.web.console.places import ACTS, PAGES, url
from meschain.web.console.views import flows as views
from meschain.web.console.views.page import Form
from meschain.web.console.visits import Entered, Visit

router = APIRouter()
Reader = Annotated[Visit, Entered(Permission.FLOWS_READ, SUPPLIER, partly=True)]
Starter = Annotated[Visit, Entered()]
_LINES = 100
_NAMED = frozenset({"choice", "date", "integer", "number", "text"})
"""Kinds of fields that an address may fill in."""
_TOLD_ABOVE = frozenset({"name", "message", "run_id", "status", "supplier", "tenant"})
"""What of an outcome the page says already, or its run does."""
_RESULTS = {
    "compute-margins": ("margins", ""), "compute-scenario": ("what-if", "scenario"),
    "preview-prices": ("price-rule-set", "version"), "refresh-prices": ("prices", ""),
}  # fmt: skip
"""Of flows of prices: the page that shows what came of it, and the parameter that stands in its address."""
_ENDED = frozenset({"finished", "failed", "crashed", "cancelled"})


@router.get(PAGES["flows"])
def list_flows(visit: Reader) -> Response:
    """What can be started, and what was."""
    asked = api.RunQuery(limit=50, cursor=visit.asked("cursor") or None)
    found = api.list_runs(visit.request, Response(), visit.who, asked)
    view = views.Flows(
        flows=tuple(_row(each) for each in api.list_flows(visit.request, visit.who)),
        triggers=tuple(trigger_row(visit, each) for each in found.items), runner_alive=runner_alive(visit),
        paging=paging(visit, found.next),
    )  # fmt: skip
    return visit.show(view)


@router.get(PAGES["flow"])
def show_flow(visit: Starter, flow: str) -> Response:
    """The form to start a flow with, made from its parameters; what the address names stands in it already."""
    known = _flow(visit, flow)
    fields = _fields(visit, known)
    named = {each.key: visit.asked(each.name) for each in fields if each.kind in _NAMED and visit.asked(each.name)}
    return visit.show(_start(visit, known, fields, Form(values=write_values(fields) | named)))


@router.post(ACTS["start-flow"])
def start_flow(visit: Starter, flow: str) -> Response:
    """Start it; sent twice, it is started once."""
    known = _flow(visit, flow)
    fields = _fields(visit, known)
    read = read_posted(known.parameters, fields, visit.posted)
    if read.errors:
        return visit.show(_start(visit, known, fields, visit.form_with(read.errors)), 422)
    wish = api.Wish(parameters=read.parameters)
    try:
        asked = api.start_run(visit.request, Response(), flow, wish, visit.who, visit.key)
    except BadParameters as error:
        wrong = {f"{PREFIX}{name}": text for name, text in error.problems}
        return visit.show(_start(visit, known, fields, visit.form_with(wrong)), 422)
    except MesChainError as error:
        form, status = visit.form(error)
        return visit.show(_start(visit, known, fields, form), status)
    return visit.go("trigger", "flow-started", trigger=asked.id)


@router.get(PAGES["trigger"])
def show_trigger(visit: Reader, trigger: str) -> Response:
    """One start of a flow, also while it runs."""
    return visit.show(_trigger(visit, trigger))


@router.get(PAGES["trigger-live"])
def follow_trigger(visit: Reader, trigger: str) -> Response:
    """How far it is."""
    return visit.show_part(_trigger(visit, trigger))


@router.post(ACTS["cancel-trigger"])
def cancel_trigger(
    visit: Annotated[Visit, Entered(Permission.FLOWS_CANCEL, SUPPLIER, partly=True)], trigger: str
) -> Response:
    """Ask for its end."""
    api.cancel_run(visit.request, trigger, visit.who)
    return visit.go("trigger", "flow-cancelled", trigger=trigger)


@router.post(ACTS["retry-trigger"])
def retry_trigger(visit: Starter, trigger: str) -> Response:
    """Have it run again with the same parameters."""
    asked = api.retry_run(visit.request, Response(), trigger, visit.who, visit.key)
    return visit.go("trigger", "flow-started", trigger=asked.id)


def runner_alive(visit: Visit) -> bool:
    """Whether a flow runner works: what is started otherwise waits."""
    return bool(live_runners(visit.house.engine))


def _flow(visit: Visit, name: str) -> api.FlowOut:
    """The flow, if the reader may start it for something."""
    found = [each for each in api.list_flows(visit.request, visit.who) if each.name == name]
    if not found:
        raise NotFound(f"there is no flow {name[:80]!r} that you can start")
    return found[0]


def _fields(visit: Visit, flow: api.FlowOut) -> tuple[Field, ...]:
    """The form's fields; a supplier is chosen from those for which the reader may start it."""
    scopes = visit.who.scopes(flow.needs, SUPPLIER)
    slugs = [each.slug for each in list_suppliers(catalog_of(visit.request, visit.who), scopes=scopes)]
    return read_fields(flow.parameters, suppliers=slugs)


def _start(visit: Visit, flow: api.FlowOut, fields: tuple[Field, ...], form: Form) -> views.FlowStart:
    return views.FlowStart(
        flow=_row(flow), fields=fields, form=form, idempotency_key=visit.key or new_id(),
        runner_alive=runner_alive(visit),
    )  # fmt: skip


def _row(flow: api.FlowOut) -> views.FlowRow:
    return views.FlowRow(flow.name, flow.description, (), may_start=True)


def _trigger(visit: Visit, trigger: str) -> views.Trigger:
    found = api.get_run(visit.request, trigger, visit.who)
    lines, cut = _logs(visit, found)
    scope = (SUPPLIER, str(found.parameters["supplier"])) if found.parameters.get("supplier") else None
    startable = {each.name: each.needs for each in api.list_flows(visit.request, visit.who)}
    ended, needs = found.state in _ENDED, startable.get(found.flow)
    return views.Trigger(
        row=trigger_row(visit, found), message=found.message or "", attempts=found.attempts, logs=lines, logs_cut=cut,
        outcome={
            name: said for name, said in found.outcome.items()
            if name not in _TOLD_ABOVE and isinstance(said, str | int) and said != ""
        },
        sample=tuple(row for row in _listed(found.outcome.get("rows")) if isinstance(row, dict)),
        catalog_runs=tuple(each.run for each in found.progress), result_url=_result_url(found),
        request_id=found.request_id or "",
        runner_alive=ended or runner_alive(visit),
        may_cancel=not ended and visit.who.policy.allows(Permission.FLOWS_CANCEL, scope),
        may_retry=ended and needs is not None and visit.who.policy.allows(needs, scope),
    )  # fmt: skip


def _result_url(found: RunOut) -> str | None:
    """Where the result of a flow of prices is shown."""
    place, parameter = _RESULTS.get(found.flow, ("", ""))
    if found.state != "finished" or not place:
        return None
    return url(place, **({parameter: found.parameters.get(parameter, "")} if parameter else {}))


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _logs(visit: Visit, found: RunOut) -> tuple[tuple[views.LogLine, ...], bool]:
    """The last lines of its log, and whether there are earlier ones; none while the server that keeps them is away."""
    if found.flow_run_id is None:
        return (), False
    try:
        lines = visit.house.flow_logs.read_last(found.flow_run_id, _LINES + 1)
    except Transient:
        return (), False
    shown = lines[-_LINES:]
    return tuple(views.LogLine(line.at, line.level.upper(), line.text) for line in shown), len(lines) > _LINES

"""Routes by which tenants' people start flows and follow them. Nothing runs here: a wish is written down."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from meschain.access.guard import Allow, Anybody, access_of, require
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.access.rules import NotFound
from meschain.access.scopes import Scope
from meschain.catalog.runs import runs_of_flow
from meschain.catalog.suppliers import find_supplier
from meschain.runs import flows, service
from meschain.runs.logs import LogLine
from meschain.runs.schemas import Key, Progress, RunOut, place_of
from meschain.runs.tables import Flow, Trigger, TriggerState
from meschain.web.cursors import Cursor, Limit, Page, open_cursor, page
from meschain.wiring import House

router = APIRouter(tags=["flows"])
Reader = Annotated[Principal, Allow(Permission.FLOWS_READ, "supplier", partly=True)]
FlowName = Annotated[str, Path(max_length=100, examples=["sync-catalog"])]
RunId = Annotated[str, Path(max_length=64, examples=["01a21e25-4f8e-743b-a896-4b66542a4cdc"])]


class FlowOut(BaseModel):
    """A flow that can be started."""

    name: str
    description: str
    needs: Permission = Field(description="The permission that starting it needs.")
    parameters: dict[str, Any] = Field(description="JSON Schema of its parameters.")

    @classmethod
    def of(cls, flow: Flow, needs: Permission) -> "FlowOut":
        """From what the runner announced."""
        return cls(name=flow.name, description=flow.description, needs=needs, parameters=flows.schema_of(flow))


class Wish(BaseModel):
    """With which parameters to run; the tenant is the caller's own."""

    model_config = ConfigDict(extra="forbid")

    parameters: dict[str, Any] = Field(default={}, examples=[{"supplier": "acme-toys"}])


class LogLineOut(BaseModel):
    """An entry of a run's log."""

    at: datetime
    level: str = Field(examples=["info"])
    text: str

    @classmethod
    def of(cls, line: LogLine) -> "LogLineOut":
        """From the line."""
        return cls(**asdict(line))


class RunQuery(BaseModel):
    """Which runs to list."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit = 50
    cursor: Cursor = None
    flow: str | None = Field(default=None, max_length=100, description="Only runs of this flow.")
    state: TriggerState | None = Field(default=None, description="Only runs in this state.")


@router.get("/flows")
def list_flows(request: Request, who: Annotated[Principal, Anybody()]) -> list[FlowOut]:
    """The flows that the caller may start, for everything or for something."""
    known = [(flow, flows.needed(flow)) for flow in flows.list_flows(access_of(request).engine)]
    return [FlowOut.of(flow, needs) for flow, needs in known if needs is not None and _may_somewhere(who, needs)]


@router.post("/flows/{flow}/runs", status_code=202)
def start_run(
    request: Request, response: Response, flow: FlowName, body: Wish, who: Annotated[Principal, Anybody()],
    key: Key = None,
) -> RunOut:  # fmt: skip
    """Have a flow run: answered at once with the run's id, carried out by a flow runner."""
    access = access_of(request)
    known = flows.get_flow(access.engine, flow)
    _require(request, who, flows.needed(known), _scope(body.parameters))
    parameters = flows.check_parameters(known, body.parameters, who.tenant)
    _check_supplier(request, who, parameters)
    engine = access.of(who.tenant_id)
    asked = service.trigger(engine, flow, parameters, log=access.log, actor=who.actor, idempotency_key=key)
    return _told(response, asked)


@router.get("/flow-runs")
def list_runs(request: Request, response: Response, who: Reader, asked: Annotated[RunQuery, Query()]) -> Page[RunOut]:
    """Runs that the tenant's people asked for, as far as the caller may see them, the newest first."""
    place = open_cursor(request, asked.cursor)
    found = service.list_triggers(
        access_of(request).of(who.tenant_id), asked.limit + 1, before=str(place[0]) if place else None,
        flow=asked.flow, state=asked.state, scopes=who.scopes(Permission.FLOWS_READ, "supplier"),
    )  # fmt: skip
    shown = [RunOut.of(each) for each in found]
    return page(request, response, shown, asked.limit, [shown[asked.limit - 1].id] if len(shown) > asked.limit else [])


@router.get("/flow-runs/{run}")
def get_run(request: Request, run: RunId, who: Reader) -> RunOut:
    """A run as it stands now, and how far it is."""
    found = _found(request, who, run)
    return RunOut.of(found, _progress(request, who, found))


@router.get("/flow-runs/{run}/logs")
def read_logs(
    request: Request, response: Response, run: RunId, who: Reader,
    limit: Annotated[int, Query(ge=1, le=100, description="How many at most.")] = 100, cursor: Cursor = None,
) -> Page[LogLineOut]:  # fmt: skip
    """What the run's present attempt has written into its log, the oldest first."""
    found, place = _found(request, who, run), open_cursor(request, cursor)
    offset = int(place[0]) if place else 0
    logs = _house(request).flow_logs
    lines = logs.read(found.flow_run_id, offset=offset, limit=limit + 1) if found.flow_run_id else []
    return page(request, response, [LogLineOut.of(line) for line in lines], limit, [offset + limit])


@router.post("/flow-runs/{run}/cancellation", status_code=202)
def cancel_run(
    request: Request, run: RunId, who: Annotated[Principal, Allow(Permission.FLOWS_CANCEL, "supplier", partly=True)]
) -> RunOut:
    """Ask for the end of a run: one that waits ends at once, one under way as soon as it lets itself be ended."""
    found, access = _found(request, who, run), access_of(request)
    _require(request, who, Permission.FLOWS_CANCEL, _scope(found.parameters))
    return RunOut.of(service.cancel(access.of(who.tenant_id), run, log=access.log, actor=who.actor))


@router.post("/flow-runs/{run}/retry", status_code=202)
def retry_run(
    request: Request, response: Response, run: RunId, who: Annotated[Principal, Anybody()], key: Key = None
) -> RunOut:
    """Have the flow of a run that has ended run again with the same parameters, as a run of its own."""
    former, access = _found(request, who, run), access_of(request)
    flow = flows.get_flow(access.engine, former.flow)
    _require(request, who, flows.needed(flow), _scope(former.parameters))
    given = {name: value for name, value in former.parameters.items() if name != flows.TENANT}
    parameters = flows.check_parameters(flow, given, who.tenant)
    engine = access.of(who.tenant_id)
    return _told(
        response, service.retry(engine, run, parameters, log=access.log, actor=who.actor, idempotency_key=key)
    )  # fmt: skip


def _told(response: Response, asked: Trigger) -> RunOut:
    response.headers["Location"] = place_of(asked)
    return RunOut.of(asked)


def _require(request: Request, who: Principal, needs: Permission | None, scope: Scope | None) -> None:
    """Forbidden, and noted, unless the principal may do it."""
    if needs is None:
        raise NotFound("there is no such flow that can be started here")
    require(request, who, needs, scope)


def _scope(parameters: dict[str, Any]) -> Scope | None:
    """For what a run with these parameters is: a supplier, or the tenant as a whole."""
    supplier = parameters.get("supplier")
    return ("supplier", supplier) if isinstance(supplier, str) else None


def _may_somewhere(who: Principal, needs: Permission) -> bool:
    scopes = who.policy.scopes(needs, "supplier")
    return scopes is None or bool(scopes)


def _found(request: Request, who: Principal, run: str) -> Trigger:
    """The run; NotFound if there is none, or none that the caller may know of."""
    found = service.get_trigger(access_of(request).of(who.tenant_id), run)
    if not who.policy.allows(Permission.FLOWS_READ, _scope(found.parameters)):
        raise NotFound(f"there is no run {run!r}")
    return found


def _check_supplier(request: Request, who: Principal, parameters: dict[str, Any]) -> None:
    """NotFound for a supplier that is not there: the flow would only say so later."""
    scope, house = _scope(parameters), _house(request)
    if scope is not None and find_supplier(house.catalog(house.tenant(who.tenant), who.actor), scope[1]) is None:
        raise NotFound(f"there is no supplier {scope[1]!r}")


def _progress(request: Request, who: Principal, found: Trigger) -> list[Progress]:
    """The runs of suppliers that the flow has begun."""
    if found.flow_run_id is None or found.started_at is None:
        return []
    house = _house(request)
    catalog = house.catalog(house.tenant(who.tenant), who.actor)
    return [
        Progress(
            run=run.id, supplier=slug, kind=run.kind, status=run.status,
            counts={name: count for name, count in run.counts.items() if isinstance(count, int) and name != "seed"},
        )
        for run, slug in runs_of_flow(catalog, found.flow_run_id, found.started_at, found.finished_at)
    ]  # fmt: skip


def _house(request: Request) -> House:
    house: House = request.app.state.house
    return house

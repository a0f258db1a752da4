"""Routes by which tenants' people start flows and follow them. Nothing runs here: a wish is written down."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from commerce.errors import Refused
from meschain.access.guard import Allow, Anybody, access_of, note_refusal
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.access.rules import Forbidden, NotFound
from meschain.access.scopes import Scope
from meschain.audit.rules import Tag
from meschain.runs import flows, service
from meschain.runs.schemas import RunOut
from meschain.runs.tables import Flow, Trigger
from meschain.store.session import transaction
from meschain.web.cursors import Cursor, Limit, Page, open_cursor, page

router = APIRouter(tags=["flows"])
Reader = Annotated[Principal, Allow(Permission.FLOWS_READ)]
FlowName = Annotated[str, Path(max_length=100, examples=["sync-catalog"])]
RunId = Annotated[str, Path(max_length=64)]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key", min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$",
        description="What the sender calls this wish: sent again with the same body, it is the same run.",
    ),
]  # fmt: skip


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


@router.get("/flows")
def list_flows(request: Request, who: Annotated[Principal, Anybody()]) -> list[FlowOut]:
    """The flows that the caller may start, for everything or for something."""
    known = [(flow, flows.needed(flow)) for flow in flows.list_flows(access_of(request).engine)]
    return [FlowOut.of(flow, needs) for flow, needs in known if needs is not None and _may_somewhere(who, needs)]


@router.post("/flows/{flow}/runs", status_code=202)
def start_run(
    request: Request,
    response: Response,
    flow: FlowName,
    body: Wish,
    who: Annotated[Principal, Anybody()],
    key: Key = None,
) -> RunOut:
    """Have a flow run: answered at once with the run's id, carried out by a flow runner."""
    access = access_of(request)
    known = flows.get_flow(access.engine, flow)
    _require(request, who, flows.needed(known), _scope(body.parameters))
    parameters = flows.check_parameters(known, body.parameters, who.tenant)
    asked = service.trigger(
        access.of(who.tenant_id), flow, parameters, log=access.log, actor=who.actor, idempotency_key=key
    )
    response.headers["Location"] = f"/v1/flow-runs/{asked.id}"
    return RunOut.of(asked)


@router.get("/flow-runs")
def list_runs(
    request: Request, response: Response, who: Reader, limit: Limit = 50, cursor: Cursor = None, flow: str | None = None
) -> Page[RunOut]:
    """Runs that the tenant's people asked for, the newest first."""
    place = open_cursor(request, cursor)
    before = str(place[0]) if place else None
    found = service.list_triggers(access_of(request).of(who.tenant_id), limit + 1, before=before, flow=flow)
    shown = [RunOut.of(each) for each in found]
    return page(request, response, shown, limit, [shown[limit - 1].id] if len(shown) > limit else [])


@router.get("/flow-runs/{run}")
def get_run(request: Request, run: RunId, who: Reader) -> RunOut:
    """A run as it stands now."""
    return RunOut.of(_found(request, who, run))


@router.post("/flow-runs/{run}/cancellation", status_code=202)
def cancel_run(request: Request, run: RunId, who: Annotated[Principal, Allow(Permission.FLOWS_CANCEL)]) -> RunOut:
    """Ask for the end of a run: one that waits ends at once, one under way as soon as it lets itself be ended."""
    _found(request, who, run)
    access = access_of(request)
    return RunOut.of(service.cancel(access.of(who.tenant_id), run, log=access.log, actor=who.actor))


@router.post("/flow-runs/{run}/retry", status_code=202)
def retry_run(request: Request, response: Response, run: RunId, who: Annotated[Principal, Anybody()]) -> RunOut:
    """Have the same flow run again with the same parameters, as a run of its own."""
    former, access = _found(request, who, run), access_of(request)
    _require(request, who, flows.needed(flows.get_flow(access.engine, former.flow)), _scope(former.parameters))
    again = service.trigger(access.of(who.tenant_id), former.flow, former.parameters, log=access.log, actor=who.actor)
    with transaction(access.of(who.tenant_id)) as session:
        access.log.record(
            session, Tag.FLOW_RUN_RETRIED, who.actor, target=f"trigger {run}", after={"trigger": again.id}
        )
    response.headers["Location"] = f"/v1/flow-runs/{again.id}"
    return RunOut.of(again)


def _require(request: Request, who: Principal, needs: Permission | None, scope: Scope | None) -> None:
    """Forbidden, and noted, unless the principal may start it."""
    if needs is None:
        raise NotFound("there is no such flow that can be started here")
    try:
        who.require(needs, scope)
    except Forbidden as refusal:
        note_refusal(access_of(request), who, needs, str(refusal), scope)
        raise


def _scope(parameters: dict[str, Any]) -> Scope | None:
    supplier = parameters.get("supplier")
    return ("supplier", supplier) if isinstance(supplier, str) else None


def _may_somewhere(who: Principal, needs: Permission) -> bool:
    scopes = who.policy.scopes(needs, "supplier")
    return scopes is None or bool(scopes)


def _found(request: Request, who: Principal, run: str) -> Trigger:
    try:
        return service.get_trigger(access_of(request).of(who.tenant_id), run)
    except Refused as error:
        raise NotFound(str(error)) from None

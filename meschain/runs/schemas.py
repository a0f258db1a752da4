"""How a run that is asked for, or was, is told over the API, by whichever room it is asked for."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import Header, Request, Response
from pydantic import BaseModel, Field

from meschain.access.guard import access_of
from meschain.access.principal import Principal
from meschain.runs import flows, service
from meschain.runs.tables import Trigger, TriggerState

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key", min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$",
        description="What the sender calls this wish: sent again with the same content, it is the same run.",
        examples=["5f0c1f4e-order-17"],
    ),
]  # fmt: skip


class Progress(BaseModel):
    """How far a run of a supplier is that a flow has begun."""

    run: str = Field(description="Its id, as in `/v1/runs/{run}`.")
    supplier: str
    kind: str
    status: str
    counts: dict[str, int] = Field(
        description="Rows by what became of them; while it reads, only how many it has read."
    )


class RunOut(BaseModel):
    """A wish that a flow runs, and what became of it."""

    id: str
    flow: str
    state: TriggerState
    parameters: dict[str, Any]
    requested_by: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested_at: datetime | None
    attempts: int
    flow_run_id: str | None = Field(description="Prefect's id of the present attempt.")
    request_id: str | None = Field(description="The request that asked for it.")
    outcome: dict[str, Any] = Field(description="What the flow told of its result, and the name of its last state.")
    message: str | None
    progress: list[Progress] = Field(default=[], description="What it is at; told of a single run only.")

    @classmethod
    def of(cls, found: Trigger, progress: list[Progress] | None = None) -> "RunOut":
        """From the trigger."""
        parameters = {name: value for name, value in found.parameters.items() if name != flows.TENANT}
        names = cls.model_fields.keys() - {"parameters", "progress"}
        told = {name: getattr(found, name) for name in names}
        return cls(parameters=parameters, progress=progress or [], **told)


def ask(
    request: Request,
    response: Response,
    who: Principal,
    flow: str,
    parameters: dict[str, Any],
    *,
    key: str | None,
    check: Callable[[], object] = lambda: None,
) -> RunOut:
    """Have a flow run for the caller's tenant: what a route answers with 202, and where to follow it.

    `check` raises what speaks against it; it is not asked again for a wish that was made already, under this key.
    """
    access = access_of(request)
    engine, wanted = access.of(who.tenant_id), {**parameters, flows.TENANT: who.tenant}
    asked = service.find_wish(engine, who.tenant_id, key)
    if asked is None:
        check()
        asked = service.trigger(engine, flow, wanted, log=access.log, actor=who.actor, idempotency_key=key)
    service.check_same(asked, flow, wanted)
    response.headers["Location"] = place_of(asked)
    return RunOut.of(asked)


def place_of(found: Trigger) -> str:
    """Where a run is told of."""
    return f"/v1/flow-runs/{found.id}"

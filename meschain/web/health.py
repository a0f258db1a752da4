"""Whether the API lives, and whether it can work: for whoever watches over it. No numbers of any tenant, no names."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from commerce.errors import MesChainError
from meschain.runs.service import live_runners
from meschain.store.schema import is_current
from meschain.web.rates import count_probe
from meschain.wiring import House

router = APIRouter(tags=["health"], dependencies=[Depends(count_probe)])


class Live(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """What the API needs to work."""

    status: Literal["ok", "failing"]
    store: Literal["ok", "failing"]
    runners: int = Field(description="Flow runners seen within half a minute; without one, what is asked for waits.")
    seen_at: datetime | None = Field(description="When a runner was last seen.")


@router.get("/health/live")
async def live() -> Live:
    """Whether the process answers."""
    return Live()


@router.get("/health/ready", responses={503: {"model": Ready, "description": "The API cannot work."}})
def ready(request: Request, response: Response) -> Ready:
    """Whether the store answers and is of the right version, and which flow runners live."""
    house: House = request.app.state.house
    try:
        store: Literal["ok", "failing"] = "ok" if is_current(house.engine) else "failing"
        runners = live_runners(house.engine) if store == "ok" else []
    except MesChainError:
        store, runners = "failing", []
    response.status_code = 200 if store == "ok" else 503
    seen = max((runner.seen_at for runner in runners), default=None)
    return Ready(status=store, store=store, runners=len(runners), seen_at=seen)

"""How a run that was asked for is told over the API, by whichever room it was asked for."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from meschain.runs import flows
from meschain.runs.tables import Trigger, TriggerState


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
    flow_run_id: str | None = Field(description="Prefect's id of the present attempt.")
    request_id: str | None
    outcome: dict[str, Any]
    message: str | None

    @classmethod
    def of(cls, found: Trigger) -> "RunOut":
        """From the trigger."""
        parameters = {name: value for name, value in found.parameters.items() if name != flows.TENANT}
        names = cls.model_fields.keys() - {"parameters"}
        return cls(parameters=parameters, **{name: getattr(found, name) for name in names})

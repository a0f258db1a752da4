"""Tables of the runs room: what was asked to run, and the processes that run it. What a run did is told elsewhere."""

from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Enum, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from meschain.access.tables import Tenant
from meschain.store.base import Base, FreeText, Json, TenantOwned, utc_now
from meschain.store.ids import new_id

TriggerState = Literal["queued", "started", "finished", "failed", "crashed", "cancelled"]
Origin = Literal["outbox", "prefect"]


class Runner(Base):
    """A flow runner: the process of that name, and when it last said that it lives."""

    __tablename__ = "runs_runners"

    name: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    """When it ended in order; None while it works, and after it was killed."""


class Flow(Base):
    """What a flow runner last said can run here: a flow and the parameters it takes."""

    __tablename__ = "runs_flows"

    name: Mapped[str] = mapped_column(primary_key=True)
    """As a trigger names it, such as `sync-catalog`."""
    description: Mapped[str]
    parameters: Mapped[dict[str, Any]]
    """JSON Schema of its parameters."""
    tags: Mapped[list[str]] = mapped_column(Json)
    announced_at: Mapped[datetime] = mapped_column(default=utc_now)


class Trigger(TenantOwned, Base):
    """One wish that a flow runs, kept until it has been fulfilled; also a flow run that Prefect itself asked for."""

    __tablename__ = "runs_triggers"
    __table_args__ = (Index(None, "state", "requested_at"), UniqueConstraint("tenant_id", "idempotency_key"))

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    tenant_id: Mapped[str | None] = mapped_column(ForeignKey(Tenant.id))
    flow: Mapped[str]
    """Name of the flow, such as `sync-catalog`."""
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    origin: Mapped[Origin] = mapped_column(
        Enum(*get_args(Origin), name="origin", native_enum=False, create_constraint=True, length=32), default="outbox"
    )
    requested_by: Mapped[str]
    request_id: Mapped[str | None]
    """The request to the API that asked for it, for whoever follows it through the logs."""
    cancel_requested_at: Mapped[datetime | None]
    """When somebody asked for its end; the runner that has it in hand ends it."""
    idempotency_key: Mapped[str | None]
    """What its sender calls the wish: the same again is the same wish."""
    requested_at: Mapped[datetime] = mapped_column(default=utc_now)
    state: Mapped[TriggerState] = mapped_column(
        Enum(*get_args(TriggerState), name="state", native_enum=False, create_constraint=True, length=32),
        default="queued",
    )
    attempts: Mapped[int] = mapped_column(default=0)
    """How often a runner has begun with it."""
    runner: Mapped[str | None] = mapped_column(ForeignKey("runs_runners.name"))
    """Who has it in hand, while it is started."""
    flow_run_id: Mapped[str | None] = mapped_column(unique=True)
    """Prefect's id of the present (or last) attempt."""
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the flow returned: `name` of its last state and whatever it told about its result."""
    message: Mapped[str | None] = mapped_column(FreeText)

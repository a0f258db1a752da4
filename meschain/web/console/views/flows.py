"""Views of flows: what can be started, with which parameters, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from meschain.runs.tables import TriggerState
from meschain.web.console.fields import Field
from meschain.web.console.views.page import EMPTY, ONE_PAGE, Form, Paging, View


@dataclass(frozen=True, slots=True)
class FlowRow:
    """A flow that can be started."""

    name: str
    description: str
    tags: tuple[str, ...]
    may_start: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerRow:
    """A wish that a flow runs, and what became of it."""

    id: str
    flow: str
    parameters: Mapping[str, object]
    state: TriggerState
    requested_by: str
    requested_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    outcome: str = ""
    """Name of the flow's last state, such as Completed or Held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows(View):
    """What can be started, and what was."""

    template: ClassVar[str] = "flows.html"
    flows: tuple[FlowRow, ...]
    triggers: tuple[TriggerRow, ...]
    runner_alive: bool = True
    paging: Paging = ONE_PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStart(View):
    """Start a flow. Posts the fields (see `forms.PREFIX`) and `idempotency_key`."""

    template: ClassVar[str] = "flow.html"
    flow: FlowRow
    fields: tuple[Field, ...]
    form: Form = EMPTY
    idempotency_key: str
    """Made anew with the form: sending it twice starts the flow once."""
    runner_alive: bool = True


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a flow run's log."""

    at: datetime
    level: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger(View):
    """One start of a flow, also while it runs."""

    template: ClassVar[str] = "trigger.html"
    fragment: ClassVar[str] = "parts/trigger_progress.html"
    row: TriggerRow
    message: str = ""
    outcome: Mapping[str, object] = field(default_factory=dict)
    """What the flow told of its result: plain values by name."""
    sample: tuple[Mapping[str, object], ...] = ()
    """First rows of a feed, from a connection test."""
    attempts: int = 1
    logs: tuple[LogLine, ...] = ()
    logs_cut: bool = False
    """Whether there are earlier lines."""
    catalog_runs: tuple[str, ...] = ()
    """Runs of suppliers that it began."""
    result_url: str | None = None
    """To the page that shows what came of it; None while it has not ended well, or there is no such page."""
    request_id: str = ""
    runner_alive: bool = True
    may_cancel: bool = False
    may_retry: bool = False

"""Executes flow runs in this process, everything imported and warm: on an event loop in a thread of its own.

A flow that keeps its loop busy so keeps no heartbeat waiting, and Prefect's signal handling, which is made for a
process per run, stays away from the main thread.
"""

import asyncio
import logging
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, cast

from prefect import Flow
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import Abort, Pause
from prefect.flow_engine import run_flow

from meschain.runs.tables import TriggerState

log = logging.getLogger(__name__)
_STATES: dict[str, TriggerState] = {
    "COMPLETED": "finished",
    "FAILED": "failed",
    "CRASHED": "crashed",
    "CANCELLED": "cancelled",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a flow run ended, as the trigger keeps it."""

    state: TriggerState
    message: str | None = None
    outcome: dict[str, Any] = field(default_factory=dict)
    interrupted: bool = False
    """Whether `Execution.interrupt` ended it."""


class Execution:
    """The thread in which flows run; `start` and `stop` it once."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="flows", daemon=True)
        self._tasks: dict[str, asyncio.Task[Any]] = {}

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; flows still running are lost."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)

    async def run(self, flow: Flow[..., Any], flow_run: FlowRun) -> Ending:
        """Run the flow for the flow run; gives how it ended, whatever happened."""
        future = asyncio.run_coroutine_threadsafe(self._run(flow, flow_run), self._loop)
        return await asyncio.wrap_future(future)

    def interrupt(self, flow_run_id: str) -> None:
        """End the run as soon as it lets itself be ended; `run` returns then."""
        task = self._tasks.get(flow_run_id)
        if task is not None:
            self._loop.call_soon_threadsafe(task.cancel)

    async def _run(self, flow: Flow[..., Any], flow_run: FlowRun) -> Ending:
        engine = cast("Coroutine[Any, Any, State[Any]]", run_flow(flow, flow_run=flow_run, return_type="state"))
        task = self._tasks[str(flow_run.id)] = asyncio.ensure_future(engine)
        try:
            return await _ending(await task)
        except asyncio.CancelledError:
            return Ending("cancelled", "The run was ended from outside.", interrupted=True)
        except (Abort, Pause) as signal:  # the server did not let it begin: it was cancelled or deleted meanwhile
            return Ending("cancelled", f"Prefect did not let it run: {signal}")
        except Exception as error:
            log.exception("Run %s could not be carried through", flow_run.name)
            return Ending("failed", f"Prefect could not carry it through: {error}")
        finally:
            del self._tasks[str(flow_run.id)]


async def _ending(state: State[Any]) -> Ending:
    """A final state as an ending; a dictionary that a flow returns is its outcome."""
    kept = _STATES.get(state.type.value)
    if kept is None:
        return Ending("failed", f"it stopped as {state.name}, which nobody continues here", {"name": state.name})
    result = await state.aresult(raise_on_failure=False) if kept == "finished" and state.data is not None else None
    outcome = {**(result if isinstance(result, dict) else {}), "name": state.name}
    return Ending(kept, state.message, outcome)

"""What becomes of a trigger whose runner died: its flow run is told apart, and it is queued again or given up."""

import asyncio
import logging

from meschain.runs.orchestrator import Orchestrator
from meschain.runs.outbox import MOST_ATTEMPTS, Outbox
from meschain.runs.tables import Trigger, TriggerState

log = logging.getLogger(__name__)
_DIED = "The flow runner died in the middle of this run."
_ENDED: dict[str, TriggerState] = {"COMPLETED": "finished", "FAILED": "failed", "CANCELLED": "cancelled"}


async def recover(outbox: Outbox, orchestrator: Orchestrator, trigger: Trigger) -> None:
    """Settle a trigger that `outbox` has in hand and nobody executes any more.

    A flow run that had ended keeps its end. Otherwise it has crashed: a trigger of ours is queued again, as flows can
    be repeated; what Prefect asked for is left to Prefect, whose next schedule or a person's Retry brings it again.
    Raises Transient when the Prefect server does not answer; the trigger stays in hand then.
    """
    if trigger.flow_run_id is not None:
        state = await orchestrator.state_of(trigger.flow_run_id)
        ended = _ENDED.get(state.type.value) if state is not None else None
        if state is not None and ended is not None:
            await asyncio.to_thread(outbox.finish, trigger.id, ended, {"name": state.name}, state.message)
            return
        if state is not None and not state.is_crashed():
            await orchestrator.set_crashed(trigger.flow_run_id, _DIED)
    if trigger.origin == "outbox" and trigger.attempts < MOST_ATTEMPTS:
        await asyncio.to_thread(outbox.put_back, trigger.id, counted=True)
        log.warning("%s (trigger %s) lost its runner and is queued again", trigger.flow, trigger.id)
    else:
        await asyncio.to_thread(outbox.finish, trigger.id, "crashed", {}, _DIED)
        log.warning("%s (trigger %s) lost its runner and has crashed", trigger.flow, trigger.id)

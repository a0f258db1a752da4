"""The flow runner: takes triggers and whatever Prefect has scheduled, executes them here, and looks after the dead.

It decides nothing about a flow's work, and excludes nobody: a use case that must not run twice refuses by itself.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from prefect import Flow
from prefect.client.schemas.objects import FlowRun

from commerce.errors import MesChainError, Permanent, Transient
from meschain.runs.execution import Ending, Execution
from meschain.runs.orchestrator import HEARTBEAT_SECONDS, Orchestrator
from meschain.runs.outbox import Outbox
from meschain.runs.recovery import recover
from meschain.runs.tables import Trigger

log = logging.getLogger(__name__)
BEAT_SECONDS = 5.0
"""How often a runner says that it lives."""
GRACE_SECONDS = 10.0
"""For how long running flows may go on after the runner was asked to stop."""
_LAST_SECONDS = 30.0
_STOPPED = "The flow runner was stopped in the middle of this run."


class FlowRunner:
    """Serves the flows of the deployments; at most `at_once` run at the same time.

    A trigger runs under the first deployment of its flow. `confirm` raises Transient when this process may no longer
    use its name.
    """

    def __init__(
        self,
        outbox: Outbox,
        orchestrator: Orchestrator,
        deployments: Sequence[tuple[UUID, Flow[..., Any]]],
        *,
        at_once: int,
        confirm: Callable[[], None] = lambda: None,
    ) -> None:
        self._outbox = outbox
        self._orchestrator = orchestrator
        self._flows = dict(deployments)
        self._first = {flow.name: deployment for deployment, flow in reversed(deployments)}
        self._at_once = at_once
        self._confirm = confirm
        self._execution = Execution()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._flow_runs: dict[str, Trigger] = {}
        """The trigger of each flow run that is executed now."""
        self._hands = asyncio.Lock()
        """Held between taking something in hand and counting it as running."""
        self._stop = asyncio.Event()
        self._drained = asyncio.Event()
        self._complaint = ""

    async def work(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then let running flows end, or end them and leave them to the next runner."""
        self._stop = stop
        await asyncio.to_thread(self._outbox.register)
        self._execution.start()
        log.info("Runner %s takes work", self._outbox.runner)
        beating = asyncio.ensure_future(self._every(BEAT_SECONDS, self._beat, self._drained))
        await asyncio.gather(
            self._every(2 * BEAT_SECONDS, self._look_after_the_dead, stop),
            self._every(0.2, self._take_triggers, stop),
            self._every(1, self._take_due, stop),
            self._every(2, self._end_unwanted, stop),
            self._every(HEARTBEAT_SECONDS, self._announce, stop),
        )
        await self._drain()
        self._drained.set()
        await beating
        await asyncio.to_thread(self._outbox.sign_off)
        self._execution.stop()
        log.info("Runner %s has stopped", self._outbox.runner)

    async def _every(self, seconds: float, job: Callable[[], Awaitable[None]], end: asyncio.Event) -> None:
        """Do the job again and again; what fails is tried again, and said once."""
        while not end.is_set():
            try:
                await job()
            except MesChainError as error:
                if str(error) != self._complaint:
                    log.warning("%s; trying again", error)
                self._complaint = str(error)
            except Exception:
                log.exception("Something unforeseen happened; trying again")
            with suppress(TimeoutError):
                await asyncio.wait_for(end.wait(), seconds)

    async def _beat(self) -> None:
        try:
            await asyncio.to_thread(self._confirm)
        except Transient as error:
            log.warning("%s; this runner stops", error)
            self._stop.set()
            return
        await asyncio.to_thread(self._outbox.beat)

    async def _announce(self) -> None:
        await self._orchestrator.announce(self._outbox.runner)

    async def _look_after_the_dead(self) -> None:
        async with self._hands:
            in_hand = await asyncio.to_thread(self._outbox.take_over)
            lost = [trigger for trigger in in_hand if trigger.id not in self._running]
        for trigger in lost:
            await recover(self._outbox, self._orchestrator, trigger)

    async def _take_triggers(self) -> None:
        async with self._hands:
            for trigger in await asyncio.to_thread(self._outbox.claim, self._at_once - len(self._running)):
                self._spawn(trigger, self._carry_out(trigger))

    async def _take_due(self) -> None:
        free = self._at_once - len(self._running)
        due = await self._orchestrator.list_due() if free > 0 else []
        self._complaint = ""
        for flow_run in [run for run in due if run.deployment_id in self._flows][:free]:
            if await self._orchestrator.begin(flow_run):
                await self._adopt(flow_run)

    async def _adopt(self, flow_run: FlowRun) -> None:
        flow = self._flow_of(flow_run)
        async with self._hands:
            trigger = await asyncio.to_thread(self._outbox.adopt, str(flow_run.id), flow.name, flow_run.parameters)
            if trigger is not None:
                self._spawn(trigger, self._execute(trigger, flow_run))

    def _flow_of(self, flow_run: FlowRun) -> Flow[..., Any]:
        if flow_run.deployment_id is None:
            raise Permanent(f"flow run {flow_run.name} belongs to no deployment")
        return self._flows[flow_run.deployment_id]

    def _spawn(self, trigger: Trigger, work: Awaitable[None]) -> None:
        self._running[trigger.id] = asyncio.ensure_future(self._guarded(trigger, work))

    async def _guarded(self, trigger: Trigger, work: Awaitable[None]) -> None:
        """Whatever fails around a run, `_look_after_the_dead` finds its trigger in hand and not running."""
        try:
            await work
        except MesChainError as error:
            log.warning("%s (trigger %s): %s", trigger.flow, trigger.id, error)
        except Exception:
            log.exception("%s (trigger %s) ended in something unforeseen", trigger.flow, trigger.id)
        finally:
            del self._running[trigger.id]

    async def _carry_out(self, trigger: Trigger) -> None:
        """Make a flow run for the trigger and execute it."""
        deployment = self._first.get(trigger.flow)
        if deployment is None:
            known = ", ".join(sorted(self._first))
            await self._finish(trigger, Ending("failed", f"there is no flow {trigger.flow!r}; there are: {known}"))
            return
        key, tags = f"{trigger.id}/{trigger.attempts}", [f"by:{trigger.requested_by}"]
        tags += [f"request:{trigger.request_id}"] if trigger.request_id else []
        try:
            flow_run = await self._orchestrator.create(deployment, trigger.parameters, key=key, tags=tags)
        except Permanent as error:
            await self._finish(trigger, Ending("failed", str(error)))
            return
        except Transient:
            await asyncio.to_thread(self._outbox.put_back, trigger.id, counted=False)
            await asyncio.sleep(1)  # so long it counts as running, and its place is not taken at once
            raise
        await asyncio.to_thread(self._outbox.attach, trigger.id, str(flow_run.id))
        await self._execute(trigger, flow_run)

    async def _execute(self, trigger: Trigger, flow_run: FlowRun) -> None:
        log.info("%s begins as %s (trigger %s)", trigger.flow, flow_run.name, trigger.id)
        flow_run_id = str(flow_run.id)
        self._flow_runs[flow_run_id] = trigger
        try:
            ending = await self._execution.run(self._flow_of(flow_run), flow_run)
        finally:
            del self._flow_runs[flow_run_id]
        if ending.interrupted and self._stop.is_set():
            await self._leave(trigger, flow_run_id)
            return
        if ending.interrupted:
            await self._orchestrator.set_cancelled(flow_run_id, "Cancelled: somebody asked for it.")
        await self._finish(trigger, ending)

    async def _finish(self, trigger: Trigger, ending: Ending) -> None:
        name = ending.outcome.get("name") or ending.state
        log.info(
            "%s ended: %s%s (trigger %s)",
            trigger.flow,
            name,
            f", {ending.message}" if ending.message else "",
            trigger.id,
        )
        kept = await asyncio.to_thread(self._outbox.finish, trigger.id, ending.state, ending.outcome, ending.message)
        if not kept:
            log.warning("Trigger %s was taken from this runner meanwhile: it had seemed dead", trigger.id)

    async def _leave(self, trigger: Trigger, flow_run_id: str) -> None:
        """Hand a run that had to be broken off to the next runner."""
        if trigger.origin == "outbox":
            await self._orchestrator.set_crashed(flow_run_id, f"{_STOPPED} It runs again with the next one.")
            await asyncio.to_thread(self._outbox.put_back, trigger.id, counted=False)
        else:
            await self._orchestrator.set_waiting(flow_run_id, f"{_STOPPED} It waits for the next one.")
            await asyncio.to_thread(self._outbox.finish, trigger.id, "crashed", {}, _STOPPED)

    async def _end_unwanted(self) -> None:
        if not self._flow_runs:
            return
        for flow_run_id in await asyncio.to_thread(self._outbox.list_unwanted):
            self._execution.interrupt(flow_run_id)
        for flow_run_id in await self._orchestrator.list_cancelling(self._flow_runs):
            self._execution.interrupt(flow_run_id)

    async def _drain(self) -> None:
        if self._running:
            log.info("Waiting for %d runs to end", len(self._running))
            await asyncio.wait(self._running.values(), timeout=GRACE_SECONDS)
        for flow_run_id in list(self._flow_runs):
            self._execution.interrupt(flow_run_id)
        if self._running:
            await asyncio.wait(self._running.values(), timeout=_LAST_SECONDS)

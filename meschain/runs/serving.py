"""A flow runner's life: wait for the Prefect server, tell it what runs here, work until told to stop."""

import asyncio
import logging
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect import Flow
from prefect.utilities.callables import parameter_schema
from sqlalchemy import Engine

from commerce.errors import Transient
from meschain.runs.deployments import Deployment, deploy
from meschain.runs.flows import announce
from meschain.runs.orchestrator import Orchestrator, translated
from meschain.runs.outbox import Outbox
from meschain.runs.runner import FlowRunner
from meschain.runs.tables import Flow as FlowRow
from meschain.store.exclusion import exclusive

log = logging.getLogger(__name__)
_RETRY_SECONDS = 1.0
Served = Sequence[tuple[Deployment, Flow[..., Any]]]


async def serve(engine: Engine, locks_dir: Path, name: str, served: Served, *, root: Path, at_once: int) -> None:
    """Run the flows of the deployments in this process until SIGTERM or SIGINT.

    `root` is the folder the entrypoints start from.
    Raises Busy when a runner of that name works already.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with exclusive(engine, locks_dir, f"flow-runner-{name}", holder="flow runner") as held:
        async with Orchestrator({each.work_pool.name for each, _ in served}) as orchestrator:
            deployed = await _announce(orchestrator, served, root, stop)
            if deployed is not None:
                await asyncio.to_thread(announce, engine, _described(served))
                runner = FlowRunner(Outbox(engine, name), orchestrator, deployed, at_once=at_once, confirm=held.confirm)
                await runner.work(stop)


def _described(served: Served) -> list[FlowRow]:
    """What runs here, for whoever wants to start it: of each flow, its first deployment."""
    first = {flow.name: (deployment, flow) for deployment, flow in reversed(served)}
    return [
        FlowRow(
            name=name, description=deployment.description, tags=deployment.tags,
            parameters=parameter_schema(flow.fn).model_dump_for_openapi(),
        )
        for name, (deployment, flow) in first.items()
    ]  # fmt: skip


async def _announce(
    orchestrator: Orchestrator, served: Served, root: Path, stop: asyncio.Event
) -> list[tuple[UUID, Flow[..., Any]]] | None:
    """Deploy as soon as the server answers; None when told to stop before."""
    said = ""
    while not stop.is_set():
        try:
            with translated():
                deployed = [(await deploy(orchestrator.client, root, each, flow), flow) for each, flow in served]
        except Transient as error:
            if str(error) != said:
                log.warning("%s; trying again", error)
            said = str(error)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _RETRY_SECONDS)
        else:
            log.info("Deployed %s", ", ".join(each.name for each, _ in served))
            return deployed
    return None

"""Gives a flow run a name that says which run of ours it carries out, as soon as that has an id."""

from prefect import get_client
from prefect.context import FlowRunContext

from meschain.store.ids import new_id


async def name_run(what: str) -> str:
    """A new run id; the flow run of the caller is named `what` with the id's last letters, by which people call it."""
    run_id = new_id()
    context = FlowRunContext.get()
    if context is not None and context.flow_run is not None:
        async with get_client() as client:
            await client.set_flow_run_name(context.flow_run.id, f"{what} {run_id[-8:]}")
    return run_id

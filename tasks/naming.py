"""What a flow run is called, Prefect's own id of it, and the keys of the artifacts it leaves."""

from prefect import get_client
from prefect.context import FlowRunContext

from meschain.store.ids import new_id


def flow_run_id() -> str | None:
    """Prefect's id of the flow run that the caller belongs to; None outside of one."""
    context = FlowRunContext.get()
    return str(context.flow_run.id) if context is not None and context.flow_run is not None else None


async def name_run(what: str) -> str:
    """A new run id; the flow run of the caller is named `what` with the id's last letters, by which people call it."""
    run_id = new_id()
    context = FlowRunContext.get()
    if context is not None and context.flow_run is not None:
        async with get_client() as client:
            await client.set_flow_run_name(context.flow_run.id, f"{what} {run_id[-8:]}")
    return run_id


def artifact_key(*names: str) -> str:
    """One key for these names, and for no others: `a-b`, `c` is `a--b-c`, `a`, `b-c` is `a-b--c`."""
    return "-".join(name.replace("-", "--") for name in names)

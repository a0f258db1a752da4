"""Steps around a tenant's lake: keep it in shape, look whether it is sound. Each has one job done by a worker."""

from datetime import timedelta

from prefect import task

from meschain.runs.service import clear_triggers
from meschain.store.base import utc_now
from meschain.store.tenancy import of_every_tenant
from tasks import jobs, policies
from tasks.crew import hands
from tasks.house import house
from tasks.naming import flow_run_id
from warehouse.invariants import Verdict

_KEEP_TRIGGERS = timedelta(days=90)


@task(name="maintain lake", task_run_name="maintain lake of {tenant}", **policies.WAREHOUSE)
async def maintain(tenant: str) -> dict[str, str | int]:
    """Compact the tenant's lake and remove what is no longer kept; gives what was done, by kind."""
    return {"tenant": tenant, **await hands().do(jobs.maintain, tenant=tenant, flow_run_id=flow_run_id())}


@task(name="check invariants", task_run_name="check invariants of {tenant}", **policies.WAREHOUSE)
async def check_invariants(tenant: str) -> list[tuple[str, Verdict]]:
    """The verdict on every invariant of the tenant's lake."""
    verdicts = await hands().do(jobs.check_invariants, tenant=tenant, flow_run_id=flow_run_id())
    return [(tenant, verdict) for verdict in verdicts]


@task(name="clear triggers", **policies.WAREHOUSE)
async def clear_old_triggers() -> int:
    """Forget triggers that ended long ago; gives their number."""
    return clear_triggers(of_every_tenant(house().engine), utc_now() - _KEEP_TRIGGERS)

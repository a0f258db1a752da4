"""Steps around a supplier's catalog: sync, check, match, sweep. Each has one job done and gives a small value."""

from collections.abc import Callable
from typing import Any, TypeVar

from prefect import task

from meschain.store.ids import new_id
from tasks import jobs, naming, policies
from tasks.crew import Counter, checkers, hands
from tasks.house import tenants_of
from tasks.jobs import Checked, Decision, Due, Synced
from tasks.progress import shown

T = TypeVar("T")


@task(name="list tenants", **policies.WAREHOUSE)
async def list_tenants(tenant: str | None) -> list[str]:
    """The tenant that is named, or all of them."""
    return tenants_of(tenant)


@task(name="list due suppliers", **policies.WAREHOUSE)
async def list_due(tenants: list[str], *, every_supplier: bool) -> list[Due]:
    """The suppliers of the tenants that are due, or all that have a source."""
    return await _done(jobs.list_due, tenants=tenants, every_supplier=every_supplier)


@task(name="sync feed", task_run_name="sync feed of {supplier}", **policies.EXTERNAL)
async def sync_feed(tenant: str | None, supplier: str, *, force: bool = False, run_id: str | None = None) -> Synced:
    """Fetch the supplier's feed and bring what differs into the lake, or hold it; shows its progress."""
    slug, expected = await _done(jobs.expected_rows, tenant=tenant, supplier=supplier)
    async with shown(naming.artifact_key("progress", slug, supplier), f"Feed of {supplier}", expected) as counter:
        return await _done(
            jobs.sync_supplier, counter=counter, tenant=slug, supplier=supplier, run_id=run_id or new_id(), force=force
        )


@task(name="retry quarantine", task_run_name="retry the quarantine of {supplier}", **policies.WAREHOUSE)
async def retry_quarantine(tenant: str | None, supplier: str, run_id: str) -> Synced:
    """Read the supplier's quarantined rows again, and only those."""
    return await _done(jobs.retry_quarantine, tenant=tenant, supplier=supplier, run_id=run_id)


@task(name="try connection", task_run_name="try the connection to {supplier}", **policies.EXTERNAL)
async def try_connection(tenant: str | None, supplier: str) -> dict[str, Any]:
    """Fetch the supplier's feed for a look at it; gives what came, in JSON values."""
    return await _done(jobs.try_connection, tenant=tenant, supplier=supplier)


@task(name="decide", task_run_name="{decision.decision} the run {decision.run_id}", **policies.WAREHOUSE)
async def decide(tenant: str | None, decision: Decision) -> Synced:
    """Carry out a decision on a run of a supplier."""
    return await hands().do(jobs.decide, tenant=tenant, decision=decision)


@task(name="match products", **policies.WAREHOUSE)
async def match_products(tenant: str) -> dict[str, int]:
    """Bring the tenant's products up to date with its offers; gives counts by way of matching."""
    return await _done(jobs.match_products, tenant=tenant)


@task(name="check quality", **policies.WAREHOUSE)
async def check_quality(synced: Synced) -> Checked | None:
    """Check what the run left in the lake, or would have changed; None for a run that read nothing new."""
    if synced.run_id is None or synced.status not in {"applied", "held"}:
        return None
    return await checkers().do(
        jobs.check_quality, tenant=synced.tenant, supplier=synced.supplier, run_id=synced.run_id,
        flow_run_id=naming.flow_run_id(),
    )  # fmt: skip


@task(name="sweep absences", **policies.WAREHOUSE)
async def sweep_absences(tenant: str) -> list[dict[str, Any]]:
    """Apply the graces of missing offers, held runs and late feeds; gives what was found per supplier."""
    return await _done(jobs.sweep_absences, tenant=tenant)


async def _done(job: Callable[..., T], *, counter: Counter | None = None, **arguments: Any) -> T:
    """Have a job done in the name of whoever asked for this flow run."""
    return await hands().do(job, counter=counter, flow_run_id=naming.flow_run_id(), **arguments)

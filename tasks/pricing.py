"""Steps around prices: fetch rates of exchange once, keep them for each tenant. Each has one job done by a worker."""

from prefect import task

from connectors.fx.bulletin import Bulletin
from tasks import policies, pricing_jobs
from tasks.crew import hands
from tasks.naming import flow_run_id
from tasks.pricing_jobs import Kept


@task(name="fetch rates", task_run_name="fetch the rates of {source}", **policies.EXTERNAL)
async def fetch_rates(source: str) -> Bulletin:
    """The bank's newest bulletin."""
    return await hands().do(pricing_jobs.fetch_rates, source=source)


@task(name="keep rates", task_run_name="keep the rates of {bulletin.source} for {tenant}", **policies.WAREHOUSE)
async def keep_rates(tenant: str, bulletin: Bulletin) -> Kept:
    """Keep a bulletin for the tenant, or hold it for a person to look at."""
    return await hands().do(pricing_jobs.keep_rates, tenant=tenant, bulletin=bulletin, flow_run_id=flow_run_id())

"""Steps around margins and prices: compute, make, look beforehand. Each has one job done by a worker."""

from prefect import task

from tasks import policies, price_jobs
from tasks.crew import hands
from tasks.naming import flow_run_id
from tasks.price_jobs import Made


@task(name="compute margins", task_run_name="compute the margins of {tenant}", **policies.WAREHOUSE)
async def compute_margins(tenant: str) -> Made:
    """What every active offer earns on every active channel."""
    return await hands().do(price_jobs.compute_margins, tenant=tenant, flow_run_id=flow_run_id())


@task(name="refresh prices", task_run_name="refresh the prices of {tenant}", **policies.WAREHOUSE)
async def refresh_prices(tenant: str) -> Made | None:
    """Every price made anew by the active rules; None for a tenant that has none."""
    return await hands().do(price_jobs.refresh_prices, tenant=tenant, flow_run_id=flow_run_id())


@task(name="preview prices", task_run_name="preview the prices by version {version}", **policies.WAREHOUSE)
async def preview_prices(tenant: str | None, version: int) -> Made:
    """What a version of the price rules would do."""
    return await hands().do(price_jobs.preview_prices, tenant=tenant, version=version, flow_run_id=flow_run_id())


@task(name="compute what-if", **policies.WAREHOUSE)
async def compute_scenario(tenant: str | None, scenario: str) -> Made:
    """What changes of terms, rates and tariffs would do to the margins."""
    return await hands().do(price_jobs.compute_scenario, tenant=tenant, scenario=scenario, flow_run_id=flow_run_id())

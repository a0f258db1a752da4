"""Steps around the audit log: verify it once, report on each tenant. Each has one job done by a worker."""

from prefect import task

from meschain.audit.verification import Verdict
from tasks import jobs, policies
from tasks.crew import hands
from tasks.jobs import Reported
from tasks.naming import flow_run_id


@task(name="verify log", **policies.WAREHOUSE)
async def verify_log() -> Verdict:
    """The verdict on the whole audit log."""
    return await hands().do(jobs.verify_log)


@task(name="report security", task_run_name="report on the security of {tenant}", **policies.WAREHOUSE)
async def report_security(tenant: str, weeks: int, verdict: Verdict) -> Reported:
    """Write the tenant's security report of the last whole weeks; gives where it lies."""
    return await hands().do(
        jobs.report_security, tenant=tenant, weeks=weeks, verdict=verdict, flow_run_id=flow_run_id()
    )

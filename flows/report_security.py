"""Flow: the weekly security report of each tenant; fails when the log was altered, after every report is written."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.parameters import Tenant, Weeks
from tasks import audit, catalog, endings, policies, results
from tasks.several import several


@flow(name="report-security", flow_run_name="report on security", **policies.FLOW)
@endings.told_in_a_sentence
async def report_security(tenant: Tenant = None, weeks: Weeks = 1) -> State[Any]:
    """Verify the audit log and write a security report for each tenant, of the last whole weeks.

    Args:
        tenant: Seller to report on; none: all of them.
        weeks: So many weeks before the present one, from Monday to Monday.
    """
    verdict = await audit.verify_log()

    async def report(each: str) -> None:
        await results.publish_security(await audit.report_security(each, weeks, verdict))

    return endings.secured(verdict, await several(report, await catalog.list_tenants(tenant), at_once=1))

"""Flow: the weekly security report of each tenant; fails when the log was altered, after every report is written."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.parameters import Tenant, Weeks
from tasks import audit, catalog, endings, policies, results


@flow(name="report-security", flow_run_name="report on security", **policies.FLOW)
@endings.told_in_a_sentence
async def report_security(tenant: Tenant = None, weeks: Weeks = 1) -> State[Any]:
    """Verify the audit log and write a security report for each tenant, of the last whole weeks.

    Args:
        tenant: Seller to report on; none: all of them.
        weeks: So many weeks before the present one, from Monday to Monday.
    """
    verdict = await audit.verify_log()
    reports = [await audit.report_security(each, weeks, verdict) for each in await catalog.list_tenants(tenant)]
    for report in reports:
        await results.publish_security(report)
    return endings.secured(verdict, len(reports))

"""Flow: sync every supplier that is due, several at once; one that fails stops none of the others."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.parameters import Concurrency, Tenant
from tasks import catalog, endings, policies, results
from tasks.jobs import Due, Synced
from tasks.several import several


@flow(name="sync-catalogs", flow_run_name="sync what is due", **policies.FLOW)
@endings.told_in_a_sentence
async def sync_catalogs(
    tenant: Tenant = None, concurrency: Concurrency = 4, *, every_supplier: bool = False
) -> State[Any]:
    """Sync every supplier that is due.

    Args:
        tenant: Seller to work for; none: all of them.
        concurrency: How many suppliers are synced at once.
        every_supplier: Sync all suppliers with a source, not only those that are due.
    """
    tenants = await catalog.list_tenants(tenant)
    due = await catalog.list_due(tenants, every_supplier=every_supplier)
    rows = endings.rows_of(await several(_sync_one, due, concurrency))
    for changed in sorted({row["tenant"] for row in rows if row["status"] == "applied"}):
        await catalog.match_products(changed)
    for each in tenants:
        await catalog.sweep_absences(each)
    await results.publish_table("sync-catalogs", "Suppliers that were due", rows)
    return endings.overview(rows)


async def _sync_one(due: Due) -> Synced:
    synced = await catalog.sync_feed(due.tenant, due.supplier)
    await results.publish_run(synced, await catalog.check_quality(synced))
    return synced

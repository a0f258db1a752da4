"""Flow: bring one supplier's feed into the lake, or hold it for a person to look at."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.parameters import Supplier, Tenant
from tasks import catalog, endings, naming, policies, results
from tasks.several import together


@flow(name="sync-catalog", flow_run_name="sync {supplier}", **policies.FLOW)
@endings.told_in_a_sentence
async def sync_catalog(supplier: Supplier, tenant: Tenant = None, *, force: bool = False) -> State[Any]:
    """Bring one supplier's feed into the lake.

    Args:
        supplier: Name of the supplier, as `meschain supplier list` shows it.
        tenant: Seller to work for; none: the only one there is.
        force: Read the feed even if it is the one that was read last.
    """
    run_id = await naming.name_run(f"sync {supplier}")
    synced = await catalog.sync_feed(tenant, supplier, force=force, run_id=run_id)
    matching = [catalog.match_products(synced.tenant)] if synced.changed else []
    checked, *_ = await together(catalog.check_quality(synced), *matching)
    await results.publish_run(synced, checked)
    return endings.ending(synced, checked)

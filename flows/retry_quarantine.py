"""Flow: read a supplier's quarantined rows again, and only those, after its profile was mended."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.parameters import Supplier, Tenant
from tasks import catalog, endings, naming, policies, results
from tasks.several import together


@flow(name="retry-quarantine", flow_run_name="retry the quarantine of {supplier}", **policies.FLOW)
@endings.told_in_a_sentence
async def retry_quarantine(supplier: Supplier, tenant: Tenant = None) -> State[Any]:
    """Read a supplier's quarantined rows again by its present profile.

    Args:
        supplier: Name of the supplier.
        tenant: Seller to work for; none: the only one there is.
    """
    run_id = await naming.name_run(f"retry the quarantine of {supplier}")
    retried = await catalog.retry_quarantine(tenant, supplier, run_id)
    matching = [catalog.match_products(retried.tenant)] if retried.changed else []
    checked, *_ = await together(catalog.check_quality(retried), *matching)
    await results.publish_run(retried, checked)
    return endings.ending(retried, checked)

"""Flow: look whether what must always be true of the lakes is true; a broken invariant fails the run."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.parameters import Tenant
from tasks import catalog, endings, policies, results, warehouse


@flow(name="check-invariants", flow_run_name="check the invariants", **policies.FLOW)
@endings.told_in_a_sentence
async def check_invariants(tenant: Tenant = None) -> State[Any]:
    """Ask every invariant of every tenant's lake for what breaks it.

    Args:
        tenant: Seller to work for; none: all of them.
    """
    verdicts = [
        verdict for each in await catalog.list_tenants(tenant) for verdict in await warehouse.check_invariants(each)
    ]
    await results.publish_invariants(verdicts)
    return endings.soundness(verdicts)

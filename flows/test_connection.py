"""Flow: see whether a supplier can be reached and what its feed would be read as. Changes nothing."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.parameters import Supplier, Tenant
from tasks import catalog, endings, policies


@flow(name="test-connection", flow_run_name="try the connection to {supplier}", **policies.FLOW)
@endings.told_in_a_sentence
async def try_connection(supplier: Supplier, tenant: Tenant = None) -> State[Any]:
    """Fetch a supplier's feed for a look at it; the outcome tells what came.

    Args:
        supplier: Name of the supplier.
        tenant: Seller to work for; none: the only one there is.
    """
    return endings.tested(await catalog.try_connection(tenant, supplier))

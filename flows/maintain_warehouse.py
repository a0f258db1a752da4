"""Flow: keep the lakes in shape: small files together, old snapshots, raw files and leftovers of the dead removed."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.parameters import Tenant
from tasks import catalog, endings, policies, results, warehouse


@flow(name="maintain-warehouse", flow_run_name="maintain the warehouse", **policies.FLOW)
@endings.told_in_a_sentence
async def maintain_warehouse(tenant: Tenant = None) -> State[Any]:
    """Compact the lakes and remove what is no longer kept, one tenant after the other.

    Args:
        tenant: Seller to work for; none: all of them.
    """
    done = [await warehouse.maintain(each) for each in await catalog.list_tenants(tenant)]
    await warehouse.clear_old_triggers()
    await results.publish_table("maintain-warehouse", "What maintenance did", done)
    return Completed(message=f"{len(done)} lakes were maintained")

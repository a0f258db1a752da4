"""Flow: compute what every offer earns on every channel; the losers of the day stand in a table."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.parameters import Tenant
from tasks import catalog, endings, policies, price_endings, prices, results
from tasks.several import several


@flow(name="compute-margins", flow_run_name="compute the margins", **policies.FLOW)
@endings.told_in_a_sentence
async def compute_margins(tenant: Tenant = None) -> State[Any]:
    """Compute the margin of every active offer on every active channel, and say what each that could not be needs.

    Args:
        tenant: Seller to work for; none: all of them.
    """
    ended = await several(prices.compute_margins, await catalog.list_tenants(tenant), at_once=1)
    await results.publish_table("compute-margins", "The losers of the day", price_endings.losers_of(ended))
    return price_endings.computed(ended)

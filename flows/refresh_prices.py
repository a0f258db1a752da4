"""Flow: make every price by the active rules and let out what keeps its floor; the others wait for a person."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.parameters import Tenant
from tasks import catalog, endings, policies, price_endings, prices, results
from tasks.several import several


@flow(name="refresh-prices", flow_run_name="refresh the prices", **policies.FLOW)
@endings.told_in_a_sentence
async def refresh_prices(tenant: Tenant = None) -> State[Any]:
    """Make every price by the active rules, let out those that change and keep their floor, and list the refused.

    Args:
        tenant: Seller to work for; none: all of them.
    """
    ended = await several(prices.refresh_prices, await catalog.list_tenants(tenant), at_once=1)
    await results.publish_table("refresh-prices", "Prices that were refused", price_endings.losers_of(ended))
    return price_endings.priced(ended)

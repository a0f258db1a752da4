"""Flow: fetch the newest rates of exchange, once for all tenants; what jumps is held for a person to look at."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from connectors.fx.bulletin import Bulletin
from flows.parameters import RateSource, Tenant
from meschain.pricing.banks import SOURCES
from tasks import catalog, endings, policies, pricing, results
from tasks.several import several


@flow(name="refresh-rates", flow_run_name="refresh the rates", **policies.FLOW)
@endings.told_in_a_sentence
async def refresh_rates(tenant: Tenant = None, source: RateSource = None) -> State[Any]:
    """Fetch the newest bulletin of each bank and keep it for each tenant.

    Args:
        tenant: Seller to work for; none: all of them.
        source: Bank whose rates to fetch; none: all of them.
    """
    tenants = await catalog.list_tenants(tenant)
    fetched = await several(pricing.fetch_rates, [source] if source else SOURCES, at_once=len(SOURCES))
    wanted = [(each, found) for _, found in fetched if isinstance(found, Bulletin) for each in tenants]
    kept = await several(lambda pair: pricing.keep_rates(*pair), wanted, at_once=4)
    rows = endings.rates_of(fetched, kept)
    await results.publish_table("refresh-rates", "Rates that jumped", endings.jumps_of(rows))
    return endings.refreshed(rows)

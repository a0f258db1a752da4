"""Flow: what a version of the price rules would do, for whoever approves it. Nothing goes out."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.parameters import RulesVersion, Tenant
from tasks import endings, policies, price_endings, prices, results


@flow(name="preview-prices", flow_run_name="preview the prices by version {version}", **policies.FLOW)
@endings.told_in_a_sentence
async def preview_prices(version: RulesVersion, tenant: Tenant = None) -> State[Any]:
    """Compute what a version of the price rules would do to the prices now.

    Args:
        version: Version of the price rules.
        tenant: Seller to work for; none: the only one there is.
    """
    made = await prices.preview_prices(tenant, version)
    await results.publish_table("preview-prices", "What the rules would do", made.counts)
    return price_endings.looked(made)

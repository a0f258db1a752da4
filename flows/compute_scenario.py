"""Flow: what changes of terms, rates and tariffs would do to the margins of the whole catalogue."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.parameters import RunId, Tenant
from tasks import endings, policies, price_endings, prices, results


@flow(name="compute-scenario", flow_run_name="compute a what-if", **policies.FLOW)
@endings.told_in_a_sentence
async def compute_scenario(scenario: RunId, tenant: Tenant = None) -> State[Any]:
    """Compute a what-if that somebody has asked.

    Args:
        scenario: Id of the what-if.
        tenant: Seller to work for; none: the only one there is.
    """
    made = await prices.compute_scenario(tenant, scenario)
    await results.publish_table("compute-scenario", "The margins before and after", made.shown)
    return price_endings.estimated(made)

"""Flow: carry out a decision on a run: approve or reject a held one, roll an applied one back."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.parameters import Decision, Note, RunId, Supplier, Tenant
from tasks import catalog, endings, jobs, naming, policies, results


@flow(name="decide-run", flow_run_name="{decision} a run of {supplier}", **policies.FLOW)
@endings.told_in_a_sentence
async def decide_run(
    run: RunId, supplier: Supplier, decision: Decision, note: Note = "", tenant: Tenant = None
) -> State[Any]:
    """Carry out a decision on a run of a supplier.

    Args:
        run: Id of the run.
        supplier: Name of the supplier whose run it is.
        decision: What to do with it.
        note: Why; kept with the run.
        tenant: Seller to work for; none: the only one there is.
    """
    asked = jobs.Decision(run_id=run, supplier=supplier, decision=decision, note=note, flow_run_id=naming.flow_run_id())
    decided = await catalog.decide(tenant, asked)
    if decided.changed:
        await catalog.match_products(decided.tenant)
    await results.publish_run(decided, None)
    return endings.decided(decided)

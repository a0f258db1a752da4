"""A decision on a held run, by its flow: in the name of who asked, and only on the supplier that is named."""

import pytest

from commerce.errors import Refused
from meschain.audit.rules import Actor
from meschain.catalog.runs import get_run, list_runs
from meschain.runs import service
from meschain.runs.outbox import Outbox

PRICES = [f"{n},50" for n in range(10, 90)]
DEARER = [f"{n * 10},50" for n in range(10, 90)]


def test_a_held_run_is_approved_and_rolled_back_by_flows(shop, run):
    from flows.decide_run import decide_run  # noqa: PLC0415  after Prefect's settings, see tests.prefect_server

    shop.write("toys", PRICES)
    shop.write("tools", PRICES)
    shop.sync("toys")
    shop.write("toys", DEARER, add=False)
    shop.sync("toys")
    ((held, _),) = list_runs(shop.catalog, limit=1)
    refused = run(decide_run, held.id, "tools", "approve")
    assert (refused.name, refused.message) == ("Failed", f"Run {held.id} is not one of tools.")
    approved = run(decide_run, held.id, "toys", "approve", "yes")
    assert (approved.name, approved.message) == ("Completed", "toys: applied")
    assert shop.ask("SELECT count(*) FROM core.offers WHERE list_price >= 100") == [(80,)]
    again = run(decide_run, held.id, "toys", "approve")
    assert again.message == f"Run {held.id} is applied: only a held run can be decided."
    assert run(decide_run, held.id, "toys", "roll back").message == "toys: applied"
    assert shop.ask("SELECT count(*) FROM core.offers WHERE list_price >= 100") == [(0,)]
    ((undo, _),) = list_runs(shop.catalog, limit=1)
    assert (undo.kind, undo.decided_by) == ("rollback", "system:prefect")


def test_a_decision_that_died_before_it_could_tell_is_told_by_the_next_attempt(shop):
    from tasks import jobs  # noqa: PLC0415  after Prefect's settings

    shop.write("toys", PRICES)
    shop.sync("toys")
    shop.write("toys", DEARER, add=False)
    shop.sync("toys")
    ((held, _),) = list_runs(shop.catalog, limit=1)
    outbox = Outbox(shop.house.engine, "here")
    outbox.register()

    def decide(flow_run_id: str, person: str) -> str:
        asker = Actor("user", person, shop.catalog.tenant_id)
        wish = service.trigger(shop.catalog.engine, "decide-run", {}, log=shop.catalog.log, actor=asker)
        outbox.claim(1)
        outbox.attach(wish.id, flow_run_id)
        return again(flow_run_id)

    def again(flow_run_id: str) -> str:
        decision = jobs.Decision(
            run_id=held.id, supplier="toys", decision="approve", note="yes", flow_run_id=flow_run_id
        )
        return jobs.decide(shop.house, lambda _: None, tenant="acme", decision=decision).status

    assert [decide("first", "ada"), again("first")] == ["applied", "applied"]
    for flow_run_id, person in (("second", "ada"), ("third", "bob")):
        with pytest.raises(Refused, match="only a held run can be decided"):
            decide(flow_run_id, person)
    decided = get_run(shop.catalog, held.id)
    assert (decided.decided_by, decided.decision_note) == ("user:ada", "yes")

"""A decision on a held run, by its flow: in the name of who asked, and only on the supplier that is named."""

from meschain.catalog.runs import list_runs

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

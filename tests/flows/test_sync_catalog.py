"""One supplier's feed, by its flow: applied, unchanged, held, skipped, failed, each told to a person in plain words."""

import asyncio
from uuid import UUID

from meschain.catalog.context import supplier_lock
from meschain.catalog.runs import list_runs
from meschain.store.exclusion import exclusive

PRICES = [f"{n},50" for n in range(10, 90)]
DEARER = [f"{n * 10},50" for n in range(10, 90)]


def test_a_feed_comes_in_comes_again_and_looks_wrong(shop, run, artifacts):
    from flows.sync_catalog import sync_catalog  # noqa: PLC0415  after Prefect's settings, see tests.prefect_server

    shop.write("toys", [*PRICES, "-5", "bozuk"])
    first = run(sync_catalog, "toys")
    assert (first.name, first.message.split(",")[0]) == ("Completed", "Applied: 82 read")
    assert shop.ask("SELECT count(*), sum(offers) FROM core.products") == [(80, 80)]
    page = artifacts("sync-acme-toys")
    assert page.startswith("# toys: applied\n\n| read | accepted | quarantined |")
    assert "## Quarantined" in page
    assert "`meschain catalog retry toys`" in page
    assert "quality.html" in page
    assert "quality.html" in artifacts("quality-acme-toys")
    assert artifacts("progress-acme-toys") == "100"

    again = run(sync_catalog, "toys")
    assert (again.name, again.message.split(":")[0]) == ("Completed", "Unchanged")

    shop.write("toys", DEARER, add=False)
    held = run(sync_catalog, "toys")
    assert held.is_completed()
    assert (held.name, held.message[:6]) == ("Held", "Held: ")
    ((run_row, _),) = list_runs(shop.catalog, limit=1)
    page = artifacts("sync-acme-toys")
    assert "## Held because" in page
    assert f"`meschain catalog approve {run_row.id}`" in page
    assert _name_of(held) == f"sync toys {run_row.id[-8:]}"


def _name_of(state) -> str:
    from prefect import get_client  # noqa: PLC0415  as above

    async def name(flow_run: UUID) -> str:
        async with get_client() as client:
            return (await client.read_flow_run(flow_run)).name

    return asyncio.run(name(state.state_details.flow_run_id))


def test_a_failure_is_one_sentence(shop, run):
    from flows.sync_catalog import sync_catalog  # noqa: PLC0415  as above

    shop.write("toys", PRICES).write_bytes(b"\x00\x01\x02")
    state = run(sync_catalog, "toys")
    assert state.is_failed()
    assert "\n" not in state.message
    assert "Permanent" not in state.message
    unknown = run(sync_catalog, "nobody")
    assert unknown.message.startswith("there is no supplier 'nobody'; there are: toys")


def test_a_supplier_that_is_being_synced_is_skipped(shop, run):
    from flows.sync_catalog import sync_catalog  # noqa: PLC0415  as above

    shop.write("toys", PRICES)
    with exclusive(shop.house.engine, shop.house.settings.locks_dir(), supplier_lock("acme", "toys"), holder="a test"):
        state = run(sync_catalog, "toys")
    assert (state.name, state.is_completed()) == ("Skipped", True)
    assert "being worked on by a test" in state.message
    assert list_runs(shop.catalog) == []

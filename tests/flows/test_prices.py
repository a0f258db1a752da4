"""Flows of margins and prices: what they compute, how they end, and what they leave for a person."""

from datetime import date

import pytest

from meschain.channels.service import add_channel
from meschain.pricing.price_rules import approve_rules, draft_rules, get_rules
from meschain.pricing.scenarios import ask_scenario, get_scenario
from meschain.pricing.service import NewTerm, state_term


@pytest.fixture
def pricing(shop):
    """A channel, a supplier with an offer that earns and one that loses; the feed's price is the list price."""
    found = shop.house.pricing(shop.house.tenant("acme"))
    add_channel(found.channels, "trendyol", currency="TRY")
    term = NewTerm(name="cargo", value="50", since=date(2024, 1, 1), source="contract")
    state_term(found, term)
    shop.write("acme", ["600,00", "40,00"])
    shop.sync("acme")
    with found.lake.connect() as connection:
        found.lake.write(
            connection,
            lambda c: c.execute("UPDATE core.offers SET cost = 30, list_price = coalesce(list_price, cost)"),
            "",
        )
    return found


def test_margins_are_computed_and_the_losers_listed(shop, pricing, run, artifacts):
    from flows.compute_margins import compute_margins  # noqa: PLC0415  after Prefect's settings

    shop.house.tenant("other", create=True)
    state = run(compute_margins)
    assert state.message == "2 margins of 2 tenants, 1 lose cash"
    assert shop.ask("SELECT supplier_sku FROM core.margins WHERE net_cash < 0") == [("acme-1",)]
    assert '"supplier_sku": "acme-1"' in artifacts("compute-margins")


def test_prices_below_the_floor_hold_the_run(shop, pricing, run, artifacts):
    from flows.preview_prices import preview_prices  # noqa: PLC0415  after Prefect's settings
    from flows.refresh_prices import refresh_prices  # noqa: PLC0415  as above

    nothing = run(refresh_prices)
    assert nothing.message == "Prices: 0 new, 0 raised, 0 lowered, 0 unchanged; 0 refused by the floor"
    version = draft_rules(pricing, [{"name": "list", "price": {"kind": "list_price"}}]).version
    looked = run(preview_prices, version)
    assert looked.message == "They would come to: 1 below_floor, 1 new"
    assert get_rules(pricing, version).preview["counts"]
    approve_rules(pricing, version)
    state = run(refresh_prices)
    assert (state.name, state.message) == (
        "Held",
        "Prices: 1 new, 0 raised, 0 lowered, 0 unchanged; 1 refused by the floor",
    )
    assert "expected at least 0.00" in artifacts("refresh-prices")
    assert shop.ask("SELECT supplier_sku, price FROM core.published_prices") == [("acme-0", 600)]


def test_a_what_if_is_computed(pricing, run):
    from flows.compute_margins import compute_margins  # noqa: PLC0415  after Prefect's settings
    from flows.compute_scenario import compute_scenario  # noqa: PLC0415  as above

    asked = ask_scenario(pricing, "dearer cargo", [{"kind": "term", "name": "cargo", "add": "12"}])
    early = run(compute_scenario, asked.id)
    assert early.is_failed()
    assert "compute them first" in early.message
    run(compute_margins)
    state = run(compute_scenario, asked.id)
    assert state.message.startswith("trendyol: -")
    assert get_scenario(pricing, asked.id).computed_at is not None


def test_one_tenant_that_fails_stops_no_other(shop, pricing, run):
    from flows.compute_margins import compute_margins  # noqa: PLC0415  after Prefect's settings

    shop.house.tenant("other", create=True)
    folder = shop.house.settings.home / "lake" / "other"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "catalog.sqlite").write_bytes(b"this is no catalog" * 100)
    state = run(compute_margins)
    assert state.is_failed()
    assert "2 margins of 1 tenants, 1 lose cash. other: " in state.message

"""Task bodies without Prefect: what they have done, and what they pass over."""

import asyncio

import pytest

import tests.prefect_server  # noqa: F401  Prefect's settings come before Prefect
from meschain.catalog.suppliers import add_supplier
from meschain.settings import variable_of
from meschain.wiring import House
from tasks import catalog, warehouse
from tasks.jobs import Due, Synced


@pytest.fixture
def shop(home, monkeypatch):
    monkeypatch.setenv(variable_of("home"), str(home))
    house = House()
    house.set_up()
    for tenant in ("acme", "beta"):
        house.tenant(tenant, create=True)
    yield house
    house.close()


def test_tenants_are_those_named_or_all(shop):
    assert asyncio.run(catalog.list_tenants.fn("acme")) == ["acme"]
    assert asyncio.run(catalog.list_tenants.fn(None)) == ["acme", "beta"]


def test_due_suppliers_of_several_tenants(shop, tmp_path):
    for tenant, supplier in (("acme", "toys"), ("beta", "books")):
        source = {"kind": "file", "paths": [str(tmp_path / "feed.csv")]}
        add_supplier(shop.catalog(shop.tenant(tenant)), supplier, source=source, every_minutes=15)
    due = asyncio.run(catalog.list_due.fn(["acme", "beta"], every_supplier=False))
    assert due == [Due(tenant="acme", supplier="toys"), Due(tenant="beta", supplier="books")]


@pytest.mark.parametrize("status", ["unchanged", "skipped", "failed"])
def test_a_run_that_read_nothing_new_is_not_checked(status):
    synced = Synced(tenant="acme", supplier="toys", status=status, run_id="r")
    assert asyncio.run(catalog.check_quality.fn(synced)) is None


def test_invariants_of_an_empty_lake_hold(shop):
    verdicts = asyncio.run(warehouse.check_invariants.fn("acme"))
    assert len(verdicts) > 10
    assert all(tenant == "acme" and verdict.holds for tenant, verdict in verdicts)

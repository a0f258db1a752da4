"""Every invariant holds on a sound lake, and each is broken by the row that it is about and by no other."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from meschain.catalog.products import match_products
from tests.catalog.shop import Shop, goods, open_shop
from tests.homes import TENANT
from tests.pricing.stall import open_stall
from warehouse import invariants

BREAKS = {
    "changes_lead_to_the_present": "UPDATE core.offers SET status = 'deleted' WHERE supplier_sku = 'A030'",
    "exchanged_prices_keep_the_bulletin": "UPDATE core.margins SET exchange_rate = 2 WHERE supplier_sku = 'A030'",
    "exchange_rates_are_unique": "INSERT INTO core.exchange_rates FROM core.exchange_rates",
    "lake_belongs_to_one_tenant": "UPDATE core.offers SET tenant = 'beta' WHERE supplier_sku = 'A001'",
    "missing_offers_have_no_record": "INSERT INTO raw.records VALUES ('acme', 1, 1, 'A040', true)",
    "missing_offers_say_since_when": "UPDATE core.offers SET missing_since = now() WHERE supplier_sku = 'A001'",
    "newest_offers_have_a_record": "DELETE FROM raw.records WHERE supplier_sku = 'A002'",
    "offers_are_unique": "INSERT INTO core.offers FROM core.offers WHERE supplier_sku = 'A003'",
    "offers_belong_to_one_product": "INSERT INTO core.product_offers SELECT product_id || '?', supplier, supplier_sku, "
    "matched_by, gives FROM core.product_offers WHERE supplier_sku = 'A004'",
    "offers_come_from_a_run": "UPDATE core.offers SET run_id = 'nobody' WHERE supplier_sku = 'A005'",
    "open_refusals_can_be_read_again": "UPDATE raw.quarantine SET raw = ''",
    "price_changes_lead_to_the_present": "UPDATE core.published_prices SET price = 1 WHERE supplier_sku = 'A030'",
    "prices_are_unique": "INSERT INTO core.margins FROM core.margins WHERE supplier_sku = 'A030'",
    "prices_keep_their_floor": "UPDATE core.price_changes SET least_profit = 9999 WHERE supplier_sku = 'A030'",
    "prices_are_positive": "UPDATE core.offers SET list_price = 0 WHERE supplier_sku = 'A006'",
    "prices_have_a_currency": "UPDATE core.offers SET currency = NULL WHERE supplier_sku = 'A007'",
    "products_count_their_offers": "UPDATE core.products SET offers = 7 WHERE title = 'Thing 8'",
    "runs_are_applied_once": "UPDATE core.feed_runs SET accepted = accepted + 1",
    "suspicion_is_of_active_offers": "INSERT INTO raw.suspected_absences VALUES ('acme', 'A040', 'r', now())",
}
ALSO = {
    "offers_belong_to_one_product": {"products_count_their_offers"},
    "prices_keep_their_floor": {"price_changes_lead_to_the_present"},
}
"""A product that is not there has no right count either; a change that says something else leads elsewhere."""


@pytest.fixture(scope="module")
def sound_home(furnished_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a lake in which everything has happened that is ordinary."""
    home = Path(shutil.copytree(furnished_home, tmp_path_factory.mktemp("sound") / "home"))
    with open_shop(home, TENANT, home.parent) as shop:
        priced = {"cost": "{}.00".format}
        shop.sync(
            [*goods(40, **priced), {"sku": "X", "title": "refused", "price": "-5", "currency": "TRY", "stock": 1}]
        )
        shop.sync(
            [*goods(39, stock=lambda number: number % 7, **priced), {"sku": "X", "title": "refused", "price": "-5"}]
        )
        shop.sync(goods(20), "other")
        match_products(shop.catalog)
        statement = "INSERT INTO core.exchange_rates VALUES ('tcmb', '2026/2', DATE '2026-01-05', 'USD', 'TRY', 42, 43)"
        with shop.catalog.lake.connect() as connection:
            connection.execute(statement)
    with open_stall(home, TENANT) as stall:
        stall.channel("trendyol")
        stall.terms(commission_rate=0, service_fee=0, cargo=0)
        stall.rules({"name": "double", "price": {"kind": "markup", "rate": 100}})
        stall.refresh()
        stall.compute()
    return home


@pytest.fixture
def shop(sound_home: Path, tmp_path: Path) -> Iterator[Shop]:
    """A copy of it."""
    with open_shop(Path(shutil.copytree(sound_home, tmp_path / "home")), TENANT, tmp_path) as opened:
        yield opened


def broken(shop: Shop) -> dict[str, int]:
    """The invariants that do not hold, and how many rows tell so."""
    with shop.catalog.lake.connect(read_only=True) as connection:
        return {verdict.name: len(verdict.offenders) for verdict in invariants.check(connection) if not verdict.holds}


def test_a_sound_lake_keeps_every_invariant(shop: Shop):
    assert broken(shop) == {}


@pytest.mark.parametrize("name", invariants.names())
def test_each_is_broken_by_what_it_is_about(shop: Shop, name: str):
    with shop.catalog.lake.connect() as connection:
        connection.execute(BREAKS[name])
    found = broken(shop)
    assert set(found) == {name} | ALSO.get(name, set())
    assert 0 < found[name] <= invariants.MOST


def test_each_says_in_a_sentence_what_must_hold():
    for name in invariants.names():
        assert invariants.rule(name).endswith(".")
        assert len(invariants.rule(name)) > 20

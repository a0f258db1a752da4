"""Margins of real data: sums that were taken from the files by other means, and the losses that are planted in them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from shutil import copytree

import duckdb
import pytest

from meschain.catalog import sync
from meschain.catalog.suppliers import ensure_supplier
from meschain.settings import Settings
from meschain.wiring import House
from tests.homes import TENANT
from tests.pricing.stall import Stall, open_stall
from warehouse.margins import define_margins

D = Decimal
_NOTHING_CHARGED = {
    "vat_rate": 0, "service_vat_rate": 0, "commission_rate": 0, "service_fee": 0, "cargo": 0, "return_cargo": 0,
    "withholding_rate": 0, "rate_source": "ecb",
}  # fmt: skip


_SALES = """
CREATE VIEW lines AS
SELECT
    year(strptime(s.OrderDate, '%m/%d/%Y')) AS line, 2 AS minor_digits, p.ProductPrice * s.OrderQuantity AS sale,
    p.ProductCost * s.OrderQuantity AS cost, 0 AS vat_rate, 0 AS cost_vat_rate, 0 AS commission_rate,
    'gross' AS commission_base, 'none' AS commission_vat, 0 AS service_vat_rate, 0 AS service_fee, 0 AS cargo,
    0 AS export_fee_rate, 0 AS other_costs, 0 AS financing_rate, 0 AS payment_days, 0 AS withholding_rate,
    true AS vat_credit, 0 AS return_rate, 0 AS return_cargo, true AS commission_refunded,
    true AS service_fee_refunded, true AS resaleable
FROM read_csv(getvariable('sales'), all_varchar = true) AS t
JOIN (SELECT ProductKey::BIGINT AS ProductKey, ProductCost::DECIMAL(18, 4) AS ProductCost,
    ProductPrice::DECIMAL(18, 4) AS ProductPrice FROM read_csv(getvariable('products'), all_varchar = true)) AS p
    ON p.ProductKey = t.ProductKey::BIGINT
CROSS JOIN LATERAL (SELECT t.OrderDate, t.OrderQuantity::BIGINT AS OrderQuantity) AS s
"""


def test_a_company_sold_for_what_its_sales_say(shared_data: Path) -> None:
    sales = ["adventureworks_sales_2017.csv", "adventureworks_sales_2018.csv.gz", "adventureworks_sales_2019.csv.gz"]
    with duckdb.connect() as connection:
        define_margins(connection)
        files = ", ".join(f"'{shared_data / 'orders' / name}'" for name in sales)
        connection.execute(f"SET VARIABLE sales = [{files}]")
        connection.execute(f"SET VARIABLE products = '{shared_data}/catalog/adventureworks_products.csv'")
        connection.execute(_SALES)
        found = connection.execute(
            "SELECT line, sum(sale), sum(cost), sum(net_cash) FROM margins(lines) GROUP BY line ORDER BY line"
        ).fetchall()
    revenues = [D("6404933.5803"), D("9324203.7917"), D("9185449.4473")]
    costs = [D("3803331.2479"), D("5357119.6647"), D("5296420.4725")]
    assert [row[1:3] for row in found] == list(zip(revenues, costs, strict=True))
    assert [sum(column) for column in zip(*found, strict=True)][1:] == [
        D("24914586.8193"), D("14456871.3851"), D("10457715.4342"),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def bazaar(furnished_home: Path, tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Iterator[Stall]:
    """Both catalogs that hold planted losses, on a channel that charges nothing."""
    home = Path(copytree(furnished_home, tmp_path_factory.mktemp("bazaar") / "home"))
    house = House(Settings.model_validate({"home": home, "lake": {"threads": 1}}))
    catalog = replace(house.catalog(house.tenant(TENANT)), currency="EUR")
    for supplier, feed in (
        ("works", "adventureworks_products_unclean.csv"),
        ("prestashop", "prestashop_products_import.csv"),
    ):
        owner = ensure_supplier(catalog, supplier)
        assert sync.sync_files(catalog, owner, [shared_data / "catalog" / feed], lambda _: None).status == "applied"
    house.close()
    with open_stall(home, TENANT) as stall:
        stall.channel("shop", "EUR")
        for name, value in _NOTHING_CHARGED.items():
            stall.term(name, value, since=date(2020, 1, 1), channel="shop")
        yield stall


def test_the_planted_losses_are_found_and_named(bazaar: Stall) -> None:
    computed = bazaar.compute()
    assert {row["outcome"]: row["lines"] for row in computed.counts} == {"computed": 300, "losing": 6}
    found = [(row["supplier"], row["supplier_sku"], row["net_cash"]) for row in computed.losers]
    assert found == [
        ("prestashop", "RF-demo_6", D(-125)), ("works", "PA-T100", D("-26.5625")), ("works", "SO-B909-L", D("-0.8963")),
        ("works", "SO-B909-M", D("-0.8963")), ("works", "SO-R809-L", D("-0.3723")),
        ("works", "SO-R809-M", D("-0.3723")),
    ]  # fmt: skip


def test_the_floor_refuses_them_and_nothing_else(bazaar: Stall) -> None:
    bazaar.rules({"name": "as proposed", "price": {"kind": "list_price"}})
    outcome = bazaar.refresh()
    assert {row["outcome"]: row["offers"] for row in outcome.counts} == {"new": 294, "below_floor": 6}
    refused = bazaar.refusals("core.price_refusals")
    assert {sku for _, sku in refused} == {"RF-demo_6", "PA-T100", "SO-B909-L", "SO-B909-M", "SO-R809-L", "SO-R809-M"}
    assert refused["shop", "RF-demo_6"][1] == (
        "at 25.00 it earns -125.00, expected at least 0.00; the lowest price that earns it is 150.00"
    )
    assert "the lowest price that earns it is 151.57" in refused["shop", "PA-T100"][1]

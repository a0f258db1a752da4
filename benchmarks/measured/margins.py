"""Measures the margins of a catalogue: as they are computed, as bare SQL with constants, and as a what-if."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd  # noqa: F401  pyarrow loads it when it is first asked; no watch counts what modules take to load

from benchmarks.measured.clock import Stopwatch
from meschain.channels.service import add_channel
from meschain.pricing.context import Pricing
from meschain.pricing.margins import compute_margins
from meschain.pricing.service import NewTerm, state_term
from meschain.pricing.what_if import estimate as estimated
from meschain.pricing.what_if import parse_changes
from meschain.settings import Settings
from meschain.store.ids import new_id
from meschain.wiring import House
from warehouse.lake import Connection
from warehouse.margins import define_margins

_TENANT = "bench"
_COMMISSIONS = {"first": 15, "second": 12, "third": 0}
_LONG_AGO = date(2024, 1, 1)
_OFFERS = """
INSERT INTO core.offers BY NAME
SELECT
    'bench' AS tenant, 's' || i % 5 AS supplier, 'SKU' || i AS supplier_sku, 'Product ' || i AS title,
    'Brand ' || i % 300 AS brand, 'Part ' || i % 40 || ' > Kind ' || i % 400 AS category,
    (10 + i * 7919 % 90000 / 100)::DECIMAL(18, 4) AS cost, (80 + i * 7919 % 90000 / 60)::DECIMAL(18, 4) AS list_price,
    'TRY' AS currency, 20 AS vat_rate, true AS vat_included, i % 30 AS desi, 'active' AS status, 'run' AS run_id,
    'file' AS source_file, i + 1 AS row_number, now() AS updated_at
FROM range({rows}) AS t(i)
"""
_INLINED = """
INSERT INTO core.margins BY NAME
SELECT
    line.channel, line.supplier, line.supplier_sku, 'TRY' AS currency, 'list' AS price_kind, 1 AS desi, '' AS carrier,
    1 AS exchange_rate, NULL AS bulletin, '' AS assumed, * EXCLUDE (line), 'inlined' AS run_id, now() AS computed_at
FROM margins({channel})
"""
_LINES = """
CREATE OR REPLACE TEMP VIEW {channel} AS
SELECT
    {{'channel': '{channel}', 'supplier': supplier, 'supplier_sku': supplier_sku}} AS line, 2 AS minor_digits,
    list_price AS sale, 20 AS vat_rate, cost, 20 AS cost_vat_rate, {commission} AS commission_rate,
    'gross' AS commission_base, 'included' AS commission_vat, 20 AS service_vat_rate, 10.19 AS service_fee,
    83.93 AS cargo, 0 AS export_fee_rate, 0 AS other_costs, 0 AS financing_rate, 0 AS payment_days,
    1 AS withholding_rate, true AS vat_credit, 0 AS return_rate, 83.93 AS return_cargo, true AS commission_refunded,
    false AS service_fee_refunded, true AS resaleable
FROM core.offers
WHERE status = 'active'
"""


def fill(home: str, rows: int, channels: int) -> dict[str, Any]:
    """Make a home with so many offers and channels, each with its own commission, and compute its margins."""
    with Stopwatch() as watch:
        pricing = _pricing(home, create=True)
        for channel, commission in list(_COMMISSIONS.items())[:channels]:
            add_channel(pricing.channels, channel, currency="TRY")
            term = NewTerm(
                name="commission_rate", value=str(commission), since=_LONG_AGO, source="contract", channel=channel
            )
            state_term(pricing, term)
        with pricing.lake.connect() as connection:
            pricing.lake.write(connection, lambda c: c.execute(_OFFERS.format(rows=rows)), "offers")
        compute_margins(pricing, new_id())
    return {**watch.told(), "rows": rows}


def compute(home: str) -> dict[str, Any]:
    """Every margin, as the flow computes it."""
    pricing = _pricing(home)
    with Stopwatch() as watch:
        found = compute_margins(pricing, new_id())
    lines = {row["channel"]: row["lines"] for row in found.counts if row["outcome"] == "computed"}
    return {**watch.told(), "rows": sum(lines.values())}


def compute_inlined(home: str) -> dict[str, Any]:
    """The same arithmetic and the same table, with every term a constant of the query; nothing is looked up."""
    pricing = _pricing(home)

    def work(connection: Connection) -> None:
        connection.execute("DELETE FROM core.margins")
        for channel, commission in _COMMISSIONS.items():
            connection.execute(_LINES.format(channel=channel, commission=commission))
            connection.execute(_INLINED.format(channel=channel))

    with Stopwatch() as watch, pricing.lake.connect() as connection:
        define_margins(connection)
        pricing.lake.write(connection, work, "inlined")
    return watch.told()


def estimate(home: str) -> dict[str, Any]:
    """What two points more of commission would do, on every channel."""
    pricing = _pricing(home)
    with Stopwatch() as watch:
        found = estimated(pricing, parse_changes([{"kind": "term", "name": "commission_rate", "add": Decimal(2)}]))
    return {**watch.told(), "rows": sum(row["offers"] for row in found.channels)}


def _pricing(home: str, *, create: bool = False) -> Pricing:
    house = House(Settings.model_validate({"home": Path(home), "lake": {"threads": 2}}))
    house.set_up()
    return house.pricing(house.tenant(_TENANT, create=create))

"""A tenant that sells: channels, offers and terms on a real store and lake, with short words for what the tests do."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from connectors.tariffs.tariff import TariffRate
from meschain.channels.service import add_channel
from meschain.pricing.context import Pricing
from meschain.pricing.margins import Computed, compute_margins
from meschain.pricing.price_rules import approve_rules, draft_rules
from meschain.pricing.prices import preview_prices, refresh_prices
from meschain.pricing.service import NewTerm, state_term
from meschain.pricing.tables import PricingTerm
from meschain.pricing.tariffs import add_tariff
from meschain.settings import Settings
from meschain.store.ids import new_id
from meschain.wiring import House
from warehouse.price_runs import Outcome

LONG_AGO = date(2024, 1, 1)
KINDS = {"cost": pa.decimal128(18, 4), "list_price": pa.decimal128(18, 4), "vat_rate": pa.decimal128(5, 2)}
Row = Mapping[str, Any]


class Stall:
    """One tenant's prices. Reads go through one connection that stays open: it always sees the newest snapshot."""

    def __init__(self, pricing: Pricing, reader: duckdb.DuckDBPyConnection) -> None:
        self.pricing = pricing
        self._reader = reader

    def channel(self, slug: str, currency: str = "TRY") -> None:
        """Sell there, too."""
        add_channel(self.pricing.channels, slug, currency=currency)

    def term(self, name: str, value: object, **more: Any) -> PricingTerm:
        """State a term, of always unless another day is named."""
        given = {"since": LONG_AGO, "source": "contract", **more}
        return state_term(self.pricing, NewTerm(name=name, value=str(value), **given))

    def terms(self, **values: object) -> None:
        """State several, of always and for every sale."""
        for name, value in values.items():
            self.term(name, value)

    def tariff(self, rates: Sequence[tuple[str, int, int, int | None, str]], **more: Any) -> None:
        """Let a tariff hold: carrier, desi, price from, price below, amount."""
        rows = [TariffRate(c, d, Decimal(f), None if b is None else Decimal(b), Decimal(a)) for c, d, f, b, a in rates]
        add_tariff(self.pricing, rows, **{"since": LONG_AGO, "source": "price list", **more})

    def offers(self, *rows: Row) -> None:
        """Put offers into the lake: what is not said of one is as usual, or empty."""
        usual = {
            "tenant": self.pricing.tenant, "supplier": "acme", "currency": "TRY", "vat_rate": Decimal(20),
            "vat_included": True, "status": "active", "run_id": "run", "source_file": "file",
        }  # fmt: skip
        full = [{**usual, "row_number": number, **row} for number, row in enumerate(rows, 1)]
        names = sorted({name for row in full for name in row})
        arrays = [pa.array([row.get(name) for row in full], KINDS.get(name)) for name in names]
        offered = pa.table(arrays, names=names)
        with self.pricing.lake.connect() as connection:
            connection.register("offered", offered)
            self.pricing.lake.write(
                connection,
                lambda c: c.execute("INSERT INTO core.offers BY NAME SELECT *, now() AS updated_at FROM offered"),
                "offers",
            )

    def change(self, sql: str) -> None:
        """Change the lake itself."""
        with self.pricing.lake.connect() as connection:
            self.pricing.lake.write(connection, lambda c: c.execute(sql), "a change")

    def compute(self) -> Computed:
        """Compute every margin."""
        return compute_margins(self.pricing, new_id())

    def rules(self, *rules: Row) -> Outcome:
        """Make prices by these rules from now on; gives what their preview said."""
        version = draft_rules(self.pricing, rules).version
        outcome = preview_prices(self.pricing, version)
        approve_rules(self.pricing, version)
        return outcome

    def refresh(self) -> Outcome:
        """Make every price anew."""
        return refresh_prices(self.pricing, new_id())

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of a query over the lake as it is now."""
        return self._reader.execute(query, values).fetchall()

    def refusals(self, relation: str = "core.margin_refusals") -> dict[tuple[str, str], tuple[str, str]]:
        """Why something could not be, by channel and the supplier's code: reason and detail."""
        rows = self.ask(f"SELECT channel, supplier_sku, reason, detail FROM {relation}")
        return {(channel, sku): (reason, detail) for channel, sku, reason, detail in rows}


@contextmanager
def open_stall(home: Path, tenant: str) -> Iterator[Stall]:
    """The stall of the tenant in that home."""
    house = House(Settings.model_validate({"home": home, "lake": {"threads": 1}}))
    pricing = house.pricing(house.tenant(tenant))
    try:
        with pricing.lake.connect(read_only=True) as reader:
            yield Stall(pricing, reader)
    finally:
        house.close()

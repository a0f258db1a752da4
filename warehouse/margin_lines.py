"""The margins of every offer on every channel: puts offers, terms, rates and tariffs together, writes `core.margins`.

Which terms hold, what a currency costs and what a carrier asks is decided by the caller; see `Inputs`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from warehouse import statements
from warehouse.arrow import register
from warehouse.lake import Connection, Lake
from warehouse.margins import column_types, define_margins

_TERMS = {
    **{name: kind for name, kind in column_types().items() if name not in {"sale", "cost", "cost_vat_rate"}},
    "vat_rate_otherwise": "DECIMAL(7, 2)", "desi": "DECIMAL(18, 4)", "carrier": "VARCHAR",
    "cargo_payer": "VARCHAR", "cost_vat_included": "BOOLEAN", "channel": "VARCHAR", "currency": "VARCHAR",
    "supplier": "VARCHAR", "brand": "VARCHAR", "category": "VARCHAR", "assumed": "VARCHAR",
    "fault": "VARCHAR", "fault_detail": "VARCHAR",
}  # fmt: skip
_EXCHANGE = {
    "channel": "VARCHAR", "currency": "VARCHAR", "rate": "DECIMAL(20, 10)", "bulletin": "VARCHAR",
    "fault": "VARCHAR",
}  # fmt: skip
_TARIFF = {
    "channel": "VARCHAR", "carrier": "VARCHAR", "desi": "INTEGER", "price_from": "DECIMAL(18, 4)",
    "price_below": "DECIMAL(18, 4)", "amount": "DECIMAL(18, 4)",
}  # fmt: skip
Row = Mapping[str, Any]
NO_PRICE = Decimal(10) ** 13
"""Above every price. A band without an end would keep DuckDB from joining by hash."""


class Combination(NamedTuple):
    """What the terms of some offers depend on: each empty, or one that a term mentions."""

    supplier: str
    brand: str
    category: str
    currencies: Sequence[str | None]
    """In which those offers are priced."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What is needed beside the offers; amounts in the currency of the channel."""

    terms: Sequence[Row]
    """For each channel and combination: `channel`, `currency`, `minor_digits`, `supplier`, `brand`, `category`, and the
    terms of `warehouse.margins.Line`, where `vat_rate` is empty unless it was stated and `return_cargo` where it is
    as the cargo; `vat_rate_otherwise`, `desi`, `carrier`, `cargo_payer`, `cost_vat_included`; `assumed`, the names of
    terms that nobody stated; or `fault` and `fault_detail`, when terms are wanting."""
    exchange: Sequence[Row]
    """`channel`, `currency` of the offer, `rate`, `bulletin`; or `fault`."""
    tariff: Sequence[Row]
    """`channel`, `carrier`, `desi`, `price_from`, `price_below` (`NO_PRICE` ends the last band), `amount`."""


Resolve = Callable[[Sequence[Combination]], Inputs]


@dataclass(frozen=True, slots=True)
class Mentioned:
    """What terms mention; everything else is told apart by none of them."""

    suppliers: Sequence[str] = ()
    brands: Sequence[str] = ()
    categories: Sequence[str] = ()


def compute(
    lake: Lake, connection: Connection, mentioned: Mentioned, resolve: Resolve, run_id: str, at: datetime
) -> list[dict[str, Any]]:
    """Write the margins anew, in one transaction; gives the number of lines by `channel` and `outcome`."""

    def work(connection: Connection) -> list[dict[str, Any]]:
        consider(connection, mentioned, resolve)
        statements.run(connection, "margins/write", {"run_id": run_id, "at": at})
        return statements.rows(connection, "margins/counts")

    return lake.write(connection, work, f"margins {run_id}")


def consider(connection: Connection, mentioned: Mentioned, resolve: Resolve) -> list[Combination]:
    """Let the connection know `offered`, every offer on every channel, and `present_lines`, what of it can be computed.

    Gives the combinations that there are. Asked in one transaction with what reads them: an offer that came since would
    have no terms.
    """
    define_margins(connection)
    statements.run(connection, "macros/lines")
    pairs = [("supplier", each) for each in mentioned.suppliers]
    pairs += [("brand", each) for each in mentioned.brands] + [("category", each) for each in mentioned.categories]
    register(
        connection,
        "mentioned",
        {"kind": "VARCHAR", "value": "VARCHAR"},
        [{"kind": k, "value": v} for k, v in pairs],
    )
    found = statements.run(connection, "margins/offers").fetchall()
    combinations = [Combination(*row) for row in found]
    inputs = resolve(combinations)
    register(connection, "terms", _TERMS, inputs.terms)
    register(connection, "exchange", _EXCHANGE, inputs.exchange)
    register(connection, "tariff", _TARIFF, inputs.tariff)
    statements.run(connection, "margins/lines")
    return combinations


def losers(connection: Connection, limit: int, channels: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """The lines that lose the most cash, worst first; of these channels only, if any are named."""
    asked = {"limit": limit, "channels": list(channels) if channels is not None else None}
    return statements.rows(connection, "margins/losers", asked)

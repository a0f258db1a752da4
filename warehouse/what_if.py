"""What the margins of the catalogue would be under other terms, rates and tariffs, against those of `core.margins`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commerce.errors import Refused
from warehouse import statements
from warehouse.lake import Connection
from warehouse.margin_lines import Mentioned, Resolve, consider

Rows = list[dict[str, Any]]
_PARTS = {"bins_before", "bins_after", "movers"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Before and after."""

    computed_at: datetime
    """When the margins before were computed."""
    channels: Rows
    """Sums of each channel before and after, and how many lines lose cash."""
    bins: Rows
    """`channel`, `scenario` (before, after), `bin` (net margin in per cent, from), `offers`."""
    movers: Rows
    """The lines that would lose most."""


def compare(connection: Connection, mentioned: Mentioned, resolve: Resolve, *, most: int = 20) -> Comparison:
    """Compute every line under what `resolve` says, and hold it against what was computed last. Nothing is written.

    Refused when nothing was computed yet.
    """
    connection.begin()
    try:
        (computed_at,) = statements.run(connection, "whatif/computed").fetchall()[0]
        if computed_at is None:
            raise Refused("there are no margins yet to compare with; compute them first (`meschain margin compute`)")
        consider(connection, mentioned, resolve)
        found = statements.rows(connection, "whatif/compare", {"most": most})
        movers = _movers(found, most)
        keys = [f"{each['supplier']}/{each['supplier_sku']}" for each in movers]
        titles = {row[:2]: row[2] for row in statements.run(connection, "whatif/titles", {"keys": keys}).fetchall()}
        named = [{**each, "title": titles.get((each["supplier"], each["supplier_sku"]))} for each in movers]
        return Comparison(computed_at, _channels(found), _bins(found), named)
    finally:
        connection.rollback()


def _channels(found: Rows) -> Rows:
    """The sums alone."""
    return [{name: value for name, value in row.items() if name not in _PARTS} for row in found]


def _bins(found: Rows) -> Rows:
    return [
        {"channel": row["channel"], "scenario": scenario, "bin": low, "offers": offers}
        for row in found
        for scenario in ("before", "after")
        for low, offers in sorted(row[f"bins_{scenario}"].items())
    ]


def _movers(found: Rows, most: int) -> Rows:
    """Those of all channels that would lose most, worst first."""
    lines = [
        {"channel": row["channel"], "currency": row["currency"], **each, "difference": each["after"] - each["before"]}
        for row in found
        for each in row["movers"]
    ]
    order = ("difference", "channel", "supplier", "supplier_sku")
    return sorted(lines, key=lambda line: tuple(line[name] for name in order))[:most]

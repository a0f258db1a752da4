"""What the margins of the catalogue would be under other terms, rates and tariffs, against those of `core.margins`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commerce.errors import Refused
from warehouse import statements
from warehouse.lake import Connection
from warehouse.margin_lines import Mentioned, Resolve, consider


@dataclass(frozen=True, slots=True)
class Comparison:
    """Before and after."""

    computed_at: datetime
    """When the margins before were computed."""
    channels: list[dict[str, Any]]
    """Sums of each channel before and after, and how many lines lose cash."""
    bins: list[dict[str, Any]]
    """`channel`, `scenario` (before, after), `bin` (net margin in per cent, from), `offers`."""
    movers: list[dict[str, Any]]
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
        statements.run(connection, "whatif/after")
        channels, bins = (statements.rows(connection, f"whatif/{part}") for part in ("channels", "bins"))
        return Comparison(computed_at, channels, bins, statements.rows(connection, "whatif/movers", {"limit": most}))
    finally:
        connection.rollback()

"""Use cases: the margins of the whole catalogue are computed, and what came out of it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from meschain.pricing.context import Pricing, pricing_lock
from meschain.pricing.reckoning import gather, read_stated
from meschain.store.base import utc_now
from warehouse import margin_lines


@dataclass(frozen=True, slots=True)
class Computed:
    """What a computation came to: the number of lines by channel and outcome, and the lines that lose most."""

    run_id: str
    counts: list[dict[str, Any]]
    """`channel`, `outcome` (`computed`, `losing` among them, or the reason why lines could not be), `lines`."""
    losers: list[dict[str, Any]]


def compute_margins(pricing: Pricing, run_id: str, *, most: int = 20) -> Computed:
    """Write `core.margins` anew for every active offer on every active channel; what cannot be computed says why.

    Raises Busy while somebody else computes the tenant's prices.
    """
    now = utc_now()
    stated = read_stated(pricing, pricing.day_of(now))
    with (
        pricing.exclusive(pricing_lock(pricing.tenant), f"margins {run_id}"),
        pricing.lake.connect() as connection,
    ):
        counts = margin_lines.compute(
            pricing.lake, connection, stated.mentioned, lambda found: gather(pricing, stated, found), run_id, now
        )
        return Computed(run_id, counts, margin_lines.losers(connection, most))


def list_losers(pricing: Pricing, limit: int, channels: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """The lines that lose the most cash, worst first; of these channels only, if any are named."""
    with pricing.lake.read() as connection:
        return margin_lines.losers(connection, limit, channels)

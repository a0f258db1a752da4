"""Use cases: the prices that are out, those that were refused, what happened to one, and what each channel earns.

Which channels may be seen is decided by scopes. Nothing is computed or changed here.
"""

from datetime import datetime
from typing import Any

from meschain.access.rules import NotFound
from meschain.access.scopes import Scopes
from meschain.channels.service import list_channels
from meschain.pricing.context import Pricing
from warehouse import published
from warehouse.published import Key

Rows = list[dict[str, Any]]


def seen_channels(pricing: Pricing, scopes: Scopes | None, channel: str | None = None) -> list[str] | None:
    """The names of the channels that may be seen, or only that one of them; None for all."""
    if channel is not None:
        return [channel] if scopes is None or scopes.covers(channel) else []
    return None if scopes is None else [each.slug for each in list_channels(pricing.channels, scopes=scopes)]


def list_prices(
    pricing: Pricing,
    limit: int,
    *,
    channel: str | None = None,
    scopes: Scopes | None = None,
    after: Key | None = None,
) -> Rows:
    """The prices that are out, by channel and offer, beginning after one."""
    channels = seen_channels(pricing, scopes, channel)
    if channels == []:
        return []
    with pricing.lake.read() as connection:
        return published.prices(connection, limit, channels=channels, after=after)


def list_refusals(
    pricing: Pricing,
    limit: int,
    *,
    channel: str | None = None,
    reason: str | None = None,
    scopes: Scopes | None = None,
    after: Key | None = None,
) -> Rows:
    """The prices that were not let out, by channel and offer, beginning after one; of one reason, if it is named."""
    channels = seen_channels(pricing, scopes, channel)
    if channels == []:
        return []
    with pricing.lake.read() as connection:
        return published.refusals(connection, limit, channels=channels, reason=reason, after=after)


def price_history(pricing: Pricing, key: Key, limit: int, before: tuple[datetime, str] | None = None) -> Rows:
    """What happened to an offer's price on a channel and why, the newest first; `before` a moment and run.

    NotFound if it never had one.
    """
    with pricing.lake.read() as connection:
        rows = published.history(connection, *key, limit, before)
    if not rows and before is None:
        channel, supplier, supplier_sku = key
        raise NotFound(f"no price of {supplier} {supplier_sku!r} was ever let out on {channel}")
    return rows


def channel_margins(pricing: Pricing, scopes: Scopes | None = None) -> Rows:
    """What the offers of each channel earn, as last computed."""
    with pricing.lake.read() as connection:
        rows = published.margins_by_channel(connection)
    return [row for row in rows if scopes is None or scopes.covers(row["channel"])]

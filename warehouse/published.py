"""Reads of prices and margins: what was let out, what was refused, what happened to a price. Nothing is judged here."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from warehouse import statements
from warehouse.lake import Connection

Rows = list[dict[str, Any]]
Key = tuple[str, str, str]
"""Channel, supplier and the supplier's code."""


def refusal_of(connection: Connection, channel: str, supplier: str, supplier_sku: str) -> dict[str, Any] | None:
    """Why the offer has no price on the channel, or not the one it should have; None when nothing was refused."""
    key = {"channel": channel, "supplier": supplier, "supplier_sku": supplier_sku}
    return statements.row(connection, "published/refusal", key) or None


def refusals(
    connection: Connection,
    limit: int,
    *,
    channels: Sequence[str] | None = None,
    reason: str | None = None,
    after: Key | None = None,
) -> Rows:
    """The refused prices by channel and offer, beginning after one; of these channels or that reason only, if named."""
    return statements.rows(connection, "published/refusals", {"reason": reason, **_asked(limit, channels, after)})


def prices(
    connection: Connection, limit: int, *, channels: Sequence[str] | None = None, after: Key | None = None
) -> Rows:
    """The prices that were let out, by channel and offer, beginning after one."""
    return statements.rows(connection, "published/prices", _asked(limit, channels, after))


def history(
    connection: Connection,
    channel: str,
    supplier: str,
    supplier_sku: str,
    limit: int,
    before: tuple[datetime, str] | None = None,
) -> Rows:
    """What happened to the offer's price on the channel and why, the newest first.

    `before` is the moment and run of the last one seen.
    """
    at, run_id = before or (None, None)
    key = {"channel": channel, "supplier": supplier, "supplier_sku": supplier_sku}
    return statements.rows(connection, "published/history", {**key, "limit": limit, "at": at, "run_id": run_id})


def margins_by_channel(connection: Connection) -> Rows:
    """The sums of `marts.channel_margins`."""
    return statements.rows(connection, "published/channels")


def gaps(connection: Connection, channels: Sequence[str] | None = None) -> Rows:
    """How many offers have no margin: `channel`, `reason`, `offers`, and `example`, one of them with its `detail`."""
    given = {"channels": list(channels) if channels is not None else None}
    return statements.rows(connection, "published/gaps", given)


def _asked(limit: int, channels: Sequence[str] | None, after: Key | None) -> dict[str, object]:
    names = ("after_channel", "after_supplier", "after_sku")
    return {
        "limit": limit, "channels": list(channels) if channels is not None else None,
        **dict(zip(names, after or (None, None, None), strict=True)),
    }  # fmt: skip

"""Reads of the quarantine: what was refused or withheld, why, and what may be read again."""

from typing import Any

import polars as pl

from warehouse import statements
from warehouse.lake import Connection

RETRYABLE: dict[str, Any] = {
    "_row": pl.Int64(), "_digest_hi": pl.UInt32(), "_digest_lo": pl.UInt64(), "supplier_sku": pl.String(),
    "scope": pl.String(), "field": pl.String(), "reason": pl.String(), "value": pl.String(), "expected": pl.String(),
    "raw": pl.String(), "raw_kind": pl.String(), "source_file": pl.String(),
}  # fmt: skip


def entries(connection: Connection, supplier: str | None, reason: str | None, limit: int) -> list[dict[str, Any]]:
    """Open entries, newest first."""
    return _rows(connection, "quarantine/entries", {"supplier": supplier, "reason": reason, "limit": limit})


def reasons(connection: Connection, supplier: str | None) -> list[dict[str, Any]]:
    """How many open entries there are by supplier, scope, field and reason."""
    return _rows(connection, "quarantine/reasons", {"supplier": supplier})


def retryable(connection: Connection, supplier: str) -> list[dict[str, Any]]:
    """Rows of the supplier that a mended profile may read, once each: columns of `RETRYABLE`."""
    return _rows(connection, "quarantine/retryable", {"supplier": supplier})


def _rows(connection: Connection, name: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    cursor = statements.run(connection, name, parameters)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

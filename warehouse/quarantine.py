"""Reads of the quarantine: what was refused or withheld, why, and what may be read again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import polars as pl

from warehouse import statements
from warehouse.lake import Connection

RETRYABLE: dict[str, Any] = {
    "_row": pl.Int64(), "_digest_hi": pl.UInt32(), "_digest_lo": pl.UInt64(), "supplier_sku": pl.String(),
    "scope": pl.String(), "field": pl.String(), "reason": pl.String(), "value": pl.String(), "expected": pl.String(),
    "raw": pl.String(), "raw_kind": pl.String(), "source_file": pl.String(),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands in the list."""

    at: datetime
    supplier: str
    source_file: str
    row_number: int
    scope: str
    field: str

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Self:
        """Of an entry."""
        return cls(
            entry["quarantined_at"], entry["supplier"], entry["source_file"], entry["row_number"], entry["scope"],
            entry["field"],
        )  # fmt: skip


def entries(
    connection: Connection,
    supplier: str | None,
    reason: str | None,
    limit: int,
    *,
    suppliers: Sequence[str] | None = None,
    after: Place | None = None,
) -> list[dict[str, Any]]:
    """Open entries, newest first, beginning after a place; of `suppliers` only, if they are given."""
    place = {
        "at": after.at if after else None, "after_supplier": after.supplier if after else None,
        "after_file": after.source_file if after else None, "after_row": after.row_number if after else None,
        "after_scope": after.scope if after else None, "after_field": after.field if after else None,
    }  # fmt: skip
    chosen = {"supplier": supplier, "suppliers": _listed(suppliers), "reason": reason, "limit": limit}
    return statements.rows(connection, "quarantine/entries", {**chosen, **place})


def reasons(
    connection: Connection, supplier: str | None, *, suppliers: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """How many open entries there are by supplier, scope, field and reason."""
    return statements.rows(
        connection, "quarantine/reasons", {"supplier": supplier, "suppliers": _listed(suppliers)}
    )  # fmt: skip


def retryable(connection: Connection, supplier: str) -> list[dict[str, Any]]:
    """Rows of the supplier that a mended profile may read, once each: columns of `RETRYABLE`."""
    return statements.rows(connection, "quarantine/retryable", {"supplier": supplier})


def _listed(suppliers: Sequence[str] | None) -> list[str] | None:
    return list(suppliers) if suppliers is not None else None

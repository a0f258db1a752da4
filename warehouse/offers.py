"""Reads of the offers: finding them, one of them, what happened to it. Nothing is judged or changed here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from warehouse import statements
from warehouse.lake import Connection

Rows = list[dict[str, Any]]
_ALIKE = ("cCçÇ", "gGğĞ", "iIıİîÎ", "oOöÖ", "sSşŞ", "uUüÜûÛ", "aAâÂ")
"""Letters that are typed for one another in Turkish, or without a Turkish keyboard."""
_CLASSES = {letter: f"[{letters}]" for letters in _ALIKE for letter in letters}
_GTIN = re.compile(r"[0-9]{8}|[0-9]{12,14}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which offers to find; None leaves open."""

    supplier: str | None = None
    suppliers: Sequence[str] | None = None
    """Only those of these suppliers."""
    status: str | None = None
    text: str | None = None
    """Part of a title or of a supplier's code, whatever its capitals and accents; or a whole GTIN."""
    since: datetime | None = None
    """Written since that moment."""


def search(connection: Connection, wanted: Wanted, limit: int, after: tuple[str, str] | None = None) -> Rows:
    """Offers that fit, by supplier and code, beginning after such a pair."""
    text = (wanted.text or "").strip()
    gtin = text if _GTIN.fullmatch(text) else None
    parameters = {
        "supplier": wanted.supplier, "suppliers": list(wanted.suppliers) if wanted.suppliers is not None else None,
        "status": wanted.status, "since": wanted.since, "gtin": gtin,
        "pattern": pattern_of(text) if text and gtin is None else None,
        "after_supplier": after[0] if after else None, "after_sku": after[1] if after else None, "limit": limit,
    }  # fmt: skip
    return statements.rows(connection, "offers/search", parameters)


def counts(connection: Connection) -> dict[str, int]:
    """How many active offers each supplier has."""
    return {row["supplier"]: row["offers"] for row in statements.rows(connection, "offers/counts", {})}


def find(connection: Connection, supplier: str, supplier_sku: str) -> dict[str, Any] | None:
    """The offer with every column of `core.offers`; None if there is none."""
    found = statements.rows(connection, "offers/one", {"supplier": supplier, "supplier_sku": supplier_sku})
    return found[0] if found else None


def history(
    connection: Connection,
    supplier: str,
    supplier_sku: str,
    limit: int,
    before: tuple[datetime, str, str] | None = None,
) -> Rows:
    """What happened to an offer, the newest first: changed_at, run_id, kind, field, before, after.

    `before` is the moment, run and field of the last one seen.
    """
    at, run_id, field = before or (None, None, None)
    parameters = {
        "supplier": supplier, "supplier_sku": supplier_sku, "at": at, "run_id": run_id, "field": field, "limit": limit,
    }  # fmt: skip
    return statements.rows(connection, "offers/history", parameters)


def pattern_of(text: str) -> str:
    """A regular expression (RE2) for the text in capitals or not, with or without Turkish accents, however spaced."""
    return r"[\s\pZ]+".join("".join(map(_class_of, word)) for word in text.split())


def _class_of(letter: str) -> str:
    if letter in _CLASSES:
        return _CLASSES[letter]
    forms = {form for form in (letter, letter.lower(), letter.upper()) if len(form) == 1}
    return f"[{''.join(sorted(forms))}]" if len(forms) > 1 else re.escape(letter)

"""What was refused or withheld, by what was wrong with it, with a few examples as they were received."""

from pydantic import BaseModel, ConfigDict

from warehouse import statements
from warehouse.lake import Connection

_BOUNDS: dict[str, object] = {"groups": 50, "examples": 3, "longest": 600}


class Example(BaseModel):
    """One refused row, or the row of one withheld value."""

    model_config = ConfigDict(frozen=True)

    row_number: int
    supplier_sku: str | None
    value: str | None
    raw: str
    """The record as received, cut at 600 characters."""


class Refusals(BaseModel):
    """All rows (or values, if `scope` is `field`) of which the same was wrong."""

    model_config = ConfigDict(frozen=True)

    scope: str
    field: str
    reason: str
    expected: str
    rows: int
    examples: list[Example]


def open_refusals(connection: Connection, supplier: str) -> list[Refusals]:
    """The supplier's open quarantine, most rows first, at most 50 groups."""
    return _groups(connection, "quality/refusals", {"supplier": supplier})


def staged_refusals(connection: Connection) -> list[Refusals]:
    """What the delta attached to the connection refuses."""
    return _groups(connection, "quality/staged_refusals", {})


def _groups(connection: Connection, name: str, parameters: dict[str, object]) -> list[Refusals]:
    cursor = statements.run(connection, name, {**parameters, **_BOUNDS})
    names = [column[0] for column in cursor.description or []]
    return [Refusals.model_validate(dict(zip(names, row, strict=True))) for row in cursor.fetchall()]

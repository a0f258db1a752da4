"""Reads of the change feed and of staged deltas: what a run changes, what happened to one offer."""

from typing import Any

from warehouse import statements
from warehouse.lake import Connection, Lake

Rows = list[dict[str, Any]]


def staged(connection: Connection, limit: int) -> tuple[dict[str, int], Rows]:
    """Offers per kind of change, and `limit` of them, of the delta attached to the connection."""
    return _kinds(connection, "changes/staged_kinds", {}), _rows(connection, "changes/staged", {"limit": limit})


def applied(connection: Connection, run_id: str, limit: int) -> tuple[dict[str, int], Rows]:
    """The same of a run that is in the lake."""
    parameters = {"run_id": run_id}
    return (
        _kinds(connection, "changes/applied_kinds", parameters),
        _rows(connection, "changes/applied", {**parameters, "limit": limit}),
    )


def history(connection: Connection, supplier: str | None, supplier_sku: str) -> Rows:
    """Everything that happened to an offer, oldest first: changed_at, run_id, supplier, kind, field, before, after."""
    return _rows(connection, "changes/history", {"supplier": supplier, "supplier_sku": supplier_sku})


def suspects(connection: Connection, run_id: str) -> bool:
    """Whether offers are suspected to be gone because of that run's feed."""
    return bool(statements.row(connection, "changes/suspects", {"run_id": run_id})["offers"])


def clear_suspicion(lake: Lake, connection: Connection, supplier: str) -> None:
    """Forget what a held feed left out, now that it is decided."""
    lake.write(
        connection,
        lambda c: statements.run(c, "changes/clear_suspicion", {"supplier": supplier}),
        f"decided on a held run of {supplier}",
    )


def _kinds(connection: Connection, name: str, parameters: dict[str, Any]) -> dict[str, int]:
    return dict(statements.run(connection, name, parameters).fetchall())


def _rows(connection: Connection, name: str, parameters: dict[str, Any]) -> Rows:
    cursor = statements.run(connection, name, parameters)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

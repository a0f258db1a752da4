"""The prices of every offer on every channel: made by rules, judged by the margin formula, let out or refused.

Which rule an offer falls to and which prices were approved is decided by the caller.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from warehouse import statements
from warehouse.arrow import register
from warehouse.lake import Connection, Lake
from warehouse.margin_lines import Combination, Mentioned, Resolve, Row, consider

_RULES = {
    "channel": "VARCHAR", "supplier": "VARCHAR", "brand": "VARCHAR", "category": "VARCHAR",
    "cost_from": "DECIMAL(18, 4)", "cost_below": "DECIMAL(18, 4)", "desi_from": "INTEGER", "desi_below": "INTEGER",
    "rule_number": "INTEGER", "rule": "VARCHAR", "price_kind": "VARCHAR", "price_rate": "DECIMAL(7, 2)",
    "price_amount": "DECIMAL(18, 4)", "least_profit": "DECIMAL(18, 4)", "least_margin_rate": "DECIMAL(7, 2)",
    "advertised_rate": "DECIMAL(7, 2)", "step": "DECIMAL(18, 4)", "ending": "DECIMAL(18, 4)",
    "largest_step_rate": "DECIMAL(7, 2)",
}  # fmt: skip
_APPROVALS = {
    "id": "VARCHAR", "channel": "VARCHAR", "supplier": "VARCHAR", "supplier_sku": "VARCHAR",
    "price": "DECIMAL(18, 4)", "net_cash": "DECIMAL(18, 4)", "valid_until": "VARCHAR",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRun:
    """What prices are made by."""

    mentioned: Mentioned
    """What terms and rules mention."""
    resolve: Resolve
    rules: Callable[[Sequence[Combination]], Sequence[Row]]
    """For each channel, combination and cell of cost and parcel, the rule with what it says, as `_RULES` names it."""
    rules_version: int
    approvals: Sequence[Row]
    """Prices below the floor that a person allows: `id`, `channel`, `supplier`, `supplier_sku`; down to which `price`
    and `net_cash`, until which day (`valid_until`, ISO 8601)."""
    day: date
    """Of the tenant."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to, or would come to."""

    counts: list[dict[str, Any]]
    """`channel`, `outcome` (new, raised, lowered, unchanged, no_rule, or why prices were refused), `offers`."""
    examples: list[dict[str, Any]]
    refusals: list[dict[str, Any]]


def publish(
    lake: Lake, connection: Connection, read: Callable[[], PriceRun], run_id: str, *, examples: int = 10
) -> Outcome:
    """Let out every price that changes and keeps its floor, in one transaction; what is refused stays as it was.

    What prices are made by is read when it is the run's turn to write: not what held when it began to wait.
    """

    def work(connection: Connection) -> Outcome:
        run, at = read(), datetime.now(UTC)
        _decide(connection, run)
        given = {"run_id": run_id, "at": at, "rules_version": run.rules_version, "day": str(run.day)}
        statements.run(connection, "prices/publish", given)
        return _told(connection, examples)

    return lake.write(connection, work, f"prices {run_id}")


def preview(connection: Connection, run: PriceRun, *, examples: int = 10) -> Outcome:
    """What a run would do; nothing is written."""
    connection.begin()
    try:
        _decide(connection, run)
        return _told(connection, examples)
    finally:
        connection.rollback()


def _decide(connection: Connection, run: PriceRun) -> None:
    found = consider(connection, run.mentioned, run.resolve)
    register(connection, "rules", _RULES, run.rules(found))
    register(connection, "approvals", _APPROVALS, run.approvals)
    given = {"day": str(run.day), "rules_version": run.rules_version}
    for step in ("wish", "judge", "refuse"):
        statements.run(connection, f"prices/{step}", given)


def _told(connection: Connection, examples: int) -> Outcome:
    given: Mapping[str, object] = {"limit": examples}
    return Outcome(
        statements.rows(connection, "prices/counts"),
        statements.rows(connection, "prices/examples", given),
        statements.rows(connection, "prices/refusals", given),
    )

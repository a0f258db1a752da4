"""Use cases around what-ifs: one is asked, computed by a flow, and looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from meschain.access.rules import NotFound
from meschain.pricing.context import Pricing
from meschain.pricing.tables import Scenario
from meschain.pricing.what_if import estimate, parse_changes
from meschain.store.base import utc_now
from meschain.store.session import reading, transaction


def ask_scenario(pricing: Pricing, name: str, changes: Sequence[Mapping[str, Any]]) -> Scenario:
    """Keep a what-if, to be computed. Refused with every fault of its changes."""
    parsed = parse_changes(changes)
    kept = [change.model_dump(mode="json", exclude_defaults=True) | {"kind": change.kind} for change in parsed]
    stored = Scenario(name=named(name), changes=kept, created_by=str(pricing.actor))
    with transaction(pricing.engine) as session:
        session.add(stored)
    return stored


def named(name: str) -> str:
    """The name as it is kept: one that says nothing is no name."""
    return name.strip() or "what if"


def compute_scenario(pricing: Pricing, scenario_id: str) -> Scenario:
    """Compute a what-if and keep what came out. NotFound if there is none, Refused before any margin was computed."""
    asked = get_scenario(pricing, scenario_id)
    found = _told(asdict(estimate(pricing, parse_changes(asked.changes))))
    with transaction(pricing.engine) as session:
        stored = session.get_one(Scenario, asked.id)
        stored.result, stored.computed_at = found, utc_now()
    return stored


def get_scenario(pricing: Pricing, scenario_id: str) -> Scenario:
    """The what-if; NotFound if there is none."""
    query = select(Scenario).where(Scenario.tenant_id == pricing.tenant_id, Scenario.id == scenario_id)
    with reading(pricing.engine) as session:
        found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound(f"there is no what-if {scenario_id!r}")
    return found


def list_scenarios(pricing: Pricing, *, before: str | None = None, limit: int | None = None) -> list[Scenario]:
    """The what-ifs, the newest first, beginning before one."""
    query = select(Scenario).where(Scenario.tenant_id == pricing.tenant_id)
    query = query.where(Scenario.id < before) if before is not None else query
    with reading(pricing.engine) as session:
        return list(session.scalars(query.order_by(Scenario.id.desc()).limit(limit)))


def _told(value: Any) -> Any:  # noqa: ANN401  any part of a result
    """The result in JSON values, amounts as text."""
    if isinstance(value, dict):
        return {name: _told(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_told(part) for part in value]
    return str(value) if isinstance(value, Decimal) else value.isoformat() if isinstance(value, datetime) else value

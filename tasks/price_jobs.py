"""What workers do for margins and prices: functions of a house, one use case each; their results fit through a pipe."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

from meschain.access.rules import NotFound
from meschain.pricing import margins, prices, scenarios
from meschain.pricing.context import Pricing
from meschain.runs.service import asker_of
from meschain.store.ids import new_id
from meschain.store.tenancy import of_tenant
from meschain.wiring import House
from tasks.worker import Report
from warehouse.price_runs import Outcome

Rows = list[dict[str, Any]]


class Made(BaseModel):
    """What a computation of margins or prices came to at a tenant; amounts are texts."""

    model_config = ConfigDict(frozen=True)

    tenant: str
    counts: Rows
    """By channel and outcome."""
    shown: Rows
    """The losers of margins; the refused of prices."""

    def count(self, *outcomes: str) -> int:
        """How many lines came to any of these."""
        return sum(int(row.get("lines") or row.get("offers") or 0) for row in self.counts if row["outcome"] in outcomes)

    @property
    def outcomes(self) -> dict[str, int]:
        """How many lines came to what, on all channels together."""
        return {outcome: self.count(outcome) for outcome in sorted({row["outcome"] for row in self.counts})}


def compute_margins(house: House, _report: Report, *, tenant: str, flow_run_id: str | None) -> Made:
    """Compute what every active offer earns on every active channel."""
    found = margins.compute_margins(_pricing(house, tenant, flow_run_id), new_id())
    return Made(tenant=tenant, counts=found.counts, shown=_told(found.losers))


def refresh_prices(house: House, _report: Report, *, tenant: str, flow_run_id: str | None) -> Made | None:
    """Make every price anew and let out what keeps its floor; None when the tenant has no rules that are active."""
    try:
        return _made(tenant, prices.refresh_prices(_pricing(house, tenant, flow_run_id), new_id()))
    except NotFound:
        return None


def preview_prices(house: House, _report: Report, *, tenant: str | None, version: int, flow_run_id: str | None) -> Made:
    """What a version of the price rules would do; kept with it for whoever approves it."""
    pricing = _pricing(house, tenant, flow_run_id)
    return _made(pricing.tenant, prices.preview_prices(pricing, version))


def compute_scenario(
    house: House, _report: Report, *, tenant: str | None, scenario: str, flow_run_id: str | None
) -> Made:
    """Compute a what-if and keep what came out."""
    pricing = _pricing(house, tenant, flow_run_id)
    return Made(
        tenant=pricing.tenant, counts=[], shown=scenarios.compute_scenario(pricing, scenario).result["channels"]
    )


def _pricing(house: House, tenant: str | None, flow_run_id: str | None) -> Pricing:
    """The tenant's pricing, in the name of whoever asked for the flow run."""
    owner = house.tenant(tenant)
    return house.pricing(owner, asker_of(of_tenant(house.engine, owner.id), flow_run_id))


def _made(tenant: str, outcome: Outcome) -> Made:
    return Made(tenant=tenant, counts=outcome.counts, shown=_told(outcome.refusals))


def _told(rows: Sequence[dict[str, Any]]) -> Rows:
    """Amounts as text: a state's data is JSON."""
    return [{name: str(value) if isinstance(value, Decimal) else value for name, value in row.items()} for row in rows]

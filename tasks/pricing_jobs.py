"""What workers do for prices: functions of a house, one use case each, whose results fit through a pipe. No Prefect."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from connectors.fx.bulletin import Bulletin
from meschain.pricing import rates
from meschain.pricing.banks import fetch_bulletin, today_of
from meschain.pricing.bulletins import newest, reference
from meschain.pricing.context import Pricing
from meschain.pricing.tables import RateBulletin
from meschain.runs.service import asker_of
from meschain.store.base import utc_now
from meschain.store.tenancy import of_tenant
from meschain.wiring import House, http_settings
from tasks.worker import Report


class Kept(BaseModel):
    """What became of a bulletin of rates at a tenant."""

    model_config = ConfigDict(frozen=True)

    tenant: str
    source: str
    day: str
    bulletin: str
    """What it is called."""
    status: str
    """accepted, held or rejected."""
    findings: list[dict[str, Any]]
    """Why it is held: see `meschain.pricing.bulletins.Finding`."""

    @classmethod
    def of(cls, row: RateBulletin, tenant: str) -> Self:
        """From what the store has."""
        return cls(
            tenant=tenant, source=row.source, day=row.day.isoformat(), bulletin=reference(newest(row)),
            status=row.status, findings=row.findings,
        )  # fmt: skip


def _pricing(house: House, tenant: str, flow_run_id: str | None) -> Pricing:
    """The tenant's pricing, in the name of whoever asked for the flow run."""
    owner = house.tenant(tenant)
    return house.pricing(owner, asker_of(of_tenant(house.engine, owner.id), flow_run_id))


def fetch_rates(house: House, _report: Report, *, source: str) -> Bulletin:
    """The bank's newest bulletin of today there; it is every tenant's."""
    return fetch_bulletin(
        http_settings(house.settings), house.banks, source, today_of(source, utc_now())
    )  # fmt: skip


def keep_rates(house: House, _report: Report, *, tenant: str, bulletin: Bulletin, flow_run_id: str | None) -> Kept:
    """Keep the bulletin for the tenant, or hold it."""
    return Kept.of(rates.keep_bulletin(_pricing(house, tenant, flow_run_id), bulletin), tenant)

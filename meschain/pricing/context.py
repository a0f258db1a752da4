"""What the use cases of pricing need of the house, handed in by wiring: store, lake, exclusion, log, banks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from connectors.http.settings import HttpSettings
from meschain.audit.acting import Acting
from meschain.catalog.context import Exclusive
from meschain.channels.context import Channels
from meschain.store.changes import Recent
from warehouse.lake import Lake


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing(Acting):
    """One tenant's prices and margins."""

    time_zone: str
    lake: Lake
    exclusive: Exclusive
    http: HttpSettings
    banks: Mapping[str, str]
    """Where each central bank publishes its rates, by the name of the source."""
    channels: Channels
    recent: Recent
    home_currency: str
    """ISO 4217 code of amounts that are stated for no channel."""

    def day_of(self, moment: datetime) -> date:
        """The day that it is then for the tenant."""
        return moment.astimezone(ZoneInfo(self.time_zone)).date()


def pricing_lock(tenant: str) -> str:
    """Name of the lock of whoever computes a tenant's prices."""
    return f"prices of {tenant}"

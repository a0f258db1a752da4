"""What the catalog's use cases need of the house, handed in by wiring: store, lake, folders, exclusion, vault, log."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from connectors.http.settings import HttpSettings
from meschain.audit.acting import Acting
from meschain.store.vault import Vault
from warehouse.lake import Lake

Exclusive = Callable[[str, str], AbstractContextManager[object]]
"""`exclusive(name, holder)`: refuses at once when another process or thread holds `name`."""


def supplier_lock(tenant: str, supplier: str) -> str:
    """Name of the lock of whoever works on a supplier; a blank and a slash stand in no name, so no two are alike."""
    return f"supplier {tenant}/{supplier}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog(Acting):
    """One tenant's catalog."""

    currency: str | None
    lake: Lake
    exclusive: Exclusive
    vault: Vault
    http: HttpSettings
    raw: Path
    delta: Path
    reports: Path
    max_bytes: int

    def delta_file(self, run_id: str) -> Path:
        """Where a run's staged delta lies."""
        return self.delta / f"{run_id}.duckdb"

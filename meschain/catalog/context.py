"""What the catalog's use cases need of the house, handed in by wiring: store, lake, folders, exclusion, vault."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from connectors.http.settings import HttpSettings
from meschain.store.vault import Vault
from warehouse.lake import Lake

Exclusive = Callable[[str, str], AbstractContextManager[object]]
"""`exclusive(name, holder)`: refuses at once when another process or thread holds `name`."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """One tenant's catalog."""

    tenant_id: str
    tenant: str
    currency: str | None
    engine: Engine
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

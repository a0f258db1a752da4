"""What the catalog's use cases need of the house, handed in by wiring: store, lake, folders, exclusion, vault, log."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from connectors.http.settings import HttpSettings
from meschain.audit.rules import Actor, Tag
from meschain.audit.service import AuditLog
from meschain.store.vault import Vault
from warehouse.lake import Lake

Exclusive = Callable[[str, str], AbstractContextManager[object]]
"""`exclusive(name, holder)`: refuses at once when another process or thread holds `name`."""


def supplier_lock(tenant: str, supplier: str) -> str:
    """Name of the lock of whoever works on a supplier; a blank and a slash stand in no name, so no two are alike."""
    return f"supplier {tenant}/{supplier}"


@dataclass(frozen=True, slots=True)
class Catalog:
    """One tenant's catalog."""

    tenant_id: str
    tenant: str
    currency: str | None
    engine: Engine
    """Bound to the tenant."""
    lake: Lake
    exclusive: Exclusive
    vault: Vault
    http: HttpSettings
    raw: Path
    delta: Path
    reports: Path
    max_bytes: int
    log: AuditLog
    actor: Actor
    """Who acts in this context."""

    def record(
        self,
        session: Session,
        tag: Tag,
        target: str,
        *,
        before: object = None,
        after: object = None,
        actor: Actor | None = None,
    ) -> None:
        """Write an act of this context's actor, or of `actor`, into the audit log with the session's transaction."""
        actor = (actor or self.actor).of_tenant(self.tenant_id)
        self.log.record(session, tag, actor, target=target, before=before, after=after)

    def delta_file(self, run_id: str) -> Path:
        """Where a run's staged delta lies."""
        return self.delta / f"{run_id}.duckdb"

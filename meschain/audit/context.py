"""What the audit room's use cases need of the house, handed in by wiring: store, vault, log, and the log's name."""

from dataclasses import dataclass

from sqlalchemy import Engine

from meschain.audit.service import AuditLog
from meschain.store.installation import Installation
from meschain.store.tenancy import of_every_tenant, of_tenant
from meschain.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Audit:
    """The installation's log, with what signs and proves it."""

    engine: Engine
    """Bound to no tenant."""
    vault: Vault
    log: AuditLog
    installation: Installation

    @property
    def origin(self) -> str:
        """The log's name, under which it signs."""
        return f"meschain/{self.installation.id}"

    @property
    def everywhere(self) -> Engine:
        """The store with every tenant's rows: for proofs, which need hashes of all, and for the operator."""
        return of_every_tenant(self.engine)

    def of(self, tenant_id: str | None) -> Engine:
        """The store with one tenant's rows; with all for None, which is the operator's alone to ask for."""
        return self.everywhere if tenant_id is None else of_tenant(self.engine, tenant_id)

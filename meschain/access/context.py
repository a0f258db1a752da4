"""What the access room's use cases need of the house, handed in by wiring: store, log, vault, keyed hashes."""

from dataclasses import dataclass

from sqlalchemy import Engine

from meschain.access.passwords import Passwords
from meschain.access.policy_cache import PolicyCache
from meschain.audit.service import AuditLog
from meschain.store.installation import Installation
from meschain.store.tenancy import of_every_tenant, of_tenant
from meschain.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Access:
    """The installation's people and their rights."""

    engine: Engine
    """Bound to no tenant."""
    vault: Vault
    log: AuditLog
    installation: Installation
    passwords: Passwords
    policies: PolicyCache

    @property
    def issuer(self) -> str:
        """Who issues tokens and for whom they are."""
        return f"urn:uuid:{self.installation.id}"

    @property
    def everywhere(self) -> Engine:
        """The store with every tenant's rows: for proving who somebody is, before it is known for which tenant."""
        return of_every_tenant(self.engine)

    def of(self, tenant_id: str) -> Engine:
        """The store with one tenant's rows."""
        return of_tenant(self.engine, tenant_id)

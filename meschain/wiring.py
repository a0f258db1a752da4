"""Chooses the implementations, and nobody else does: from settings to the context that a room's use cases ask for."""

from functools import cached_property, partial
from pathlib import Path

from sqlalchemy import Engine

from connectors.http.settings import HttpSettings
from meschain.access.context import Access
from meschain.access.passwords import Passwords
from meschain.access.policy_cache import PolicyCache
from meschain.access.tables import HOME_CURRENCY, Tenant
from meschain.access.tenants import ensure_tenant, get_tenant, only_tenant
from meschain.audit.context import Audit
from meschain.audit.rules import OPERATOR, Actor
from meschain.audit.service import AuditLog
from meschain.catalog.context import Catalog
from meschain.channels.context import Channels
from meschain.pricing.context import Pricing
from meschain.runs.logs import FlowLogs
from meschain.settings import Settings, load_settings, private_dir
from meschain.store.changes import Changes, Recent
from meschain.store.engine import open_engine
from meschain.store.exclusion import exclusive
from meschain.store.installation import Installation, open_installation
from meschain.store.loading import check_whole
from meschain.store.schema import is_current, upgrade
from meschain.store.tenancy import of_tenant
from meschain.store.vault import Vault, vault_of
from warehouse.lake import Lake, LakeSettings
from warehouse.readers import Readers

_LAKE_WAIT_SECONDS = 300.0


class House:
    """One process's view of the installation: settings, store, vault, and each tenant's lake.

    With `readers`, a process that answers many small questions keeps connections to the lakes open; such a process also
    uses what it read of the store again while nothing is written there.
    """

    def __init__(self, settings: Settings | None = None, *, readers: Readers | None = None) -> None:
        self.settings = settings or load_settings()
        private_dir(self.settings.home)
        self.engine: Engine = open_engine(self.settings.store.url)
        """Bound to no tenant."""
        self.vault: Vault = vault_of(self.settings)
        self.log = AuditLog(self.vault)
        self._readers = readers
        self.changes = Changes(self.engine)
        self._recent = Recent(self.changes if readers is not None else None)
        self._lakes: dict[tuple[str, str], Lake] = {}

    def set_up(self) -> None:
        """Bring the store's tables up to date; several processes may ask at once.

        Refused while a backup is being brought back.
        """
        check_whole(self.settings.home)
        if not is_current(self.engine):
            upgrade(self.engine, self.settings.locks_dir())

    @cached_property
    def installation(self) -> Installation:
        """What makes this installation itself; made at its first start."""
        return open_installation(self.engine, self.vault)

    @cached_property
    def access(self) -> Access:
        """The access room's context."""
        return Access(self.engine, self.vault, self.log, self.installation, Passwords(), PolicyCache())

    @cached_property
    def audit(self) -> Audit:
        """The audit room's context."""
        return Audit(self.engine, self.vault, self.log, self.installation)

    @cached_property
    def flow_logs(self) -> FlowLogs:
        """The logs of flow runs."""
        return FlowLogs(self.settings.prefect_url, self.settings.prefect.auth.get_secret_value())

    @property
    def banks(self) -> dict[str, str]:
        """Where each central bank publishes its rates, by the name of the source."""
        return {"tcmb": self.settings.http.tcmb, "ecb": self.settings.http.ecb}

    def tenant(self, slug: str | None, *, create: bool = False) -> Tenant:
        """The named tenant (made if `create`), or the only one when none is named."""
        if slug is None:
            return only_tenant(self.engine)
        if create:
            return ensure_tenant(self.engine, slug, noted=(self.log, OPERATOR))
        return self._recent.get(("tenant", slug), lambda: get_tenant(self.engine, slug))

    def lake(self, tenant: str, tenant_id: str = "") -> Lake:
        """The tenant's lake; its writers exclude each other over every process of the installation.

        By its id a tenant that was removed is told from one of the same name that was made since.
        """
        if (tenant, tenant_id) not in self._lakes:
            settings = self.settings
            self._lakes[tenant, tenant_id] = Lake(
                LakeSettings(
                    tenant=tenant,
                    catalog_file=settings.lake_dir(tenant) / "catalog.sqlite",
                    catalog_url=settings.lake.catalog_url,
                    data_path=settings.lake_data_path(tenant),
                    temp_path=private_dir(settings.home / "spill"),
                    memory_limit=settings.lake.memory_limit,
                    threads=settings.lake.threads,
                ),
                partial(
                    exclusive, self.engine, settings.locks_dir(), holder="a write", wait_seconds=_LAKE_WAIT_SECONDS
                ),
                self._readers,
            )
        return self._lakes[tenant, tenant_id]

    def catalog(self, tenant: Tenant, actor: Actor = OPERATOR) -> Catalog:
        """The catalog room's context for a tenant, and for who acts."""
        settings = self.settings
        return Catalog(
            tenant_id=tenant.id,
            tenant=tenant.slug,
            currency=tenant.default_currency,
            engine=of_tenant(self.engine, tenant.id),
            lake=self.lake(tenant.slug, tenant.id),
            exclusive=lambda name, holder: exclusive(self.engine, settings.locks_dir(), name, holder=holder),
            vault=self.vault,
            http=http_settings(settings),
            raw=private_dir(settings.home / "raw" / tenant.slug),
            delta=settings.delta_dir(tenant.slug),
            reports=private_dir(settings.home / "reports" / tenant.slug),
            max_bytes=settings.http.max_bytes,
            log=self.log,
            actor=actor.of_tenant(tenant.id),
        )

    def channels(self, tenant: Tenant, actor: Actor = OPERATOR) -> Channels:
        """The channels room's context for a tenant, and for who acts."""
        return Channels(
            tenant_id=tenant.id,
            tenant=tenant.slug,
            engine=of_tenant(self.engine, tenant.id),
            log=self.log,
            actor=actor.of_tenant(tenant.id),
        )

    def pricing(self, tenant: Tenant, actor: Actor = OPERATOR) -> Pricing:
        """The pricing room's context for a tenant, and for who acts."""
        settings = self.settings
        return Pricing(
            tenant_id=tenant.id,
            tenant=tenant.slug,
            engine=of_tenant(self.engine, tenant.id),
            log=self.log,
            actor=actor.of_tenant(tenant.id),
            time_zone=tenant.time_zone,
            lake=self.lake(tenant.slug, tenant.id),
            exclusive=lambda name, holder: exclusive(self.engine, settings.locks_dir(), name, holder=holder),
            http=http_settings(settings),
            banks=self.banks,
            channels=self.channels(tenant, actor),
            recent=self._recent,
            home_currency=tenant.default_currency or HOME_CURRENCY,
        )

    def close(self) -> None:
        """Close the connections to store, lakes and servers."""
        self.changes.close()
        if self._readers is not None:
            self._readers.close()
        if "flow_logs" in vars(self):
            self.flow_logs.close()
        self.engine.dispose()


def http_settings(settings: Settings) -> HttpSettings:
    """The HTTP client's settings from the installation's."""
    private = ("0.0.0.0/0", "::/0") if settings.http.allow_private_addresses else ()
    return HttpSettings(
        read_timeout=settings.http.timeout_seconds, max_bytes=settings.http.max_bytes, allow_private=private
    )


def sample_folder(settings: Settings) -> Path:
    """Where the sample feeds of `meschain demo` are written."""
    return private_dir(settings.home / "sample")

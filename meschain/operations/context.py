"""What the use cases on a whole installation need of the house, handed in by wiring: settings, store, lakes, log."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, select

from commerce.errors import Refused
from meschain.access.tables import Tenant
from meschain.audit.rules import OPERATOR, Actor
from meschain.audit.service import AuditLog
from meschain.settings import Settings, private_dir
from meschain.store.exclusion import Exclusion, exclusive
from meschain.store.session import reading
from meschain.store.several import all_exclusive
from meschain.store.tables import InstallationRow
from meschain.store.tenancy import of_every_tenant
from warehouse.lake import LakeSettings, files_lock, lake_lock

KEYS = "vault-keys"
"""Name of the lock of whoever changes the vault's keys, and of whoever must not see them change."""
_WAIT_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Operations:
    """The installation as a whole."""

    settings: Settings
    engine: Engine
    """Bound to no tenant."""
    log: AuditLog
    lake: Callable[[str], LakeSettings]
    """Where a tenant's lake is; its local folders are made."""
    actor: Actor = OPERATOR

    @property
    def everywhere(self) -> Engine:
        """The store with every tenant's rows."""
        return of_every_tenant(self.engine)

    @property
    def owner(self) -> str:
        """What tells this installation's drafts from those of others that write to the same folder."""
        with reading(self.engine) as session:
            installation = session.scalar(select(InstallationRow.id))
        return f"{installation} {self.settings.home}"  # a restored copy is the same installation in another place

    @contextmanager
    def exclusive(self, name: str, holder: str, *, wait: bool = False) -> Iterator[Exclusion]:
        """Hold `name` over all processes of the installation; Busy when another holds it (for minutes, if `wait`)."""
        seconds = _WAIT_SECONDS if wait else 0.0
        with exclusive(self.engine, self.settings.locks_dir(), name, holder=holder, wait_seconds=seconds) as held:
            yield held

    @contextmanager
    def files_kept(self, tenants: Sequence[str], holder: str) -> Iterator[None]:
        """Keep maintenance from removing files of these tenants' lakes; waits while it does."""
        with self.all_exclusive([files_lock(slug) for slug in tenants], holder):
            yield

    @contextmanager
    def lakes_still(self, tenants: Sequence[str], holder: str) -> Iterator[None]:
        """Keep these tenants' lakes as they are: writers wait, readers do not."""
        with self.all_exclusive([lake_lock(slug) for slug in tenants], holder):
            yield

    @contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """An empty folder for the one process that does `name` at a time; Busy when another does it."""
        with self.exclusive(name, name):
            folder = self.settings.home / "tmp" / name.replace(" ", "-")
            shutil.rmtree(folder, ignore_errors=True)  # a killed process left it
            try:
                yield private_dir(folder)
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def all_exclusive(self, names: Sequence[str], holder: str, *, wait: bool = True) -> Iterator[None]:
        """Hold all of the names; Busy when another holds one of them (for minutes, if `wait`)."""
        locks, seconds = self.settings.locks_dir(), _WAIT_SECONDS if wait else 0.0
        with all_exclusive(self.engine, locks, names, holder=holder, wait_seconds=seconds):
            yield

    def data_folder(self, slug: str) -> Path:
        """The folder of a tenant's lake files. Refused when they lie in an object store."""
        return local_data(self.lake(slug))

    def kept_folders(self, slug: str) -> dict[str, Path]:
        """What else is kept of a tenant as files, by kind; a folder need not exist."""
        return {kind: self.settings.home / kind / slug for kind in ("delta", "raw", "reports")}


def local_data(lake: LakeSettings) -> Path:
    """The folder of a lake's files. Refused when they lie in an object store."""
    if "://" in lake.data_path:
        raise Refused(
            f"the files of the lake of {lake.tenant} are at {lake.data_path}: expected a folder; copy, export or "
            "remove them with the tools of that object store"
        )
    return Path(lake.data_path)


def slugs(tenants: list[Tenant]) -> list[str]:
    """Their names, in order."""
    return sorted(tenant.slug for tenant in tenants)

"""One moment of the installation: a view of the store and copies of the lakes' catalogs that agree with each other.

While the view is opened and the catalogs are copied, no lake is written and no key changes; that takes some tenths of a
second for each lake, in which writers wait. Afterwards everybody goes on, and the view stays as it was.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, select

from commerce.errors import Transient
from meschain.access.tables import Tenant
from meschain.access.tenants import list_tenants
from meschain.operations.context import KEYS, Operations, slugs
from meschain.operations.vault_keys import VaultKeys, present_keys
from meschain.store.session import reading
from meschain.store.tenancy import TenantSession
from warehouse.catalogs import make_blank
from warehouse.copying import copy_catalog

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Moment:
    """What was at that moment."""

    session: TenantSession
    """An unchanging view of the store."""
    tenants: list[Tenant]
    catalogs: dict[str, Path]
    """By tenant, a copy of the lake's catalog in SQLite; tenants without a lake have none."""
    keys: VaultKeys


@contextmanager
def captured(
    operations: Operations, engine: Engine, holder: str, scratch: Path, only: str | None = None
) -> Iterator[Moment]:
    """The present moment, of all tenants or of one; the copies lie in `scratch`, a folder of the caller's own.

    `engine` is bound to whoever may see what the view is to show.
    """
    blank = scratch / "blank.sqlite"
    make_blank(blank, scratch / "data")
    for _ in range(_ATTEMPTS):
        with ExitStack() as view, ExitStack() as locks:
            expected = _named(list_tenants(operations.engine), only)
            locks.enter_context(operations.exclusive(KEYS, holder, wait=True))
            locks.enter_context(operations.lakes_still(expected, holder))
            session = view.enter_context(reading(engine))
            tenants = list(session.scalars(select(Tenant).order_by(Tenant.slug)))
            if _named(tenants, only) != expected:
                continue  # a tenant came or went while we waited
            catalogs = _copy(operations, expected, blank, scratch)
            keys = present_keys(operations.settings)
            locks.close()
            yield Moment(session, [tenant for tenant in tenants if tenant.slug in expected], catalogs, keys)
            return
    raise Transient("tenants keep coming and going; try again")


def _named(tenants: list[Tenant], only: str | None) -> list[str]:
    return [slug for slug in slugs(tenants) if only in {None, slug}]


def _copy(operations: Operations, names: list[str], blank: Path, scratch: Path) -> dict[str, Path]:
    copies = {}
    for slug in names:
        copy = Path(shutil.copyfile(blank, scratch / f"{slug}.sqlite"))
        if copy_catalog(operations.lake(slug), copy):
            copies[slug] = copy
    return copies

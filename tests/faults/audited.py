"""Somebody whose every act is audited, in a process that may be killed: a role changes, a run is approved, a login."""

import os
import random
from collections.abc import Iterator
from itertools import count, cycle
from pathlib import Path

from meschain.access import login
from meschain.access.own_roles import change_role, get_role
from meschain.access.roles import Rights
from meschain.access.tables import Tenant
from meschain.audit.rules import Actor
from meschain.catalog.context import Catalog
from meschain.catalog.decisions import approve_run
from meschain.catalog.runs import held_run
from meschain.catalog.suppliers import ensure_supplier
from meschain.catalog.sync import sync_files
from meschain.settings import Settings
from meschain.wiring import House
from tests.access.people import PASSWORD, VISITOR

EMAIL, ROLE, SUPPLIER, TENANT = "ayse@example.com", "watchers", "wholesaler", "acme"
READY = "ready"
_RIGHTS = (Rights(("catalog:read",)), Rights(("catalog:read", "reports:read")))


def act(settings: Settings, owner: str, feeds: list[Path], told: Path) -> None:
    """Act for ever; what was acknowledged stands in the file `told` before the next act begins."""
    house = House(settings)
    tenant = house.tenant(TENANT)
    actor = Actor("user", owner, tenant.id, "req", None, "192.0.2.1", "Firefox")
    catalog = house.catalog(tenant, actor)
    file = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, f"{READY}\n".encode())
    kinds = [_roles(house, tenant, actor), _logins(house), _approvals(catalog, feeds)]
    random.shuffle(kinds)  # the first of them is the one that is killed most often
    for acts in cycle(kinds):
        os.write(file, f"{next(acts)}\n".encode())


def _roles(house: House, tenant: Tenant, actor: Actor) -> Iterator[str]:
    for number in count(get_role(house.access, tenant.id, ROLE).version):
        role = change_role(house.access, actor, tenant.id, ROLE, _RIGHTS[number % 2])
        yield f"role {role.version}"


def _logins(house: House) -> Iterator[str]:
    while True:
        known = login.check_password(house.access, VISITOR, EMAIL, PASSWORD)
        opened = login.log_in(house.access, VISITOR, known.user_id, code=None, tenant=TENANT, kind="api")
        yield f"session {opened.id}"


def _approvals(catalog: Catalog, feeds: list[Path]) -> Iterator[str]:
    while True:
        yield f"run {approve_run(catalog, hold(catalog, feeds)).id}"


def hold(catalog: Catalog, feeds: list[Path]) -> str:
    """A run that waits for a decision: the one there is, or a new one."""
    supplier = ensure_supplier(catalog, SUPPLIER)
    for feed in cycle(feeds):
        if (held := held_run(catalog, supplier)) is not None:
            return held.id
        sync_files(catalog, supplier, [feed], lambda _: None)
    raise AssertionError("there are no feeds")

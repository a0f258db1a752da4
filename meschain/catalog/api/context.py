"""What every route of the catalog begins with: the caller's catalog, and the supplier or run that it may know of."""

from typing import Annotated

from fastapi import Path, Request

from meschain.access.guard import require
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.access.rules import NotFound
from meschain.access.scopes import Scope, ScopeKind
from meschain.catalog import runs, suppliers
from meschain.catalog.context import Catalog
from meschain.catalog.tables import Run, Supplier
from meschain.wiring import House

SUPPLIER: ScopeKind = "supplier"
SupplierName = Annotated[str, Path(alias="supplier", max_length=63, examples=["acme-toys"])]
RunId = Annotated[str, Path(alias="run", max_length=64, examples=["01a21e25-4f8e-743b-a896-4b66542a4cdc"])]


def catalog_of(request: Request, who: Principal) -> Catalog:
    """The catalog of the caller's tenant, with the caller as who acts."""
    house: House = request.app.state.house
    return house.catalog(house.tenant(who.tenant), who.actor)


def scope_of(supplier: str) -> Scope:
    """The scope of an act upon a supplier."""
    return SUPPLIER, supplier


def the_supplier(catalog: Catalog, slug: str) -> Supplier:
    """The supplier; NotFound if there is none."""
    found = suppliers.find_supplier(catalog, slug)
    if found is None:
        raise NotFound(f"there is no supplier {slug!r}")
    return found


def the_run(catalog: Catalog, who: Principal, run_id: str) -> tuple[Run, str]:
    """The run and its supplier's name; NotFound if there is none, or none that the caller may know of."""
    run = runs.find_run(catalog, run_id)
    slug = runs.supplier_slug(catalog, run) if run is not None else ""
    if run is None or not who.policy.allows(Permission.CATALOG_READ, scope_of(slug)):
        raise NotFound(f"there is no run {run_id!r}")
    return run, slug


def the_run_for(
    request: Request, catalog: Catalog, who: Principal, run_id: str, permission: Permission
) -> tuple[Run, str]:
    """The same, for an act that needs another permission than to know of it; Forbidden without that."""
    run, slug = the_run(catalog, who, run_id)
    require(request, who, permission, scope_of(slug))
    return run, slug

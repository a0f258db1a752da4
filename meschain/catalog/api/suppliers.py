"""Routes around suppliers: who they are and where their feeds come from. Secrets go in and never come out."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from commerce.errors import Refused
from meschain.access.guard import Allow
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.catalog import suppliers
from meschain.catalog.api.context import SUPPLIER, SupplierName, catalog_of, the_supplier
from meschain.catalog.api.schemas import NewSupplier, SourceBody, SupplierChange, SupplierOut, SyncBody
from meschain.catalog.context import Catalog
from meschain.catalog.tables import Supplier
from meschain.runs.schemas import Key, RunOut, ask
from meschain.web.answers import StoreRoute
from meschain.web.cursors import Cursor, Limit, Page, open_cursor, page
from meschain.web.etags import IfMatch, show_version

router = APIRouter(tags=["suppliers"], route_class=StoreRoute)
Reader = Annotated[Principal, Allow(Permission.SUPPLIERS_READ, SUPPLIER)]
Writer = Annotated[Principal, Allow(Permission.SUPPLIERS_WRITE, SUPPLIER)]
_AS_USUAL = SyncBody()


@router.get("/suppliers")
def list_suppliers(
    request: Request, response: Response, limit: Limit = 100, cursor: Cursor = None, *,
    who: Annotated[Principal, Allow(Permission.SUPPLIERS_READ, SUPPLIER, partly=True)],
) -> Page[SupplierOut]:  # fmt: skip
    """The suppliers that the caller may see, by name."""
    catalog, place = catalog_of(request, who), open_cursor(request, cursor)
    seen, after = who.scopes(Permission.SUPPLIERS_READ, SUPPLIER), str(place[0]) if place else None
    found = suppliers.list_suppliers(catalog, scopes=seen, after=after, limit=limit + 1)
    shown = [SupplierOut.of(catalog, each) for each in found]
    return page(request, response, shown, limit, [shown[limit - 1].supplier] if len(shown) > limit else [])


@router.post("/suppliers", status_code=201)
def add_supplier(
    request: Request,
    response: Response,
    body: NewSupplier,
    who: Annotated[Principal, Allow(Permission.SUPPLIERS_WRITE)],
) -> SupplierOut:
    """Make a supplier."""
    catalog, source = catalog_of(request, who), body.source.given() if body.source else None
    made = suppliers.add_supplier(
        catalog, body.supplier, name=body.name, source=source, every_minutes=body.every_minutes
    )  # fmt: skip
    response.headers["Location"] = f"/v1/suppliers/{made.slug}"
    return _shown(response, catalog, made)


@router.get("/suppliers/{supplier}")
def get_supplier(request: Request, response: Response, supplier: SupplierName, who: Reader) -> SupplierOut:
    """One supplier; its ETag is needed to change it."""
    catalog = catalog_of(request, who)
    return _shown(response, catalog, the_supplier(catalog, supplier))


@router.patch("/suppliers/{supplier}")
def change_supplier(
    request: Request, response: Response, supplier: SupplierName, body: SupplierChange, who: Writer, version: IfMatch
) -> SupplierOut:
    """Change a supplier's name, its interval, or whether it is synced at all."""
    catalog = catalog_of(request, who)
    return _shown(
        response, catalog, suppliers.change_supplier(catalog, supplier, body.given(), version=version)
    )  # fmt: skip


@router.put("/suppliers/{supplier}/source")
def set_source(
    request: Request, response: Response, supplier: SupplierName, body: SourceBody, who: Writer, version: IfMatch
) -> SupplierOut:
    """Give the supplier another source; what was known of the old one is forgotten, its secrets too."""
    catalog = catalog_of(request, who)
    return _shown(response, catalog, suppliers.set_source(catalog, supplier, body.given(), version=version))


@router.post("/suppliers/{supplier}/connection-tests", status_code=202)
def begin_connection_test(
    request: Request, response: Response, supplier: SupplierName, *,
    who: Annotated[Principal, Allow(Permission.SUPPLIERS_TEST, SUPPLIER)], key: Key = None,
) -> RunOut:  # fmt: skip
    """Have the supplier's feed fetched for a look at it; the run's outcome tells what came. Nothing is changed."""
    owner = the_supplier(catalog_of(request, who), supplier)
    wanted = {"supplier": owner.slug}
    return ask(request, response, who, "test-connection", wanted, key=key, check=lambda: _check_source(owner))


@router.post("/suppliers/{supplier}/syncs", status_code=202)
def sync(
    request: Request, response: Response, supplier: SupplierName, body: SyncBody = _AS_USUAL, *,
    who: Annotated[Principal, Allow(Permission.CATALOG_SYNC, SUPPLIER)], key: Key = None,
) -> RunOut:  # fmt: skip
    """Have the supplier's feed fetched and brought into the lake, or held."""
    owner = the_supplier(catalog_of(request, who), supplier)
    wanted = {"supplier": owner.slug, "force": body.force}
    return ask(request, response, who, "sync-catalog", wanted, key=key, check=lambda: _check_source(owner))


def _check_source(owner: Supplier) -> None:
    if not owner.source:
        raise Refused(f"{owner.slug} has no source yet; set one at /v1/suppliers/{owner.slug}/source")


def _shown(response: Response, catalog: Catalog, supplier: Supplier) -> SupplierOut:
    show_version(response, supplier.version)
    return SupplierOut.of(catalog, supplier)

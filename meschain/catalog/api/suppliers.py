"""Routes around suppliers: where their feeds come from and how they are read. Secrets go in and never come out."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from commerce.errors import MesChainError, Refused
from meschain.access.guard import Allow
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.access.rules import NotFound
from meschain.catalog import suppliers
from meschain.catalog.context import Catalog
from meschain.catalog.profile import parse_profile
from meschain.catalog.tables import Supplier
from meschain.web.answers import StoreRoute
from meschain.web.etags import IfMatch, show_version
from meschain.web.problems import BadRequest

router = APIRouter(tags=["suppliers"], route_class=StoreRoute)
Name = Annotated[str, Path(alias="supplier", max_length=63, examples=["acme-toys"])]
Reader = Annotated[Principal, Allow(Permission.SUPPLIERS_READ, "supplier")]
Writer = Annotated[Principal, Allow(Permission.SUPPLIERS_WRITE, "supplier")]
SourceBody = Annotated[
    dict[str, Any],
    Field(
        description="Where the feed comes from; through the API by HTTP only.",
        examples=[{"kind": "http", "urls": ["https://feeds.example.com/acme.csv"]}],
    ),
]


class SupplierOut(BaseModel):
    """A supplier; the secrets of its source are not told."""

    supplier: str
    name: str
    source: dict[str, Any]
    has_secret: bool
    every_minutes: int | None
    active: bool
    created_at: datetime

    @classmethod
    def of(cls, found: Supplier) -> "SupplierOut":
        """From the supplier."""
        return cls(
            supplier=found.slug, name=found.name, source=found.source, has_secret=found.source_secret is not None,
            every_minutes=found.every_minutes, active=found.active, created_at=found.created_at,
        )  # fmt: skip


class NewSupplier(BaseModel):
    """A supplier to make."""

    model_config = ConfigDict(extra="forbid")

    supplier: str = Field(max_length=63, examples=["acme-toys"])
    name: str = Field(default="", max_length=200)
    source: SourceBody = Field(default={})
    every_minutes: int | None = Field(default=None, ge=1, le=525_600)


class ProfileOut(BaseModel):
    """How the supplier's feed is read."""

    version: int
    origin: str
    profile: dict[str, Any]


@router.get("/suppliers")
def list_suppliers(
    request: Request, who: Annotated[Principal, Allow(Permission.SUPPLIERS_READ, "supplier", partly=True)]
) -> list[SupplierOut]:
    """The suppliers that the caller may see, by name."""
    seen = who.scopes(Permission.SUPPLIERS_READ, "supplier")
    found = suppliers.list_suppliers(catalog_of(request, who))
    return [SupplierOut.of(each) for each in found if seen is None or seen.covers(each.slug)]


@router.post("/suppliers", status_code=201)
def add_supplier(
    request: Request,
    response: Response,
    body: NewSupplier,
    who: Annotated[Principal, Allow(Permission.SUPPLIERS_WRITE)],
) -> SupplierOut:
    """Make a supplier; the secrets of its source are stored encrypted."""
    made = suppliers.add_supplier(
        catalog_of(request, who), body.supplier, name=body.name, source=_remote(body.source),
        every_minutes=body.every_minutes,
    )  # fmt: skip
    return _shown(response, made)


@router.get("/suppliers/{supplier}")
def get_supplier(request: Request, response: Response, supplier: Name, who: Reader) -> SupplierOut:
    """One supplier; its ETag is needed to change it."""
    return _shown(response, found(catalog_of(request, who), supplier))


@router.put("/suppliers/{supplier}/source")
def set_source(
    request: Request, response: Response, supplier: Name, body: SourceBody, who: Writer, version: IfMatch
) -> SupplierOut:
    """Give the supplier another source; what was known of the old one is forgotten."""
    catalog = catalog_of(request, who)
    found(catalog, supplier)
    suppliers.set_source(catalog, supplier, _remote(body), version=version)
    return _shown(response, found(catalog, supplier))


@router.get("/suppliers/{supplier}/profile")
def get_profile(request: Request, response: Response, supplier: Name, who: Reader) -> ProfileOut:
    """How the supplier's feed is read; its ETag is needed to change it."""
    return _profile(response, catalog_of(request, who), supplier)


@router.put("/suppliers/{supplier}/profile")
def set_profile(
    request: Request, response: Response, supplier: Name, body: dict[str, Any], version: IfMatch,
    who: Annotated[Principal, Allow(Permission.PROFILES_WRITE, "supplier")],
) -> ProfileOut:  # fmt: skip
    """Read the supplier's feed by this profile from now on. A supplier without a profile has version 0."""
    catalog = catalog_of(request, who)
    owner = found(catalog, supplier)
    try:
        declared = parse_profile(body, "the profile")
    except MesChainError as error:
        raise BadRequest(422, "invalid", str(error)) from None
    suppliers.save_profile(catalog, owner, declared, "declared", after=version)
    return _profile(response, catalog, supplier)


def catalog_of(request: Request, who: Principal) -> Catalog:
    """The catalog of the caller's tenant, with the caller as who acts."""
    house = request.app.state.house
    catalog: Catalog = house.catalog(house.tenant(who.tenant), who.actor)
    return catalog


def found(catalog: Catalog, slug: str) -> Supplier:
    """The supplier; NotFound if there is none."""
    try:
        return suppliers.get_supplier(catalog, slug)
    except Refused:
        raise NotFound(f"there is no supplier {slug!r}") from None


def _remote(source: dict[str, Any]) -> dict[str, Any]:
    """The source as it is; Refused if it is a file of the server, which is the operator's to name."""
    if source and source.get("kind") != "http":
        raise Refused("through the API a feed comes by HTTP (kind http); files of the server are set by its operator")
    return source


def _profile(response: Response, catalog: Catalog, supplier: str) -> ProfileOut:
    current = suppliers.current_profile(catalog, found(catalog, supplier))
    if current is None:
        raise NotFound(f'{supplier} has no profile yet; set one (If-Match: "v0"), or sync it to have one proposed')
    stored = current[0]
    show_version(response, stored.version)
    return ProfileOut(version=stored.version, origin=stored.origin, profile=stored.body)


def _shown(response: Response, supplier: Supplier) -> SupplierOut:
    show_version(response, supplier.version)
    return SupplierOut.of(supplier)

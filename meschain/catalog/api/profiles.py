"""Routes around feed profiles: how a supplier's feed is read."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from meschain.access.guard import Allow
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.access.rules import NotFound
from meschain.catalog import suppliers
from meschain.catalog.api.context import SUPPLIER, SupplierName, catalog_of, the_supplier
from meschain.catalog.api.schemas import ProfileOut
from meschain.catalog.context import Catalog
from meschain.catalog.profile import FeedProfile
from meschain.catalog.tables import Supplier
from meschain.web.answers import StoreRoute
from meschain.web.etags import IfMatch, show_version

router = APIRouter(tags=["suppliers"], route_class=StoreRoute)
_BODY = {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/FeedProfile"}}}}}
"""What the body is; it is checked in a thread, since a profile's expressions are tried for that."""


@router.get("/suppliers/{supplier}/profile", response_model_exclude_defaults=True)
def get_profile(
    request: Request, response: Response, supplier: SupplierName,
    who: Annotated[Principal, Allow(Permission.SUPPLIERS_READ, SUPPLIER)],
) -> ProfileOut:  # fmt: skip
    """How the supplier's feed is read; its ETag is needed to change it."""
    catalog = catalog_of(request, who)
    return _shown(response, catalog, the_supplier(catalog, supplier))


@router.put("/suppliers/{supplier}/profile", response_model_exclude_defaults=True, openapi_extra=_BODY)
def set_profile(
    request: Request, response: Response, supplier: SupplierName, body: dict[str, Any],
    who: Annotated[Principal, Allow(Permission.PROFILES_WRITE, SUPPLIER)], version: IfMatch,
) -> ProfileOut:  # fmt: skip
    """Read the supplier's feed by this profile from now on. A supplier without a profile has version 0."""
    catalog = catalog_of(request, who)
    owner = the_supplier(catalog, supplier)
    suppliers.save_profile(catalog, owner, _parsed(body), "declared", after=version)
    return _shown(response, catalog, owner)


def _parsed(body: dict[str, Any]) -> FeedProfile:
    """The profile; every fault is told with the place where it stands."""
    try:
        return FeedProfile.model_validate(body)
    except ValidationError as error:
        faults = [
            {"type": fault["type"], "loc": ("body", *fault["loc"]), "msg": fault["msg"].removeprefix("Value error, ")}
            for fault in error.errors(include_input=False, include_context=False)
        ]
        raise RequestValidationError(faults) from None


def _shown(response: Response, catalog: Catalog, supplier: Supplier) -> ProfileOut:
    current = suppliers.current_profile(catalog, supplier)
    if current is None:
        raise NotFound(
            f'{supplier.slug} has no profile yet; set one (If-Match: "v0"), or sync it to have one proposed'
        )  # fmt: skip
    stored, profile = current
    show_version(response, stored.version)
    return ProfileOut(version=stored.version, origin=stored.origin, created_at=stored.created_at, profile=profile)

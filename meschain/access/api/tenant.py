"""Routes around the tenant's own settings."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field

from meschain.access import tenants
from meschain.access.api.schemas import Body, TenantOut
from meschain.access.guard import Allow, access_of
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.access.tables import Tenant
from meschain.web.answers import StoreRoute
from meschain.web.etags import IfMatch, show_version

router = APIRouter(tags=["tenant"], route_class=StoreRoute)


class TenantChange(Body):
    """What to change; what is left out stays."""

    name: str | None = Field(default=None, max_length=200, examples=["Acme Oyuncak"])
    currency: str | None = Field(
        default=None,
        max_length=3,
        description="ISO 4217; empty: prices without a currency are refused.",
        examples=["TRY"],
    )
    time_zone: str | None = Field(default=None, max_length=64, examples=["Europe/Istanbul"])


@router.get("/tenant")
def get_tenant(
    request: Request, response: Response, who: Annotated[Principal, Allow(Permission.SETTINGS_READ)]
) -> TenantOut:
    """The tenant's settings."""
    return _shown(response, tenants.get_tenant(access_of(request).engine, who.tenant))


@router.patch("/tenant")
def change_tenant(
    request: Request,
    response: Response,
    body: TenantChange,
    who: Annotated[Principal, Allow(Permission.SETTINGS_WRITE)],
    version: IfMatch,
) -> TenantOut:
    """Change the tenant's settings."""
    changed = tenants.update_tenant(
        access_of(request).engine, who.tenant, name=body.name, default_currency=body.currency,
        time_zone=body.time_zone, version=version, noted=(access_of(request).log, who.actor),
    )  # fmt: skip
    return _shown(response, changed)


def _shown(response: Response, tenant: Tenant) -> TenantOut:
    show_version(response, tenant.version)
    return TenantOut.of(tenant)

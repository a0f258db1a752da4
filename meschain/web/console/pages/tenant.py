"""The page of the tenant's settings."""

import zoneinfo
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Response

from commerce.currency import ISO_4217
from commerce.errors import MesChainError
from meschain.access import tenants
from meschain.access.permissions import Permission
from meschain.web.console.places import ACTS, PAGES
from meschain.web.console.views.mine import Settings
from meschain.web.console.views.page import EMPTY, Form
from meschain.web.console.visits import Entered, Visit

router = APIRouter()


@router.get(PAGES["settings"])
def show_settings(visit: Annotated[Visit, Entered(Permission.SETTINGS_READ)]) -> Response:
    """The tenant's settings."""
    return visit.show(_settings(visit))


@router.post(ACTS["change-settings"])
def change_settings(visit: Annotated[Visit, Entered(Permission.SETTINGS_WRITE)]) -> Response:
    """Change them, unless somebody else did meanwhile."""
    try:
        tenants.update_tenant(
            visit.access.engine, visit.who.tenant, name=visit.given("name"), default_currency=visit.given("currency"),
            time_zone=visit.given("time_zone"), version=visit.number("version"),
            noted=(visit.access.log, visit.who.actor),
        )  # fmt: skip
    except MesChainError as error:
        form, status = visit.form(error)
        return visit.show(_settings(visit, form), status)
    return visit.go("settings", "settings-changed")


def _settings(visit: Visit, form: Form = EMPTY) -> Settings:
    tenant = tenants.get_tenant(visit.access.engine, visit.who.tenant)
    return Settings(
        slug=tenant.slug, name=tenant.name, currency=tenant.default_currency, time_zone=tenant.time_zone,
        version=tenant.version, currencies=tuple(sorted(ISO_4217)), time_zones=_time_zones(), form=form,
    )  # fmt: skip


@cache
def _time_zones() -> tuple[str, ...]:
    return tuple(sorted(name for name in zoneinfo.available_timezones() if "/" in name or name == "UTC"))

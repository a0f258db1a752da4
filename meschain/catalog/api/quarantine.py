"""Routes around the quarantine: what could not be read, and to have it read again."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from commerce.errors import Refused
from meschain.access.guard import Allow
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.catalog import quarantine
from meschain.catalog.api.context import SUPPLIER, SupplierName, catalog_of, the_supplier
from meschain.catalog.api.schemas import QuarantineEntry, QuarantineReason
from meschain.catalog.context import Catalog
from meschain.catalog.suppliers import current_profile
from meschain.catalog.tables import Supplier
from meschain.runs.schemas import Key, RunOut, ask
from meschain.web.cursors import Cursor, Limit, Page, open_cursor, page
from warehouse.quarantine import Place

router = APIRouter(tags=["quarantine"])
Reader = Annotated[Principal, Allow(Permission.CATALOG_READ, SUPPLIER, partly=True)]


class EntryQuery(BaseModel):
    """Which entries to list."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit = 50
    cursor: Cursor = None
    supplier: str | None = Field(default=None, max_length=63, description="Only entries of this supplier.")
    reason: str | None = Field(default=None, max_length=80, description="Only entries with this reason code.")


@router.get("/quarantine")
def list_entries(
    request: Request, response: Response, who: Reader, asked: Annotated[EntryQuery, Query()]
) -> Page[QuarantineEntry]:
    """Rows and values that were not accepted and are open still, the newest first."""
    found = quarantine.list_entries(
        catalog_of(request, who), asked.supplier, asked.reason, limit=asked.limit + 1,
        after=_place(open_cursor(request, asked.cursor)), scopes=who.scopes(Permission.CATALOG_READ, SUPPLIER),
    )  # fmt: skip
    last = _told(Place.of(found[asked.limit - 1])) if len(found) > asked.limit else []
    return page(request, response, [QuarantineEntry.of(entry) for entry in found], asked.limit, last)


@router.get("/quarantine/reasons")
def count_reasons(
    request: Request, who: Reader, supplier: Annotated[str | None, Query(max_length=63)] = None
) -> list[QuarantineReason]:
    """How many entries are open, by supplier, field and reason."""
    scopes = who.scopes(Permission.CATALOG_READ, SUPPLIER)
    found = quarantine.count_reasons(catalog_of(request, who), supplier, scopes=scopes)
    return [QuarantineReason(**each) for each in found]


@router.post("/suppliers/{supplier}/quarantine-retries", status_code=202)
def retry(
    request: Request, response: Response, supplier: SupplierName, *,
    who: Annotated[Principal, Allow(Permission.CATALOG_RETRY, SUPPLIER)], key: Key = None,
) -> RunOut:  # fmt: skip
    """Have the supplier's quarantined rows read again, only those, by its present profile."""
    catalog = catalog_of(request, who)
    owner = the_supplier(catalog, supplier)
    wanted = {"supplier": owner.slug}
    return ask(request, response, who, "retry-quarantine", wanted, key=key, check=lambda: _check(catalog, owner))


def _check(catalog: Catalog, owner: Supplier) -> None:
    if current_profile(catalog, owner) is None:
        raise Refused(f"{owner.slug} has no profile yet: nothing was ever read of it.")


def _told(place: Place) -> list[str | int]:
    return [
        place.at.isoformat(), place.supplier, place.source_file, place.row_number, place.scope, place.field
    ]  # fmt: skip


def _place(told: list[str | int] | None) -> Place | None:
    if told is None:
        return None
    at, supplier, source_file, row_number, scope, field = told
    moment = datetime.fromisoformat(str(at))
    return Place(moment, str(supplier), str(source_file), int(row_number), str(scope), str(field))

"""Routes around the runs of suppliers: what they did or would do, and the decision about them. Flows do the work."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from meschain.access.guard import Allow
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.catalog import decisions, runs, suppliers
from meschain.catalog.api.context import (
    SUPPLIER,
    RunId,
    SupplierName,
    catalog_of,
    the_run,
    the_run_for,
    the_supplier,
)
from meschain.catalog.api.schemas import CatalogRun, DecisionBody, DifferenceOut
from meschain.catalog.tables import Run, RunStatus, Supplier
from meschain.runs.schemas import Key, RunOut, ask
from meschain.web.cursors import Cursor, Limit, Page, open_cursor, page

router = APIRouter(tags=["runs"])
Reader = Annotated[Principal, Allow(Permission.CATALOG_READ, SUPPLIER, partly=True)]
Decider = Annotated[Principal, Allow(Permission.CATALOG_APPROVE, SUPPLIER, partly=True)]
_NO_NOTE = DecisionBody()


class RunQuery(BaseModel):
    """Which runs to list."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit = 50
    cursor: Cursor = None
    status: RunStatus | None = Field(default=None, description="Only runs that are this now.")


class RunsQuery(RunQuery):
    """Which runs of which supplier to list."""

    supplier: str | None = Field(default=None, max_length=63, description="Only runs of this supplier.")


@router.get("/runs")
def list_runs(
    request: Request, response: Response, who: Reader, asked: Annotated[RunsQuery, Query()]
) -> Page[CatalogRun]:
    """The runs that the caller may see, the newest first."""
    owner = suppliers.find_supplier(catalog_of(request, who), asked.supplier) if asked.supplier else None
    if asked.supplier and owner is None:  # as with one that the caller may not know of
        return page(request, response, [], asked.limit, [])
    return _listed(request, response, who, owner, asked)


@router.get("/suppliers/{supplier}/runs")
def list_runs_of_supplier(
    request: Request, response: Response, supplier: SupplierName, asked: Annotated[RunQuery, Query()],
    who: Annotated[Principal, Allow(Permission.CATALOG_READ, SUPPLIER)],
) -> Page[CatalogRun]:  # fmt: skip
    """The supplier's runs, the newest first."""
    return _listed(request, response, who, the_supplier(catalog_of(request, who), supplier), asked)


@router.get("/runs/{run}")
def get_run(request: Request, run: RunId, who: Reader) -> CatalogRun:
    """One run; while it is under way, how many rows it has read."""
    return CatalogRun.of(*the_run(catalog_of(request, who), who, run))


@router.get("/runs/{run}/differences")
def show_differences(
    request: Request, run: RunId, who: Reader,
    limit: Annotated[int, Query(ge=1, le=200, description="How many examples at most.")] = 20,
) -> DifferenceOut:  # fmt: skip
    """What a held run would change, or what an applied one did."""
    catalog = catalog_of(request, who)
    found, _ = the_run(catalog, who, run)
    return DifferenceOut.of(decisions.show_difference(catalog, found.id, limit))


@router.post("/runs/{run}/approval", status_code=202)
def approve_run(
    request: Request, response: Response, run: RunId, who: Decider, body: DecisionBody = _NO_NOTE, key: Key = None
) -> RunOut:
    """Have a held run applied as it was staged."""
    return _decide(request, response, who, run, ("approve", body.note, decisions.check_held), key)


@router.post("/runs/{run}/rejection", status_code=202)
def reject_run(
    request: Request, response: Response, run: RunId, who: Decider, body: DecisionBody = _NO_NOTE, key: Key = None
) -> RunOut:
    """Have a held run's changes dropped."""
    return _decide(request, response, who, run, ("reject", body.note, decisions.check_held), key)


@router.post("/runs/{run}/rollback", status_code=202)
def roll_back(
    request: Request, response: Response, run: RunId, who: Decider, body: DecisionBody = _NO_NOTE, key: Key = None
) -> RunOut:
    """Have the supplier's offers restored to what they were before an applied run."""
    return _decide(request, response, who, run, ("roll back", body.note, decisions.check_applied), key)


def _listed(
    request: Request, response: Response, who: Principal, supplier: Supplier | None, asked: RunQuery
) -> Page[CatalogRun]:
    place = open_cursor(request, asked.cursor)
    found = runs.list_runs(
        catalog_of(request, who), supplier, asked.limit + 1, before=str(place[0]) if place else None,
        status=asked.status, scopes=who.scopes(Permission.CATALOG_READ, SUPPLIER),
    )  # fmt: skip
    shown = [CatalogRun.of(run, slug) for run, slug in found]
    return page(request, response, shown, asked.limit, [shown[asked.limit - 1].id] if len(shown) > asked.limit else [])


def _decide(
    request: Request,
    response: Response,
    who: Principal,
    run_id: str,
    decision: tuple[str, str, Callable[[Run], object]],
    key: str | None,
) -> RunOut:
    """Have a decision carried out; a run that cannot be decided so any more is refused at once."""
    run, slug = the_run_for(request, catalog_of(request, who), who, run_id, Permission.CATALOG_APPROVE)
    what, note, check = decision
    wanted = {"run": run.id, "supplier": slug, "decision": what, "note": note}
    return ask(request, response, who, "decide-run", wanted, key=key, check=lambda: check(run))

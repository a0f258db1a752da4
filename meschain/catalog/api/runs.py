"""Routes around the runs of suppliers: what they did or would do, and the decision about them. Flows do the work."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from commerce.errors import Refused
from meschain.access.guard import Allow, access_of
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.access.rules import NotFound
from meschain.access.scopes import ScopeKind
from meschain.catalog import decisions, history, quarantine, runs
from meschain.catalog.api.suppliers import catalog_of, found
from meschain.catalog.context import Catalog
from meschain.catalog.tables import Run
from meschain.runs import service as triggers
from meschain.runs.schemas import RunOut as Wished

router = APIRouter(tags=["catalog"])
_SUPPLIER: ScopeKind = "supplier"
RunId = Annotated[str, Path(min_length=36, max_length=36, examples=["01a21e25-4f8e-743b-a896-4b66542a4cdc"])]
Reader = Annotated[Principal, Allow(Permission.CATALOG_READ, _SUPPLIER, partly=True)]
Decider = Annotated[Principal, Allow(Permission.CATALOG_APPROVE, _SUPPLIER, partly=True)]
Many = Annotated[int, Query(ge=1, le=200)]


class CatalogRun(BaseModel):
    """One attempt to bring a supplier's feed into the lake."""

    id: str
    supplier: str
    kind: str
    status: str
    started_at: datetime
    finished_at: datetime | None
    seconds: float | None
    counts: dict[str, Any]
    reasons: list[str] = Field(description="Why it is held.")
    error: str | None
    flow_run_id: str | None
    decided_by: str | None
    decided_at: datetime | None
    decision_note: str | None

    @classmethod
    def of(cls, run: Run, supplier: str) -> "CatalogRun":
        """From the run."""
        counts = {name: value for name, value in run.counts.items() if name != "seed"}
        reasons = [str(finding["message"]) for finding in run.gate]
        names = cls.model_fields.keys() - {"supplier", "counts", "reasons"}
        return cls(supplier=supplier, counts=counts, reasons=reasons, **{name: getattr(run, name) for name in names})


class DifferenceOut(BaseModel):
    """What a run changes: offers per kind of change, and some of them field by field."""

    kinds: dict[str, int]
    examples: list[dict[str, Any]]


class QuarantineOut(BaseModel):
    """Rows and values that were not accepted."""

    reasons: list[dict[str, Any]]
    entries: list[dict[str, Any]]


class DecisionBody(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field(default="", max_length=500)


@router.get("/runs")
def list_runs(
    request: Request, who: Reader, supplier: Annotated[str | None, Query(max_length=63)] = None, limit: Many = 50
) -> list[CatalogRun]:
    """The newest runs, newest first."""
    catalog = catalog_of(request, who)
    owner = found(catalog, supplier) if supplier else None
    seen = who.scopes(Permission.CATALOG_READ, _SUPPLIER)
    return [
        CatalogRun.of(run, slug)
        for run, slug in runs.list_runs(catalog, owner, limit)
        if seen is None or seen.covers(slug)
    ]


@router.get("/runs/{run}")
def get_run(request: Request, run: RunId, who: Reader) -> CatalogRun:
    """One run."""
    return CatalogRun.of(*_found(catalog_of(request, who), who, run, Permission.CATALOG_READ))


@router.get("/runs/{run}/differences")
def show_differences(request: Request, run: RunId, who: Reader, limit: Many = 20) -> DifferenceOut:
    """What a held run would change, or what an applied one did."""
    catalog = catalog_of(request, who)
    _found(catalog, who, run, Permission.CATALOG_READ)
    seen = decisions.show_difference(catalog, run, limit)
    return DifferenceOut(kinds=seen.kinds, examples=seen.examples)


@router.post("/runs/{run}/approval", status_code=202)
def approve_run(request: Request, response: Response, run: RunId, body: DecisionBody, who: Decider) -> Wished:
    """Have a held run applied as it was staged."""
    return _decide(request, response, who, run, "approve", body.note)


@router.post("/runs/{run}/rejection", status_code=202)
def reject_run(request: Request, response: Response, run: RunId, body: DecisionBody, who: Decider) -> Wished:
    """Have a held run's changes dropped."""
    return _decide(request, response, who, run, "reject", body.note)


@router.post("/runs/{run}/rollback", status_code=202)
def roll_back(request: Request, response: Response, run: RunId, body: DecisionBody, who: Decider) -> Wished:
    """Have the supplier's offers restored to what they were before an applied run."""
    return _decide(request, response, who, run, "roll back", body.note)


@router.get("/suppliers/{supplier}/quarantine")
def list_quarantine(
    request: Request,
    supplier: Annotated[str, Path(max_length=63)],
    who: Annotated[Principal, Allow(Permission.CATALOG_READ, _SUPPLIER)],
    reason: Annotated[str | None, Query(max_length=80)] = None,
    limit: Many = 50,
) -> QuarantineOut:
    """Rows and values of the supplier that were not accepted, newest first, and how many there are by reason."""
    catalog = catalog_of(request, who)
    entries, reasons = quarantine.list_quarantine(catalog, found(catalog, supplier), reason, limit)
    return QuarantineOut(reasons=reasons, entries=entries)


@router.get("/suppliers/{supplier}/offers/{sku}/history")
def show_history(
    request: Request,
    supplier: Annotated[str, Path(max_length=63)],
    sku: Annotated[str, Path(max_length=200)],
    who: Annotated[Principal, Allow(Permission.CATALOG_READ, _SUPPLIER)],
) -> list[dict[str, Any]]:
    """Everything that happened to an offer, oldest first."""
    catalog = catalog_of(request, who)
    try:
        return history.offer_history(catalog, sku, found(catalog, supplier).slug)
    except Refused as error:
        raise NotFound(str(error)) from None


def _found(catalog: Catalog, who: Principal, run_id: str, permission: Permission) -> tuple[Run, str]:
    """The run and its supplier; NotFound if there is none, or none that the caller may know of."""
    run = runs.find_run(catalog, run_id)
    slug = runs.supplier_slug(catalog, run) if run is not None else ""
    if run is None or not who.policy.allows(Permission.CATALOG_READ, (_SUPPLIER, slug)):
        raise NotFound(f"there is no run {run_id}")
    who.require(permission, (_SUPPLIER, slug))
    return run, slug


def _decide(request: Request, response: Response, who: Principal, run_id: str, decision: str, note: str) -> Wished:
    access = access_of(request)
    run, slug = _found(catalog_of(request, who), who, run_id, Permission.CATALOG_APPROVE)
    wanted = {"run": run.id, "supplier": slug, "decision": decision, "note": note, "tenant": who.tenant}
    asked = triggers.trigger(access.of(who.tenant_id), "decide-run", wanted, log=access.log, actor=who.actor)
    response.headers["Location"] = f"/v1/flow-runs/{asked.id}"
    return Wished.of(asked)

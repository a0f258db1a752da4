"""Pages of the runs of suppliers: what they did or would do, and the decision about them."""

from typing import Annotated, get_args

from fastapi import APIRouter, Response

from commerce.errors import MesChainError
from meschain.access.permissions import Permission
from meschain.access.rules import NotFound
from meschain.catalog import quality
from meschain.catalog.api import runs as api
from meschain.catalog.api.context import SUPPLIER, catalog_of, the_run
from meschain.catalog.api.schemas import CatalogRun, DecisionBody
from meschain.catalog.runs import last_good_read
from meschain.catalog.suppliers import find_supplier, list_suppliers
from meschain.catalog.tables import Run, RunStatus
from meschain.runs.service import find_by_flow_run
from meschain.store.ids import new_id
from meschain.web.console.pages.rows import findings_of, paging, run_row
from meschain.web.console.places import ACTS, PAGES, url
from meschain.web.console.views import catalog as views
from meschain.web.console.views.page import EMPTY, Form
from meschain.web.console.visits import Entered, Visit

router = APIRouter()
Reader = Annotated[Visit, Entered(Permission.CATALOG_READ, SUPPLIER, partly=True)]
Decider = Annotated[Visit, Entered(Permission.CATALOG_APPROVE, SUPPLIER, partly=True)]
_EXAMPLES, _MOST_EXAMPLES = 20, 200
_REPORT = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"}
"""A report is a page by itself, with its style in it; it may do nothing else."""
_DECISIONS = {"approve": api.approve_run, "reject": api.reject_run, "roll back": api.roll_back}


@router.get(PAGES["runs"])
def list_runs(visit: Reader) -> Response:
    """Runs, the newest first."""
    status = next((each for each in get_args(RunStatus) if each == visit.asked("status")), None)
    catalog, scopes = catalog_of(visit.request, visit.who), visit.who.scopes(Permission.CATALOG_READ, SUPPLIER)
    slugs = tuple(each.slug for each in list_suppliers(catalog, scopes=scopes))
    chosen = visit.asked("supplier") if visit.asked("supplier") in slugs else None
    asked = api.RunsQuery(limit=50, cursor=visit.asked("cursor") or None, status=status, supplier=chosen)
    found = api.list_runs(visit.request, Response(), visit.who, asked)
    view = views.Runs(
        runs=tuple(run_row(each) for each in found.items), suppliers=slugs, supplier=chosen or "", status=status or "",
        paging=paging(visit, found.next),
    )  # fmt: skip
    return visit.show(view)


@router.get(PAGES["run"])
def show_run(visit: Reader, run: str) -> Response:
    """One run, also while it is under way."""
    return visit.show(_run(visit, run))


@router.get(PAGES["run-live"])
def follow_run(visit: Reader, run: str) -> Response:
    """How far a run is."""
    return visit.show_part(_run(visit, run))


@router.get(PAGES["run-changes"])
def show_changes(visit: Reader, run: str) -> Response:
    """What a held run would change, or an applied one did."""
    return visit.show(_changes(visit, run))


@router.get(PAGES["run-report"])
def show_report(visit: Reader, run: str) -> Response:
    """The report on the quality of what the run left, as it was written."""
    catalog = catalog_of(visit.request, visit.who)
    found, _ = the_run(catalog, visit.who, run)
    page = quality.find_page(catalog, found.id)
    if page is None:
        raise NotFound(f"there is no report on run {run!r}")
    return Response(page.read_bytes(), media_type="text/html", headers=_REPORT)


@router.post(ACTS["approve-run"])
def approve_run(visit: Decider, run: str) -> Response:
    """Have a held run applied."""
    return _decide(visit, run, "approve")


@router.post(ACTS["reject-run"])
def reject_run(visit: Decider, run: str) -> Response:
    """Have a held run's changes dropped."""
    return _decide(visit, run, "reject")


@router.post(ACTS["roll-back-run"])
def roll_back_run(visit: Decider, run: str) -> Response:
    """Have the offers restored to what they were before an applied run."""
    return _decide(visit, run, "roll back")


def _decide(visit: Visit, run: str, what: str) -> Response:
    """Have it carried out by a flow, which the next page follows; sent twice, it is decided once."""
    note = DecisionBody(note=visit.given("note")[:500])
    try:
        asked = _DECISIONS[what](visit.request, Response(), run, visit.who, note, visit.key)
    except MesChainError as error:
        form, status = visit.form(error)
        view = _run(visit, run, form) if what == "roll back" else _changes(visit, run, form)
        return visit.show(view, status)
    return visit.go("trigger", "flow-started", trigger=asked.id)


def _run(visit: Visit, run_id: str, form: Form = EMPTY) -> views.Run:
    catalog = catalog_of(visit.request, visit.who)
    run, slug = the_run(catalog, visit.who, run_id)
    shown, supplier = CatalogRun.of(run, slug), find_supplier(catalog, slug)
    base = last_good_read(catalog, supplier) if supplier is not None and run.status == "running" else None
    asked = find_by_flow_run(visit.access.of(visit.who.tenant_id), run.flow_run_id)
    return views.Run(
        row=run_row(shown), findings=findings_of(run), error=run.error or "", base_run=run.base_run_id,
        expected=base.counts.get("read") if base is not None else None,
        files=tuple(views.FeedFile(file.name, file.bytes, file.hash) for file in shown.files),
        notes={_pair(name): count for name, count in shown.notes.items()},
        decision=_decision(visit, run),
        flow_trigger=asked.id if asked is not None else None, peak_mb=run.peak_mb,
        has_report=quality.find_page(catalog, run.id) is not None, form=form,
        idempotency_key=visit.key or new_id(),
        can_be_rolled_back=run.status == "applied" and run.kind != "rollback" and run.snapshot_before is not None,
    )  # fmt: skip


def _decision(visit: Visit, run: Run) -> views.Decision | None:
    if run.decided_at is None:
        return None
    return views.Decision(by=visit.name_of(run.decided_by), at=run.decided_at, note=run.decision_note or "")


def _changes(visit: Visit, run_id: str, form: Form = EMPTY) -> views.RunChanges:
    catalog = catalog_of(visit.request, visit.who)
    run, slug = the_run(catalog, visit.who, run_id)
    limit = _MOST_EXAMPLES if visit.asked("examples") == "all" else _EXAMPLES
    found = api.show_differences(visit.request, run_id, visit.who, limit)
    more = sum(found.kinds.values()) > limit and limit < _MOST_EXAMPLES
    return views.RunChanges(
        row=run_row(CatalogRun.of(run, slug)), findings=findings_of(run), kinds=found.kinds,
        examples=tuple(
            views.OfferChange(each.supplier_sku, each.kind, tuple(
                views.FieldChange(change.field, change.before, change.after) for change in each.changes
            ))
            for each in found.examples
        ),
        more_url=url("run-changes", run=run.id, examples="all") if more else None, form=form,
        idempotency_key=visit.key or new_id(),
    )  # fmt: skip


def _pair(name: str) -> tuple[str, str]:
    field, _, reason = name.partition(":")
    return field, reason

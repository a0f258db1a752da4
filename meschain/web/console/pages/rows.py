"""What several pages fill their views with: runs and triggers as rows, findings, the way through long lists."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from meschain.access.permissions import Permission
from meschain.catalog.api.schemas import CatalogRun
from meschain.catalog.standing import Standing
from meschain.catalog.tables import Run
from meschain.runs.schemas import RunOut
from meschain.web.console.views.catalog import Counts, Finding, RunRow, SupplierRow, SupplierState
from meschain.web.console.views.flows import TriggerRow
from meschain.web.console.views.page import Paging
from meschain.web.console.visits import Visit


def run_row(run: CatalogRun, findings: int | None = None) -> RunRow:
    """A run of a supplier."""
    return RunRow(
        id=run.id, supplier=run.supplier, kind=run.kind, status=run.status, started_at=run.started_at,
        finished_at=run.finished_at, seconds=run.seconds, counts=Counts.of(run.counts),
        reasons=len(run.reasons) if findings is None else findings,
    )  # fmt: skip


def findings_of(run: Run) -> tuple[Finding, ...]:
    """Why the gate held it."""
    return tuple(Finding(**_known(each)) for each in run.gate)


def supplier_row(visit: Visit, standing: Standing) -> SupplierRow:
    """A supplier as it stands, as far as the reader may know of its offers and runs."""
    supplier = standing.supplier
    if not visit.who.policy.allows(Permission.CATALOG_READ, ("supplier", supplier.slug)):
        standing = replace(standing, last_run=None, held_run=None, offers=0, quarantined=0)
    last = standing.last_run
    return SupplierRow(
        slug=supplier.slug, name=supplier.name, state=_state(standing), source=str(supplier.source.get("kind", "")),
        every_minutes=supplier.every_minutes, offers=standing.offers, quarantined=standing.quarantined,
        last_run=run_row(CatalogRun.of(last, supplier.slug)) if last is not None else None,
        held_run=standing.held_run.id if standing.held_run is not None else None,
    )  # fmt: skip


def trigger_row(visit: Visit, asked: RunOut) -> TriggerRow:
    """A wish that a flow runs."""
    return TriggerRow(
        id=asked.id, flow=asked.flow, parameters=asked.parameters, state=asked.state,
        requested_by=visit.name_of(asked.requested_by), requested_at=asked.requested_at, started_at=asked.started_at,
        finished_at=asked.finished_at, outcome=str(asked.outcome.get("name", "")),
    )  # fmt: skip


def paging(visit: Visit, following: str | None) -> Paging:
    """The way through a list whose next page begins at that cursor."""
    here = visit.request.url
    first = here.remove_query_params(["cursor", "notice"]) if visit.asked("cursor") else None
    after = here.remove_query_params(["notice"]).include_query_params(cursor=following) if following else None
    return Paging(first_url=_local(first), next_url=_local(after))


def _local(address: Any) -> str | None:  # noqa: ANN401  starlette's URL, or none
    return (address.path + (f"?{address.query}" if address.query else "")) if address is not None else None


def _state(standing: Standing) -> SupplierState:
    if standing.last_run is not None and standing.last_run.status == "running":
        return "running"
    if not standing.supplier.active:
        return "off"
    return "new" if standing.last_run is None else standing.state


def _known(finding: Mapping[str, Any]) -> dict[str, Any]:
    return {name: finding[name] for name in Finding.__dataclass_fields__}

"""What workers do: functions of a house, one use case each, whose results fit through a pipe. No Prefect."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from commerce.errors import Refused
from meschain.audit import report as security
from meschain.audit import verification
from meschain.audit.report_rules import Subject
from meschain.catalog import (
    absence,
    connection,
    decisions,
    products,
    quality,
    quarantine,
    retention,
    runs,
    schedule,
    suppliers,
    sync,
)
from meschain.catalog.context import Catalog
from meschain.catalog.report import summary
from meschain.catalog.tables import Run, Supplier
from meschain.runs.service import asker_of, find_by_flow_run
from meschain.store.base import utc_now
from meschain.store.exclusion import Busy
from meschain.store.ids import new_id
from meschain.store.tenancy import of_tenant
from meschain.wiring import House
from tasks.worker import Report
from warehouse import invariants
from warehouse.invariants import Verdict


class Due(BaseModel):
    """A supplier whose feed should be synced now."""

    model_config = ConfigDict(frozen=True)

    tenant: str
    supplier: str


class Decision(BaseModel):
    """What to do with a run, and in which flow run that was asked for."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    supplier: str
    decision: str
    note: str
    flow_run_id: str | None


class Synced(BaseModel):
    """How the sync of one supplier ended."""

    model_config = ConfigDict(frozen=True)

    tenant: str
    supplier: str
    status: str
    """As the run's; `skipped` when another run of the supplier was under way and none was begun."""
    run_id: str | None = None
    counts: dict[str, int] = {}
    reasons: list[str] = []
    refused: list[dict[str, Any]] = []
    """Open quarantine entries of the supplier: scope, field, reason and number of rows."""
    seconds: float = 0.0
    peak_mb: float = 0.0
    message: str = ""

    @property
    def changed(self) -> bool:
        """Whether the lake is different now."""
        return self.status in {"applied", "rolled_back"}

    @classmethod
    def of(cls, run: Run, tenant: str, supplier: str, refused: list[dict[str, Any]]) -> Self:
        """From the run's record."""
        told = summary(run, tenant, supplier)
        counts = {name: value for name, value in told.items() if isinstance(value, int) and not isinstance(value, bool)}
        return cls(
            tenant=tenant, supplier=supplier, status=run.status, run_id=run.id, counts=counts, refused=refused,
            reasons=told["reasons"], seconds=run.seconds or 0.0, peak_mb=run.peak_mb or 0.0,
        )  # fmt: skip


class Checked(BaseModel):
    """What the quality checks of a run came to, and where its report lies."""

    model_config = ConfigDict(frozen=True)

    verdict: str
    """passed, warned or failed."""
    headline: str
    page: Path


class Reported(BaseModel):
    """Where a tenant's security report lies, and what it says as Markdown."""

    model_config = ConfigDict(frozen=True)

    tenant: str
    page: Path
    text: str


def _catalog(house: House, tenant: str | None, flow_run_id: str | None) -> Catalog:
    """The tenant's catalog, in the name of whoever asked for the flow run."""
    owner = house.tenant(tenant)
    return house.catalog(owner, asker_of(of_tenant(house.engine, owner.id), flow_run_id))


def expected_rows(
    house: House, _report: Report, *, tenant: str | None, supplier: str, flow_run_id: str | None
) -> tuple[str, int]:
    """The tenant's name, and the rows of the supplier's last good run (0 if there was none)."""
    catalog = _catalog(house, tenant, flow_run_id)
    last = runs.last_good(catalog, suppliers.get_supplier(catalog, supplier))
    return catalog.tenant, int(last.counts.get("read", 0)) if last else 0


def sync_supplier(
    house: House, report: Report, *, tenant: str, supplier: str, run_id: str, force: bool, flow_run_id: str | None
) -> Synced:
    """Fetch the supplier's feed and bring what differs into the lake, or hold it.

    `run_id` is taken unless a run has it: a second attempt is a run of its own.
    """
    catalog = _catalog(house, tenant, flow_run_id)
    owner = suppliers.get_supplier(catalog, supplier)
    return _begun(catalog, owner, run_id, lambda own: sync.sync_source(catalog, owner, report, force=force, run_id=own))


def retry_quarantine(
    house: House, _report: Report, *, tenant: str | None, supplier: str, run_id: str, flow_run_id: str | None
) -> Synced:
    """Read the supplier's quarantined rows again; `run_id` as for `sync_supplier`."""
    catalog = _catalog(house, tenant, flow_run_id)
    owner = suppliers.get_supplier(catalog, supplier)
    return _begun(catalog, owner, run_id, lambda own: quarantine.retry_quarantine(catalog, owner, run_id=own))


def _begun(catalog: Catalog, owner: Supplier, run_id: str, work: Callable[[str], Run]) -> Synced:
    """How a run of the supplier ended; skipped if another one is under way."""
    try:
        run = work(new_id() if runs.find_run(catalog, run_id) else run_id)
    except Busy as error:
        return Synced(tenant=catalog.tenant, supplier=owner.slug, status="skipped", message=str(error))
    _, reasons = quarantine.list_quarantine(catalog, owner, limit=1)
    refused = [{name: row[name] for name in ("scope", "field", "reason", "rows")} for row in reasons]
    return Synced.of(run, catalog.tenant, owner.slug, refused)


def try_connection(
    house: House, report: Report, *, tenant: str | None, supplier: str, flow_run_id: str | None
) -> dict[str, Any]:
    """What the supplier answers, and what its feed would be read as, in JSON values; nothing is kept."""
    catalog = _catalog(house, tenant, flow_run_id)
    owner = suppliers.get_supplier(catalog, supplier)
    return asdict(connection.try_connection(catalog, owner, lambda so_far, _total: report(so_far)))


def decide(house: House, _report: Report, *, tenant: str | None, decision: Decision) -> Synced:
    """Carry out a decision on a run, in the name of whoever asked for the flow run.

    Refused when the run is not that supplier's: who may decide about one supplier may not about every other.
    """
    catalog = _catalog(house, tenant, decision.flow_run_id)
    run = runs.get_run(catalog, decision.run_id)
    if runs.supplier_slug(catalog, run) != decision.supplier:
        raise Refused(f"Run {run.id} is not one of {decision.supplier}.")
    carry_out, ended = _DECISIONS[decision.decision]
    try:
        decided = carry_out(catalog, run.id, note=decision.note)
    except Refused:
        decided = runs.get_run(catalog, run.id)
        if decided.status != ended or not _decided_here(catalog, decided):
            raise
    return Synced.of(decided, catalog.tenant, decision.supplier, [])


_DECISIONS = {
    "approve": (decisions.approve_run, "applied"),
    "reject": (decisions.reject_run, "rejected"),
    "roll back": (decisions.roll_back, "rolled_back"),
}
"""What carries a decision out, and what the run is then."""


def _decided_here(catalog: Catalog, run: Run) -> bool:
    """Whether an earlier attempt at the same wish has decided the run: it was carried out, and died before it told."""
    wish = find_by_flow_run(catalog.engine, catalog.actor.flow_run_id)
    if wish is None or run.decided_at is None:
        return False
    return run.decided_by == str(catalog.actor) and run.decided_at >= wish.requested_at


def match_products(house: House, _report: Report, *, tenant: str, flow_run_id: str | None) -> dict[str, int]:
    """Bring the tenant's products up to date with its offers; gives counts by way of matching."""
    return products.match_products(_catalog(house, tenant, flow_run_id))


def list_due(
    house: House, _report: Report, *, tenants: list[str], every_supplier: bool, flow_run_id: str | None
) -> list[Due]:
    """The suppliers of the tenants that are due, or all that have a source."""
    return [
        Due(tenant=tenant, supplier=supplier.slug)
        for tenant in tenants
        for supplier in schedule.list_due(_catalog(house, tenant, flow_run_id), every_supplier=every_supplier)
    ]


def sweep_absences(house: House, _report: Report, *, tenant: str, flow_run_id: str | None) -> list[dict[str, Any]]:
    """Apply the graces of missing offers, held runs and late feeds; gives what was found per supplier."""
    catalog = _catalog(house, tenant, flow_run_id)
    found = []
    for supplier in suppliers.list_suppliers(catalog):
        try:
            swept = absence.sweep(catalog, supplier)
        except Busy:  # it is being synced this moment; the next sweep looks at it
            continue
        found.append(
            {"supplier": supplier.slug, "state": swept.state, "deleted": swept.deleted, "rejected": swept.rejected_run}
        )
    return found


def check_quality(
    house: House, _report: Report, *, tenant: str, supplier: str, run_id: str, flow_run_id: str | None
) -> Checked:
    """Check what the run left of its supplier in the lake, and write the report."""
    checked = quality.check_quality(_catalog(house, tenant, flow_run_id), supplier, run_id)
    return Checked(verdict=checked.verdict, headline=quality.headline(checked), page=checked.page)


def maintain(house: House, _report: Report, *, tenant: str, flow_run_id: str | None) -> dict[str, int]:
    """Compact the tenant's lake and remove what is no longer kept; gives what was done, by kind."""
    settings = house.settings
    return retention.maintain(
        _catalog(house, tenant, flow_run_id),
        keep_snapshots=timedelta(days=settings.snapshots.keep_days),
        keep_raw=timedelta(days=settings.raw.keep_days),
    )


def check_invariants(house: House, _report: Report, *, tenant: str, flow_run_id: str | None) -> list[Verdict]:
    """The verdict on every invariant of the tenant's lake."""
    with _catalog(house, tenant, flow_run_id).lake.connect(read_only=True) as connection:
        return invariants.check(connection)


def verify_log(house: House, _report: Report) -> verification.Verdict:
    """The verdict on the whole audit log."""
    return security.prove(house.audit)


def report_security(
    house: House, _report: Report, *, tenant: str, weeks: int, verdict: verification.Verdict, flow_run_id: str | None
) -> Reported:
    """Write the tenant's security report of the last whole weeks, in the name of whoever asked for the flow run."""
    owner = house.tenant(tenant)
    actor = asker_of(of_tenant(house.engine, owner.id), flow_run_id)
    period = security.last_weeks(utc_now(), owner.time_zone, weeks)
    subject = Subject(owner.id, owner.slug, owner.name, owner.time_zone)
    folder = house.settings.reports_dir(owner.slug, f"security-{period.since:%Y-%m-%d}--{period.until:%Y-%m-%d}")
    written = security.write_report(house.audit, actor, subject, period, folder, verdict)
    return Reported(tenant=owner.slug, page=written.page, text=written.text.read_text(encoding="utf-8"))

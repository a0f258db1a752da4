"""The runs of a supplier: begun under its lock, ended with an outcome, and put right after a process has died."""

import logging
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from commerce.errors import MesChainError, Refused
from meschain.access.scopes import Scopes
from meschain.access.visibility import visible
from meschain.audit.rules import Actor, Tag
from meschain.catalog.archive import clear_fragments
from meschain.catalog.context import Catalog, supplier_lock
from meschain.catalog.tables import Run, RunKind, RunStatus, Supplier
from meschain.store.base import utc_now
from meschain.store.ids import first_id, new_id
from meschain.store.session import reading, transaction
from warehouse import changes
from warehouse.delta import applied_run, remove_delta

log = logging.getLogger(__name__)
_REPORT_SECONDS = 0.5
_SKEW = timedelta(minutes=1)
_UNDECIDED: tuple[RunStatus, ...] = ("running", "held")
_INTERRUPTED = "The process ended in the middle; nothing was changed. Run it again."


@dataclass(slots=True)
class OpenRun:
    """A run under way: its row is `running`, its supplier is locked."""

    catalog: Catalog
    supplier: Supplier
    run_id: str
    base: Run | None
    """The last good run."""
    held: bool = False
    started: float = field(default_factory=time.monotonic)
    _reported: float = 0.0

    def note(self, **columns: Any) -> None:
        """Write down what is known before the lake is written: if the process dies just after, its run is whole."""
        note_run(self.catalog, self.run_id, **columns)

    def end(self, status: RunStatus, **columns: Any) -> Run:
        """Write how the run ended."""
        self.held = status == "held"
        return close_run(
            self.catalog,
            self.run_id,
            status,
            seconds=round(time.monotonic() - self.started, 3),
            peak_mb=peak_mb(),
            **columns,
        )

    def report(self, rows: int) -> None:
        """Tell the store how many rows have been read, at most twice a second."""
        now = time.monotonic()
        if now - self._reported < _REPORT_SECONDS:
            return
        self._reported = now
        with transaction(self.catalog.engine) as session:
            session.get_one(Run, self.run_id).counts = {"read": rows}

    def discard(self) -> None:
        """Leave no trace of a run that turned out to have nothing to do."""
        with transaction(self.catalog.engine) as session:
            session.delete(session.get_one(Run, self.run_id))


@contextmanager
def open_run(catalog: Catalog, supplier: Supplier, kind: RunKind, *, run_id: str | None = None) -> Iterator[OpenRun]:
    """Lock the supplier and begin a run; an error that leaves the block ends it as failed and goes on.

    Raises Refused when another run of the supplier is under way, here or in another process.
    """
    run_id = run_id or new_id()
    with catalog.exclusive(supplier_lock(catalog.tenant, supplier.slug), f"run {run_id}"):
        recover(catalog, supplier)
        base = last_good(catalog, supplier)
        with transaction(catalog.engine) as session:
            session.add(
                Run(
                    id=run_id, tenant_id=catalog.tenant_id, supplier_id=supplier.id, kind=kind,
                    base_run_id=base.id if base else None, flow_run_id=catalog.actor.flow_run_id,
                )
            )  # fmt: skip
            if kind == "retry":
                catalog.record(session, Tag.QUARANTINE_RETRIED, f"run {run_id}", after={"supplier": supplier.slug})
        run = OpenRun(catalog, supplier, run_id, base)
        try:
            yield run
        except Exception as error:
            _fail(run, error)
            raise


def note_run(catalog: Catalog, run_id: str, **columns: Any) -> None:
    """Add what is known of a run; its status stays."""
    with transaction(catalog.engine) as session:
        run = session.get_one(Run, run_id)
        for name, value in columns.items():
            setattr(run, name, value)


def close_run(catalog: Catalog, run_id: str, status: RunStatus, **columns: Any) -> Run:
    """Set a run's status and whatever else is known of it, and at once what follows from it for other runs."""
    with transaction(catalog.engine) as session:
        run = session.get_one(Run, run_id)
        run.status, run.finished_at = status, utc_now()
        for name, value in columns.items():
            setattr(run, name, value)
        session.flush()
        session.refresh(run)
        _record_decision(session, catalog, run)
        superseded = _supersede_held(session, run)
        _mark_rolled_back(session, run)
    for held_id in superseded:
        remove_delta(catalog.delta_file(held_id))
    return run


_DECISIONS = {
    ("rollback", "applied"): Tag.RUN_ROLLED_BACK,
    ("sync", "applied"): Tag.RUN_APPROVED,
    ("retry", "applied"): Tag.RUN_APPROVED,
    ("sync", "rejected"): Tag.RUN_REJECTED,
    ("retry", "rejected"): Tag.RUN_REJECTED,
}


def _record_decision(session: Session, catalog: Catalog, run: Run) -> None:
    """Let the audit log know that somebody's decision on the run has been carried out, whoever carries it out."""
    tag = _DECISIONS.get((run.kind, run.status))
    if tag is None or run.decided_by is None:
        return
    counts = {name: count for name, count in run.counts.items() if isinstance(count, int)}
    after = {"status": run.status, "counts": counts, "undone": run.base_run_id if run.kind == "rollback" else None}
    decider = catalog.actor if str(catalog.actor) == run.decided_by else Actor.parse(run.decided_by)
    catalog.record(session, tag, f"run {run.id}", after=after, actor=decider)


def _supersede_held(session: Session, run: Run) -> list[str]:
    """Reject the run that was waiting, now that a newer feed, or the last good one again, has come; gives its id."""
    if run.kind != "sync" or run.status not in {"applied", "held", "unchanged"}:
        return []
    others = (Run.supplier_id == run.supplier_id, Run.status == "held", Run.id != run.id)
    waiting = list(session.scalars(select(Run).where(*others)))
    for held in waiting:
        held.status, held.finished_at = "rejected", utc_now()
        held.decided_at, held.decision_note = utc_now(), f"superseded by run {run.id}"
    return [held.id for held in waiting]


def _mark_rolled_back(session: Session, run: Run) -> None:
    """The run that a rollback undid, its base, is undone with every run that was applied after it."""
    if run.kind != "rollback" or run.status != "applied":
        return
    undone = session.get_one(Run, run.base_run_id)
    since = (Run.supplier_id == run.supplier_id, Run.status == "applied", Run.started_at >= undone.started_at)
    for later in session.scalars(select(Run).where(*since, Run.id != run.id)):
        later.status = "rolled_back"
        later.decided_by, later.decided_at, later.decision_note = run.decided_by, run.decided_at, run.decision_note


def recover(catalog: Catalog, supplier: Supplier) -> None:
    """Put right what a killed process left: its run, and files that no run needs.

    To be called with the supplier locked: no live run can be among them.
    """
    with reading(catalog.engine) as session:
        query = select(Run.id).where(Run.supplier_id == supplier.id, Run.status.in_(_UNDECIDED))
        left = list(session.scalars(query))
    for run_id in left:
        if status := _put_right(catalog, run_id, _INTERRUPTED):
            log.warning("Run %s of %s had been interrupted; it is now %s", run_id, supplier.slug, status)
    _clear_deltas(catalog, supplier)
    clear_fragments(catalog, supplier)


def _put_right(catalog: Catalog, run_id: str, error: str, **columns: Any) -> RunStatus | None:
    """Give a run on which nobody works any more its true status: applied if its transaction reached the lake."""
    run = find_run(catalog, run_id)
    if run is None or run.status not in _UNDECIDED:
        return None
    if run.status == "running":  # first of all: it may be what fills the disk
        remove_delta(catalog.delta_file(run_id))
    with catalog.lake.connect(read_only=True) as connection:
        applied, suspects = applied_run(connection, run_id), changes.suspects(connection, run_id)
    if applied is not None:
        counts, (before, after) = applied
        columns |= {"snapshot_before": before, "snapshot_after": after, "counts": {**run.counts, **counts}}
        run = close_run(catalog, run_id, "applied", **columns)
    elif run.status == "running":
        if suspects:  # it was about to be held
            with catalog.lake.connect() as connection:
                changes.clear_suspicion(catalog.lake, connection, supplier_slug(catalog, run))
        run = close_run(catalog, run_id, "failed", error=error, **columns)
    else:  # held, and still waiting
        note_run(catalog, run_id, decided_by=None, decided_at=None, decision_note=None)
        return None
    remove_delta(catalog.delta_file(run_id))
    return run.status


def _fail(run: OpenRun, error: Exception) -> None:
    """End the run that `error` broke off; it may have reached the lake before that."""
    seconds = round(time.monotonic() - run.started, 3)
    try:
        _put_right(run.catalog, run.run_id, _told(error), seconds=seconds, peak_mb=peak_mb())
    except Exception as second:  # noqa: BLE001 - the first error is the one to tell; the next run puts this one right
        log.warning("Run %s could not be ended: %s", run.run_id, second)


def _clear_deltas(catalog: Catalog, supplier: Supplier) -> None:
    """Remove deltas of the supplier's runs that are decided: their process died before it could."""
    lying = {path.name.partition(".")[0] for path in catalog.delta.iterdir()}
    with reading(catalog.engine) as session:
        decided = (Run.supplier_id == supplier.id, Run.status.not_in(_UNDECIDED), Run.id.in_(lying))
        for run_id in session.scalars(select(Run.id).where(*decided)) if lying else []:
            remove_delta(catalog.delta_file(run_id))


def held_run(catalog: Catalog, supplier: Supplier) -> Run | None:
    """The supplier's run that waits for a decision; there is at most one."""
    with reading(catalog.engine) as session:
        query = select(Run).where(Run.supplier_id == supplier.id, Run.status == "held")
        return session.scalars(query.order_by(Run.started_at.desc()).limit(1)).one_or_none()


def last_good(catalog: Catalog, supplier: Supplier) -> Run | None:
    """The newest run whose changes are in the lake."""
    with reading(catalog.engine) as session:
        query = select(Run).where(Run.supplier_id == supplier.id, Run.status == "applied")
        return session.scalars(query.order_by(Run.started_at.desc(), Run.id.desc()).limit(1)).one_or_none()


def last_good_read(catalog: Catalog, supplier: Supplier) -> Run | None:
    """The newest run that read a whole feed to a good end, changed or not."""
    with reading(catalog.engine) as session:
        good = (Run.supplier_id == supplier.id, Run.kind == "sync", Run.status.in_(("applied", "unchanged")))
        return session.scalars(select(Run).where(*good).order_by(Run.started_at.desc()).limit(1)).one_or_none()


def get_run(catalog: Catalog, run_id: str) -> Run:
    """The tenant's run of that id, or of an unambiguous ending of it; Refused otherwise."""
    with reading(catalog.engine) as session:
        query = select(Run).where(Run.tenant_id == catalog.tenant_id, Run.id.endswith(run_id, autoescape=True)).limit(2)
        found = list(session.scalars(query))
    if len(found) != 1:
        problem = "several runs end" if found else "no run ends"
        raise Refused(f"{problem} with {run_id!r}; see `meschain catalog runs`")
    return found[0]


def find_run(catalog: Catalog, run_id: str) -> Run | None:
    """The tenant's run of exactly that id, if it was begun."""
    with reading(catalog.engine) as session:
        return session.scalars(select(Run).where(Run.tenant_id == catalog.tenant_id, Run.id == run_id)).one_or_none()


def supplier_slug(catalog: Catalog, run: Run) -> str:
    """Name of the run's supplier."""
    with reading(catalog.engine) as session:
        return session.get_one(Supplier, run.supplier_id).slug


def list_runs(
    catalog: Catalog,
    supplier: Supplier | None = None,
    limit: int = 20,
    *,
    before: str | None = None,
    status: RunStatus | None = None,
    scopes: Scopes | None = None,
) -> list[tuple[Run, str]]:
    """The newest runs with their supplier's name, newest first.

    `before` is the id of the last one seen, for the next page; with `scopes`, only runs of suppliers that may be seen.
    """
    query = select(Run, Supplier.slug).join(Supplier, Supplier.id == Run.supplier_id)
    query = query.where(Run.tenant_id == catalog.tenant_id, visible(Supplier.slug, scopes))
    query = query.where(Run.supplier_id == supplier.id) if supplier is not None else query
    query = query.where(Run.status == status) if status is not None else query
    query = query.where(Run.id < before) if before is not None else query
    with reading(catalog.engine) as session:
        return [(run, slug) for run, slug in session.execute(query.order_by(Run.id.desc()).limit(limit))]


def runs_of_flow(
    catalog: Catalog, flow_run_id: str, since: datetime, until: datetime | None = None, limit: int = 100
) -> list[tuple[Run, str]]:
    """The runs that a flow run has begun, with their supplier's name, the oldest first.

    The flow run went on from `since` `until`; ids begin with the time, so that few rows have to be looked at.
    """
    query = select(Run, Supplier.slug).join(Supplier, Supplier.id == Run.supplier_id)
    query = query.where(Run.tenant_id == catalog.tenant_id, Run.flow_run_id == flow_run_id)
    query = query.where(Run.id >= first_id(since))
    query = query.where(Run.id < first_id(until + _SKEW)) if until is not None else query
    with reading(catalog.engine) as session:
        return [(run, slug) for run, slug in session.execute(query.order_by(Run.id).limit(limit))]


def peak_mb() -> float:
    """Largest resident memory of this process so far, in MiB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, MesChainError) else f"{type(error).__name__}: {error}"

"""Use cases on a held run: look at what it would change, approve it, reject it; and on an applied one: roll it back."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commerce.errors import Permanent, Refused
from meschain.catalog.archive import hash_of
from meschain.catalog.context import Catalog, supplier_lock
from meschain.catalog.runs import close_run as _close
from meschain.catalog.runs import get_run, last_good, note_run, open_run, recover
from meschain.catalog.sync import lake_counts, open_delta
from meschain.catalog.tables import Run, Supplier
from meschain.store.base import utc_now
from meschain.store.session import reading
from warehouse import changes, maintenance
from warehouse.delta import Delta, DeltaKey, remove_delta
from warehouse.lake import staged_folder


@dataclass(frozen=True, slots=True)
class Difference:
    """What a run changes: how many offers per kind, and some of them field by field."""

    run: Run
    supplier: str
    kinds: dict[str, int]
    examples: list[dict[str, Any]]


def show_difference(catalog: Catalog, run_id: str, limit: int = 20) -> Difference:
    """What a held run would change, or what an applied one did."""
    run = get_run(catalog, run_id)
    supplier = _supplier(catalog, run)
    if run.status == "held":
        with catalog.lake.read(delta=_staged(catalog, supplier, run)) as connection:
            return Difference(run, supplier.slug, *changes.staged(connection, limit))
    with catalog.lake.read() as connection:
        return Difference(run, supplier.slug, *changes.applied(connection, run.id, limit))


def approve_run(catalog: Catalog, run_id: str, *, note: str = "") -> Run:
    """Apply a held run as it was staged. Refused if it is not held, or another run was applied since."""
    run = get_run(catalog, run_id)
    supplier = _supplier(catalog, run)
    with catalog.exclusive(supplier_lock(catalog.tenant, supplier.slug), f"approval of run {run.id}"):
        recover(catalog, supplier)
        run = check_held(get_run(catalog, run.id))
        base = last_good(catalog, supplier)
        if (base.id if base else None) != run.base_run_id:
            raise Refused(
                f"Run {run.id} was compared with an older state of {supplier.slug}; reject it and sync again."
            )
        note_run(catalog, run.id, **_decision(catalog, note))
        before, after = _apply_staged(catalog, supplier, run)
        approved = _close(catalog, run.id, "applied", snapshot_before=before, snapshot_after=after)
        remove_delta(catalog.delta_file(run.id))
        return approved


def reject_run(catalog: Catalog, run_id: str, *, note: str = "") -> Run:
    """Drop a held run's staged changes; its raw files and its record stay."""
    run = get_run(catalog, run_id)
    supplier = _supplier(catalog, run)
    with catalog.exclusive(supplier_lock(catalog.tenant, supplier.slug), f"rejection of run {run.id}"):
        recover(catalog, supplier)
        run = check_held(get_run(catalog, run.id))
        with catalog.lake.connect() as connection:
            changes.clear_suspicion(catalog.lake, connection, supplier.slug)
        rejected = _close(catalog, run.id, "rejected", **_decision(catalog, note))
        remove_delta(catalog.delta_file(run.id))
        return rejected


def roll_back(catalog: Catalog, run_id: str, *, note: str = "") -> Run:
    """Restore the supplier's offers to exactly what they were before the run; later runs of it are undone with it.

    Refused for a run that changed nothing, or whose earlier state is no longer kept.
    """
    undone = get_run(catalog, run_id)
    supplier = _supplier(catalog, undone)
    with open_run(catalog, supplier, "rollback") as run:
        undone = get_run(catalog, undone.id)  # certain only now that nobody else works on the supplier
        if reason := _why_it_stays(catalog, undone):
            run.discard()
            raise Refused(reason)
        with open_delta(run, snapshot=undone.snapshot_before) as delta:
            counts = delta.compare_with_past()
            run.note(base_run_id=undone.id, counts=counts, **_decision(catalog, note or f"undid {undone.id}"))
            before, after = delta.restore(counts, f"rollback of {undone.id}")
        return run.end("applied", snapshot_before=before, snapshot_after=after)


def _decision(catalog: Catalog, note: str) -> dict[str, Any]:
    """Who decides a run, when and why; the audit log hears of it when the run ends."""
    return {"decided_by": str(catalog.actor), "decided_at": utc_now(), "decision_note": note or None}


def _why_it_stays(catalog: Catalog, run: Run) -> str | None:
    """Why a run cannot be rolled back; None if it can."""
    try:
        check_applied(run)
    except Refused as error:
        return str(error)
    with catalog.lake.connect(read_only=True) as connection:
        kept = {version for version, _ in maintenance.snapshots(connection)}
    if run.snapshot_before not in kept:
        return f"The state before run {run.id} is no longer kept; sync the right feed instead."
    return None


def _staged(catalog: Catalog, supplier: Supplier, run: Run) -> Path:
    """The delta that a held run left; Permanent if it is not there any more."""
    path = catalog.delta_file(run.id)
    if not (path.exists() and staged_folder(path).is_dir()):
        raise Permanent(f"The staged changes of run {run.id} are gone ({path.name}); sync {supplier.slug} again.")
    return path


def _apply_staged(catalog: Catalog, supplier: Supplier, run: Run) -> tuple[int, int]:
    """Apply the delta that a held run left; gives the lake's snapshots before and after."""
    path = _staged(catalog, supplier, run)
    feed_hash = hash_of([file["hash"] for file in run.files]) if run.kind == "sync" else ""
    key = DeltaKey(catalog.tenant, supplier.slug, run.id, utc_now())
    with catalog.lake.connect(delta=path) as connection:
        counts = lake_counts(run.counts, run.kind, feed_hash)
        return Delta(catalog.lake, connection, key, path).apply(counts, f"approved {supplier.slug} {run.id}")


def check_held(run: Run) -> Run:
    """The run as it is; Refused unless it waits for a decision."""
    if run.status != "held":
        raise Refused(f"Run {run.id} is {run.status}: only a held run can be decided.")
    return run


def check_applied(run: Run) -> Run:
    """The run as it is; Refused unless it has changed the lake."""
    if run.status != "applied" or run.snapshot_before is None:
        raise Refused(f"Run {run.id} is {run.status}: only an applied run can be rolled back.")
    return run


def _supplier(catalog: Catalog, run: Run) -> Supplier:
    with reading(catalog.engine) as session:
        return session.get_one(Supplier, run.supplier_id)

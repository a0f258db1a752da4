"""Use case: keep a tenant's catalog in shape. Says what may go (snapshots, raw files, deltas) and has it removed."""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from meschain.catalog.context import Catalog, supplier_lock
from meschain.catalog.runs import held_run, last_good, last_good_read, recover
from meschain.catalog.suppliers import list_suppliers
from meschain.catalog.tables import Run, Supplier
from meschain.store.base import utc_now
from meschain.store.exclusion import Busy
from meschain.store.session import reading
from warehouse import maintenance
from warehouse.delta import remove_delta
from warehouse.lake import files_lock

log = logging.getLogger(__name__)
SAFE_AGE = timedelta(days=1)
"""Nothing younger is taken for an orphan: no transaction, download or sync takes that long."""


def maintain(
    catalog: Catalog, *, keep_snapshots: timedelta, keep_raw: timedelta, now: datetime | None = None
) -> dict[str, int]:
    """Settle dead runs, compact the lake, forget what is older than it is kept for; gives what was removed, by kind."""
    now = now or utc_now()
    done = {"dead_runs": 0, "raw_files": 0}
    for supplier in list_suppliers(catalog):
        try:
            with catalog.exclusive(supplier_lock(catalog.tenant, supplier.slug), "maintenance"):
                done["dead_runs"] += settle_dead_runs(catalog, supplier)
                done["raw_files"] += clear_raw(catalog, supplier, now, keep_raw)
        except Busy:
            log.info("%s is at work; maintenance looks at it the next time", supplier.slug)
    try:
        with catalog.exclusive(files_lock(catalog.tenant), "maintenance"):
            done |= _tidy_lake(catalog, now, keep_snapshots)
    except Busy:
        log.info("The lake of %s is being copied; it is tidied the next time", catalog.tenant)
    done["deltas"] = clear_deltas(catalog, now)
    return done


def _tidy_lake(catalog: Catalog, now: datetime, keep: timedelta) -> dict[str, int]:
    with catalog.lake.connect() as connection:
        done = maintenance.compact(catalog.lake, connection)
        needed = _snapshots_before_runs(catalog, now - keep)
        gone = expired_snapshots(maintenance.snapshots(connection), needed, now - keep)
        done["snapshots"] = maintenance.expire(catalog.lake, connection, gone)
        return done | maintenance.clean(catalog.lake, connection, now - SAFE_AGE)


def expired_snapshots(
    snapshots: Sequence[tuple[int, datetime]], needed: Collection[int], before: datetime
) -> list[int]:
    """Which of the snapshots (oldest first) may be forgotten.

    Kept are those made since `before`, the one that was current then (else that moment could not be asked about), and
    the `needed` ones.
    """
    old = [version for version, made_at in snapshots[:-1] if made_at < before]
    return [version for version in old[:-1] if version not in needed]


def clear_raw(catalog: Catalog, supplier: Supplier, now: datetime, keep: timedelta) -> int:
    """Remove the supplier's raw files that neither a run of the last days nor its held or last good run read.

    To be called with the supplier locked: a run under way has not noted yet which files it reads.
    """
    folder = catalog.raw / supplier.slug
    if not folder.is_dir():
        return 0
    needed = _files_in_use(catalog, supplier, now - keep)
    old = [path for path in folder.iterdir() if path.is_file() and path.name not in needed and _age(path, now) > keep]
    left = [*folder.glob(".*.part"), *(folder / ".incoming").glob("*")]  # downloads and copies that were broken off
    removed = {*old, *(path for path in left if path.is_file() and _age(path, now) > SAFE_AGE)}
    for path in removed:
        path.unlink(missing_ok=True)
    return len(removed)


def clear_deltas(catalog: Catalog, now: datetime) -> int:
    """Remove staged deltas whose run neither waits for a decision nor is under way."""
    with reading(catalog.engine) as session:
        alive = Run.status.in_(("held", "running"))
        needed = set(session.scalars(select(Run.id).where(Run.tenant_id == catalog.tenant_id, alive)))
    stale = {path.name.partition(".")[0] for path in catalog.delta.iterdir() if _age(path, now) > SAFE_AGE} - needed
    for run_id in stale:
        remove_delta(catalog.delta_file(run_id))
    return len(stale)


def settle_dead_runs(catalog: Catalog, supplier: Supplier) -> int:
    """Put right the supplier's runs that a killed process left running; gives how many there were.

    To be called with the supplier locked.
    """
    running = select(Run.id).where(Run.supplier_id == supplier.id, Run.status == "running")
    with reading(catalog.engine) as session:
        left = len(list(session.scalars(running)))
    if left:
        recover(catalog, supplier)
    return left


def _files_in_use(catalog: Catalog, supplier: Supplier, since: datetime) -> set[str]:
    """Hashes of the files that a run since then, the held one or the last good one read."""
    with reading(catalog.engine) as session:
        runs = list(session.scalars(select(Run).where(Run.supplier_id == supplier.id, Run.started_at >= since)))
    kept = (held_run(catalog, supplier), last_good(catalog, supplier), last_good_read(catalog, supplier))
    return {file["hash"] for run in (*runs, *kept) if run is not None for file in run.files}


def _snapshots_before_runs(catalog: Catalog, since: datetime) -> set[int]:
    """Snapshots to which a run applied since then can be rolled back."""
    applied = select(Run.snapshot_before).where(
        Run.tenant_id == catalog.tenant_id, Run.status == "applied", Run.finished_at >= since
    )
    with reading(catalog.engine) as session:
        return {version for version in session.scalars(applied) if version is not None}


def _age(path: Path, now: datetime) -> timedelta:
    try:
        return timedelta(seconds=now.timestamp() - path.stat().st_ctime)  # since it is here; mtime may be the sender's
    except FileNotFoundError:  # gone meanwhile
        return timedelta(0)

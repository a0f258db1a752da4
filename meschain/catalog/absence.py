"""What becomes of offers that are not in the feed, and of feeds that do not come: each state with its own grace.

deleted     the supplier says so, or the offer was missing from complete feeds for `missing_days`
missing     absent from a complete feed that passed the gate
suspected   absent from a feed that is held; the offer itself is untouched
late        the feed is overdue by more than `late_hours`
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from meschain.catalog.context import Catalog
from meschain.catalog.decisions import reject_run
from meschain.catalog.profile import Absence
from meschain.catalog.runs import held_run, last_good_read, open_run
from meschain.catalog.staging import no_rows
from meschain.catalog.suppliers import current_profile
from meschain.catalog.sync import NO_COUNTS, lake_counts, open_delta
from meschain.catalog.tables import Run, Supplier
from meschain.store.base import utc_now
from warehouse import absence

FeedState = Literal["fresh", "late", "held"]


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found of one supplier."""

    supplier: str
    state: FeedState
    deleted: int
    rejected_run: str | None


def feed_state(
    held: Run | None, last_good_at: datetime | None, every_minutes: int | None, grace: Absence, now: datetime
) -> FeedState:
    """The state of a supplier's feed; one without a schedule is never late."""
    if held is not None:
        return "held"
    if every_minutes is None or last_good_at is None:
        return "fresh"
    due = last_good_at + timedelta(minutes=every_minutes)
    return "late" if now > due + timedelta(hours=grace.late_hours) else "fresh"


def sweep(catalog: Catalog, supplier: Supplier, now: datetime | None = None) -> Swept:
    """Apply the graces to one supplier: delete what was missing for too long, drop an undecided run, note the state."""
    now = now or utc_now()
    current = current_profile(catalog, supplier)
    grace = current[1].absence if current else Absence()
    held = held_run(catalog, supplier)
    rejected: str | None = None
    if held is not None and held.started_at < now - timedelta(days=grace.held_days):
        reject_run(catalog, held.id, note=f"undecided for {grace.held_days} days")
        rejected, held = held.id, None
    deleted = _delete_expired(catalog, supplier, now - timedelta(days=grace.missing_days))
    last = last_good_read(catalog, supplier)
    last_at = last.finished_at if last else None
    due = last_at + timedelta(minutes=supplier.every_minutes) if last_at and supplier.every_minutes else None
    state = feed_state(held, last_at, supplier.every_minutes, grace, now)
    with catalog.lake.connect() as connection:
        absence.note_state(catalog.lake, connection, supplier.slug, state, last_at, due, now)
    return Swept(supplier.slug, state, deleted, rejected)


def _delete_expired(catalog: Catalog, supplier: Supplier, missing_before: datetime) -> int:
    with catalog.lake.connect(read_only=True) as connection:
        if not absence.count_expired(connection, supplier.slug, missing_before):
            return 0
    with open_run(catalog, supplier, "expiry") as run, open_delta(run) as delta:
        with delta.staging() as staging:
            staging.add(*no_rows())
        deleted = delta.compare_expired(missing_before)
        counts = {**NO_COUNTS, "deleted": deleted}
        message = f"expiry {supplier.slug} {run.run_id}"
        before, after = delta.apply(lake_counts(counts, "expiry", ""), message)
        run.end("applied", counts=counts, snapshot_before=before, snapshot_after=after)
    return deleted

"""Use case: how every supplier stands, in a few questions whatever their number: for a page that shows all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select

from meschain.access.scopes import Scopes
from meschain.catalog.absence import FeedState, feed_state
from meschain.catalog.context import Catalog
from meschain.catalog.profile import Absence
from meschain.catalog.quarantine import count_reasons
from meschain.catalog.suppliers import current_profile, list_suppliers
from meschain.catalog.tables import Run, Supplier
from meschain.store.base import utc_now
from meschain.store.session import reading
from warehouse import offers


@dataclass(frozen=True, slots=True)
class Standing:
    """How a supplier stands."""

    supplier: Supplier
    state: FeedState
    last_run: Run | None
    held_run: Run | None
    last_good_at: datetime | None
    """When a whole feed was last read to a good end."""
    due_at: datetime | None
    """When the next feed is expected."""
    offers: int
    """Active ones."""
    quarantined: int
    """Entries that lie in quarantine."""


def list_standings(catalog: Catalog, *, scopes: Scopes | None = None, only: str | None = None) -> list[Standing]:
    """The suppliers that may be seen, or the `only` one, by name."""
    suppliers = [each for each in list_suppliers(catalog, scopes=scopes) if only in {None, each.slug}]
    last = _newest(catalog, suppliers)
    held = _newest(catalog, suppliers, Run.status == "held")
    good = _newest(catalog, suppliers, Run.kind == "sync", Run.status.in_(("applied", "unchanged")))
    with catalog.lake.read() as connection:
        counted = offers.counts(connection)
    refused: dict[str, int] = {}
    for reason in count_reasons(catalog, only, scopes=scopes):
        refused[reason["supplier"]] = refused.get(reason["supplier"], 0) + reason["rows"]
    return [
        _standing(catalog, each, last.get(each.id), held.get(each.id), good.get(each.id),
                  counted.get(each.slug, 0), refused.get(each.slug, 0))
        for each in suppliers
    ]  # fmt: skip


def _newest(catalog: Catalog, suppliers: Sequence[Supplier], *which: ColumnElement[bool]) -> dict[str, Run]:
    """The newest run of each supplier among those; ids begin with the time."""
    of_these = Run.supplier_id.in_([supplier.id for supplier in suppliers])
    newest = select(func.max(Run.id)).where(Run.tenant_id == catalog.tenant_id, of_these, *which)
    with reading(catalog.engine) as session:
        found = session.scalars(select(Run).where(Run.id.in_(newest.group_by(Run.supplier_id))))
        return {run.supplier_id: run for run in found}


def _standing(
    catalog: Catalog,
    supplier: Supplier,
    last: Run | None,
    held: Run | None,
    good: Run | None,
    counted: int,
    refused: int,
) -> Standing:
    good_at, every = good.finished_at if good is not None else None, supplier.every_minutes
    due = good_at + timedelta(minutes=every) if good_at is not None and every is not None else None
    overdue = due is not None and held is None and utc_now() > due
    current = current_profile(catalog, supplier) if overdue else None  # only then its grace matters
    grace = current[1].absence if current is not None else Absence()
    state = feed_state(held, good_at, every, grace, utc_now())
    return Standing(supplier, state, last, held, good_at, due, counted, refused)

"""Which suppliers are due for a sync. The rule is pure; who calls it how often is the scheduler's business."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from meschain.catalog.context import Catalog
from meschain.catalog.suppliers import list_suppliers
from meschain.catalog.tables import Run, Supplier
from meschain.store.base import utc_now
from meschain.store.session import reading

_SLACK = timedelta(minutes=1)


def is_due(last_run: datetime | None, every_minutes: int | None, now: datetime) -> bool:
    """Whether a supplier with that interval is due, its last sync having begun at `last_run`.

    A scheduler that looks every quarter of an hour looks some seconds early or late: a supplier with an interval of a
    quarter would miss every second look without a slack (one minute, at most half the interval).
    """
    if every_minutes is None:
        return False
    if last_run is None:
        return True
    interval = timedelta(minutes=every_minutes)
    return now - last_run >= interval - min(_SLACK, interval / 2)


def list_due(catalog: Catalog, now: datetime | None = None, *, every_supplier: bool = False) -> list[Supplier]:
    """The tenant's active suppliers with a source that are due (or all of them), the longest waiting first."""
    now = now or utc_now()
    begun = _last_syncs(catalog)
    due = [
        supplier
        for supplier in list_suppliers(catalog)
        if supplier.active and supplier.source
        if every_supplier or is_due(begun.get(supplier.id), supplier.every_minutes, now)
    ]
    never = datetime.min.replace(tzinfo=now.tzinfo)
    return sorted(due, key=lambda supplier: begun.get(supplier.id, never))


def _last_syncs(catalog: Catalog) -> dict[str, datetime]:
    """When the last sync of each supplier began, however it ended."""
    query = select(Run.supplier_id, func.max(Run.started_at)).where(
        Run.tenant_id == catalog.tenant_id, Run.kind == "sync"
    )
    with reading(catalog.engine) as session:
        return dict(session.execute(query.group_by(Run.supplier_id)).tuples().all())

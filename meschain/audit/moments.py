"""From a moment to a place in the log: entries stand in the order of their times, so no index over times is needed."""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from meschain.audit.tables import Entry

_SLACK = timedelta(hours=1)
"""By so much a clock may have been set back; whoever asks compares the times themselves as well."""
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""No entry is from before the one or after the other."""


def bounded(moment: datetime) -> datetime:
    """The moment, or one as good that can be moved to another time zone: at the ends of the calendar that fails."""
    return min(max(moment, _FIRST), _LAST)


class Place(NamedTuple):
    """Where an entry stands: in the log, and among its tenant's entries (None for one of the installation)."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody asks for
    sequence: int | None


def place_of(session: Session, tenant_id: str | None, moment: datetime) -> Place:
    """The first of the tenant's entries, or of all for None, that can be of that moment or later."""
    column, first = (Entry.index, 0) if tenant_id is None else (Entry.sequence, 1)
    last = session.scalar(select(func.max(column)))
    numbers = range(first, 0 if last is None else last + 1)

    def standing(number: int) -> tuple[datetime, int, int | None]:
        """The entry of that number, or the next one that is there."""
        query = select(Entry.at, Entry.index, Entry.sequence).where(column >= number)
        return session.execute(query.order_by(column).limit(1)).tuples().one()

    found = bisect_left(numbers, moment, key=lambda number: standing(number)[0])
    return Place(*standing(numbers[found])[1:]) if found < len(numbers) else _behind(session)


def begin_of(session: Session, tenant_id: str | None, since: datetime) -> Place:
    """No entry of `since` or later stands before it."""
    return place_of(session, tenant_id, bounded(since) - _SLACK)


def end_of(session: Session, tenant_id: str | None, until: datetime) -> Place:
    """No entry from before `until` stands at it or behind it."""
    return place_of(session, tenant_id, bounded(until) + _SLACK)


def _behind(session: Session) -> Place:
    index, sequence = session.execute(select(func.max(Entry.index), func.max(Entry.sequence))).one()
    return Place((index if index is not None else -1) + 1, (sequence or 0) + 1)

"""Brings the rates that may be used into the lake, where analysts and margins read them.

The store is what counts. It knows of each bulletin which version the lake has: whatever a dead process left undone is
done by the next one.
"""

from collections.abc import Iterator

from sqlalchemy import Select, or_, select, update

from meschain.pricing.bulletins import stored_in_force
from meschain.pricing.context import Pricing
from meschain.pricing.tables import RateBulletin
from meschain.store.session import reading, transaction
from warehouse.lake import Connection
from warehouse.rates import COLUMNS, replace_days

_BATCH = 500
IN_FORCE = or_(RateBulletin.status == "accepted", RateBulletin.former.is_not(None))
"""Of such a bulletin there are rates that may be used."""


def publish_rates(pricing: Pricing) -> int:
    """Write what the lake does not have yet of the rates that may be used; gives the number of bulletins."""
    if not _is_anything_waiting(pricing):
        return 0
    written: dict[str, int] = {}

    def write(connection: Connection) -> None:
        # Read under the lock of the lake's writers: what is accepted meanwhile is written after this, never before.
        written.clear()
        columns: dict[str, list[str]] = {name: [] for name in COLUMNS}
        for row in _waiting(pricing):
            written[row.id] = row.version
            _add(columns, row)
        replace_days(connection, columns)

    with pricing.lake.connect() as connection:
        pricing.lake.write(connection, write, "rates of exchange")
    _note(pricing, written)
    return len(written)


def _query(pricing: Pricing) -> Select[tuple[RateBulletin]]:
    waiting = RateBulletin.published != RateBulletin.version
    return select(RateBulletin).where(RateBulletin.tenant_id == pricing.tenant_id, IN_FORCE, waiting)


def _is_anything_waiting(pricing: Pricing) -> bool:
    with reading(pricing.engine) as session:
        return session.scalar(_query(pricing).with_only_columns(RateBulletin.id).limit(1)) is not None


def _waiting(pricing: Pricing) -> Iterator[RateBulletin]:
    with reading(pricing.engine) as session:
        yield from session.scalars(_query(pricing).execution_options(yield_per=_BATCH))


def _add(columns: dict[str, list[str]], row: RateBulletin) -> None:
    number, rates = stored_in_force(row) or ("", [])
    for name, value in (("source", row.source), ("bulletin", number), ("day", row.day.isoformat())):
        columns[name] += [value] * len(rates)
    for name in ("base", "quote", "buying", "selling"):
        columns[name] += [rate[name] for rate in rates]


def _note(pricing: Pricing, written: dict[str, int]) -> None:
    """Write down which version the lake has; one that was changed since stays to be written."""
    with transaction(pricing.engine) as session:
        for version in set(written.values()):
            ids = [each for each, its in written.items() if its == version]
            for start in range(0, len(ids), _BATCH):
                of_these = RateBulletin.id.in_(ids[start : start + _BATCH])
                session.execute(
                    update(RateBulletin)
                    .where(RateBulletin.tenant_id == pricing.tenant_id, of_these)
                    .values(published=version)
                    .execution_options(synchronize_session=False)
                )

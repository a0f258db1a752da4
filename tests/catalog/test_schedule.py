"""Which suppliers are due: the pure rule, and the list of a tenant."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meschain.catalog.schedule import is_due, list_due
from meschain.catalog.suppliers import add_supplier
from meschain.catalog.tables import Supplier
from meschain.store.session import transaction
from tests.catalog.shop import Shop, goods

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
intervals = st.integers(1, 100_000)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  naive bounds


@pytest.mark.parametrize(
    ("ago", "every", "due"),
    [
        (None, None, False),
        (timedelta(days=900), None, False),
        (None, 60, True),
        (60 * MINUTE, 60, True),
        (59 * MINUTE, 60, True),  # a look some seconds early counts
        (58 * MINUTE, 60, False),
        (15 * MINUTE - timedelta(seconds=3), 15, True),
        (MINUTE / 2, 1, True),
        (MINUTE / 3, 1, False),
        (-5 * MINUTE, 60, False),  # a clock that was put back
    ],
)
def test_a_supplier_is_due_after_its_interval(ago, every, due):
    assert is_due(None if ago is None else NOW - ago, every, NOW) is due


@given(last=moments, every=intervals, wait=st.timedeltas(timedelta(0), timedelta(days=100)))
def test_who_is_due_stays_due_until_the_next_sync(last, every, wait):
    when = last + timedelta(minutes=every)
    assert is_due(last, every, when + wait)
    assert not is_due(last, every, last)


def test_the_longest_waiting_come_first_and_the_idle_not_at_all(shop: Shop):
    for slug, every in (("new", 15), ("old", 60), ("fresh", 60), ("asleep", 15), ("by-hand", None)):
        source = {"kind": "file", "paths": [str(shop.file(goods(3)))]}
        add_supplier(shop.catalog, slug, source=source, every_minutes=every)
    shop.supplier("without-source")
    with transaction(shop.catalog.engine) as session:
        session.get_one(Supplier, shop.supplier("asleep").id).active = False
    shop.sync(goods(3), "old")
    shop.sync(goods(3), "fresh")
    now = datetime.now(UTC)
    names = [supplier.slug for supplier in list_due(shop.catalog, now)]
    assert names == ["new"]
    later = [supplier.slug for supplier in list_due(shop.catalog, now + timedelta(hours=2))]
    assert later == ["new", "old", "fresh"]
    every_one = [supplier.slug for supplier in list_due(shop.catalog, now, every_supplier=True)]
    assert sorted(every_one) == ["by-hand", "fresh", "new", "old"]

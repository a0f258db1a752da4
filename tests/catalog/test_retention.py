"""What maintenance removes, and above all what it leaves: whatever a person may still want back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import Refused
from meschain.catalog.context import supplier_lock
from meschain.catalog.decisions import approve_run, roll_back
from meschain.catalog.retention import expired_snapshots, maintain
from meschain.catalog.runs import get_run
from meschain.catalog.tables import Run
from meschain.store.ids import new_id
from meschain.store.session import transaction
from tests.catalog.shop import Shop, goods
from warehouse.lake import files_lock

DAY = timedelta(days=1)
LATER = datetime.now(UTC) + 400 * DAY
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def look_after(
    shop: Shop, now: datetime, *, snapshots: timedelta = 30 * DAY, raw: timedelta = 90 * DAY
) -> dict[str, int]:
    return maintain(shop.catalog, keep_snapshots=snapshots, keep_raw=raw, now=now)


def raw_files(shop: Shop, slug: str = "acme") -> set[str]:
    return {path.name for path in (shop.catalog.raw / slug).iterdir() if path.is_file()}


def dearer(factor: int) -> list[dict[str, object]]:
    return goods(60, price=lambda number: f"{number * factor}.50")


@given(
    ages=st.lists(st.integers(0, 60), min_size=1, max_size=30),
    needed=st.sets(st.integers(0, 29)),
    keep=st.integers(0, 60),
)
def test_every_kept_moment_can_still_be_asked_about(ages, needed, keep):
    now = EPOCH + 100 * DAY
    snapshots = list(enumerate(sorted(now - age * DAY for age in ages)))
    before = now - keep * DAY
    gone = set(expired_snapshots(snapshots, needed, before))
    left = [(version, made_at) for version, made_at in snapshots if version not in gone]
    assert left[-1] == snapshots[-1]
    assert not gone & needed
    assert all(made_at < before for version, made_at in snapshots if version in gone)
    for moment in [before, *(made_at for _, made_at in snapshots if made_at >= before)]:
        current = [version for version, made_at in snapshots if made_at <= moment]
        assert [version for version, made_at in left if made_at <= moment][-1:] == current[-1:]


def test_an_ordinary_night_changes_nothing_that_can_be_seen(shop: Shop):
    for number in range(3):
        shop.sync(goods(60, stock=number), "acme")
    before = shop.offers()
    done = look_after(shop, datetime.now(UTC))
    assert shop.offers() == before
    assert done["files_merged"] > 0
    assert (done["snapshots"], done["raw_files"], done["deltas"], done["dead_runs"]) == (0, 0, 0, 0)
    assert len(raw_files(shop)) == 3


def test_what_is_old_goes_and_what_is_needed_stays(shop: Shop):
    runs = [shop.sync(goods(60, stock=number), "acme") for number in range(3)]
    held = shop.sync(dearer(100), "acme")
    assert held.status == "held"
    done = look_after(shop, LATER)
    assert raw_files(shop) == {runs[-1].files[0]["hash"], held.files[0]["hash"]}
    assert done["raw_files"] == 2
    assert done["snapshots"] > 0
    assert approve_run(shop.catalog, held.id).status == "applied"
    assert set(shop.offers("list_price").values()) != set()


def test_a_run_of_these_days_can_be_rolled_back_to_a_state_of_long_ago(shop: Shop):
    shop.sync(goods(60), "acme")
    before = shop.offers()
    last = shop.sync(goods(60, stock=7), "acme")
    look_after(shop, datetime.now(UTC) + DAY)
    with transaction(shop.catalog.engine) as session:
        run = session.get_one(Run, last.id)
        run.finished_at = LATER  # as if the sync were of that day, the state before it much older
    look_after(shop, LATER, snapshots=DAY)
    roll_back(shop.catalog, last.id)
    assert shop.offers() == before


def test_a_run_whose_earlier_state_is_no_longer_kept_cannot_be_rolled_back(shop: Shop):
    shop.sync(goods(60), "acme")
    last = shop.sync(goods(60, stock=7), "acme")
    look_after(shop, LATER)
    with pytest.raises(Refused, match=f"The state before run {last.id} is no longer kept"):
        roll_back(shop.catalog, last.id)
    assert get_run(shop.catalog, last.id).status == "applied"


def test_what_the_dead_left_is_cleared_away(shop: Shop):
    supplier = shop.supplier()
    shop.sync(goods(60), "acme")
    dead = Run(id=new_id(), tenant_id=shop.catalog.tenant_id, supplier_id=supplier.id)
    with transaction(shop.catalog.engine) as session:
        session.add(dead)
    left = [
        shop.catalog.delta_file(dead.id),
        shop.catalog.delta_file(new_id()),
        shop.catalog.raw / "acme" / ".abc-1.part",
    ]
    for path in left:
        path.write_text("half")
    done = look_after(shop, LATER)
    assert done["dead_runs"] == 1
    assert get_run(shop.catalog, dead.id).status == "failed"
    assert [path.exists() for path in left] == [False] * 3


def test_a_lake_that_is_being_copied_is_left_alone(shop: Shop):
    shop.sync(goods(60), "acme")
    with shop.catalog.exclusive(files_lock(shop.catalog.tenant), "a copy"):
        assert "old_files" not in look_after(shop, LATER)
    assert "old_files" in look_after(shop, LATER)


def test_a_supplier_at_work_is_left_alone(shop: Shop):
    first = shop.sync(goods(60), "acme")
    shop.sync(goods(60, stock=1), "acme")
    with shop.catalog.exclusive(supplier_lock(shop.catalog.tenant, "acme"), "a test"):
        done = look_after(shop, LATER)
    assert done["raw_files"] == 0
    assert first.files[0]["hash"] in raw_files(shop)

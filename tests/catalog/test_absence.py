"""Deleted, missing, suspected and late are four states, each with its own grace; none is another."""

from datetime import UTC, datetime, timedelta

import pytest

from meschain.catalog.absence import feed_state, sweep
from meschain.catalog.profile import Absence
from meschain.catalog.runs import get_run, list_runs
from meschain.catalog.suppliers import add_supplier
from meschain.catalog.tables import Run
from meschain.store.base import utc_now
from meschain.store.session import transaction
from tests.catalog.shop import Shop, goods

_NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
_STATES = "SELECT supplier_sku, state FROM core.offer_states WHERE supplier = 'acme' AND state <> 'listed' ORDER BY 1"
_CHANGES = "SELECT kind, field, count(*) FROM core.offer_changes WHERE run_id = ? GROUP BY ALL"
_FIELDS = {
    "supplier_sku": {"from": ["sku"]}, "title": {"from": ["title"]}, "list_price": {"from": ["price"]},
    "currency": {"from": ["currency"]}, "stock": {"from": ["stock"]},
}  # fmt: skip
_PROFILE = {"layout": {"format": "delimited"}, "decimal": ".", "fields": _FIELDS}


@pytest.mark.parametrize(
    ("held", "last", "every", "state"),
    [
        (False, None, 60, "fresh"),
        (False, _NOW - timedelta(days=900), None, "fresh"),
        (False, _NOW - timedelta(hours=25), 60, "fresh"),
        (False, _NOW - timedelta(hours=25, seconds=1), 60, "late"),
        (True, _NOW - timedelta(days=9), 60, "held"),
    ],
)
def test_a_feed_is_late_when_its_grace_is_over(
    held: bool, last: datetime | None, every: int | None, state: str
) -> None:
    run = Run(id="r", status="held") if held else None
    assert feed_state(run, last, every, Absence(late_hours=24), _NOW) == state


def test_an_offer_that_a_complete_feed_leaves_out_is_missing_and_comes_back(shop: Shop) -> None:
    shop.sync(goods(30))
    run = shop.sync(goods(28))
    assert (run.status, run.counts["missing"], run.counts["deleted"]) == ("applied", 2, 0)
    assert shop.ask(_STATES) == [("A029", "missing"), ("A030", "missing")]
    [(since, stock, run_id)] = [shop.offers("missing_since, stock, run_id")["A030"]]
    assert (since is not None, stock, run_id) == (True, 30, run.id)
    again = shop.sync(goods(30))
    assert (again.counts["changed"], again.counts["new"]) == (2, 0)
    assert shop.ask(_CHANGES, again.id) == [("returned", "status", 2)]
    assert shop.offers("status, missing_since")["A030"] == ("active", None)


def test_an_offer_that_stays_away_is_told_of_once(shop: Shop) -> None:
    shop.sync(goods(30))
    first = shop.sync(goods(29))
    since = shop.offers("missing_since")["A030"]
    later = shop.sync(goods(29, title="Renamed"))
    assert (first.counts["missing"], later.counts["missing"]) == (1, 0)
    assert shop.offers("missing_since, run_id")["A030"] == (since, first.id)


def test_a_feed_that_is_not_complete_makes_nothing_missing(shop: Shop) -> None:
    shop.profile({**_PROFILE, "absence": {"complete": False}})
    shop.sync(goods(30))
    run = shop.sync(goods(31)[25:])
    assert (run.status, run.counts["missing"], run.counts["new"]) == ("applied", 0, 1)
    assert set(shop.offers("status").values()) == {"active"}
    assert len(shop.offers()) == 31


def test_what_was_left_out_before_is_missing_once_feeds_have_to_be_complete(shop: Shop) -> None:
    shop.profile({**_PROFILE, "absence": {"complete": False}})
    shop.sync(goods(30))
    shop.sync(goods(28))
    shop.profile(_PROFILE)
    run = shop.sync(goods(28))
    assert (run.status, run.counts["missing"], run.counts["changed"]) == ("applied", 2, 0)
    assert shop.ask(_STATES) == [("A029", "missing"), ("A030", "missing")]
    assert shop.sync(goods(28, title="Renamed")).counts["missing"] == 0


def test_what_a_held_feed_leaves_out_is_suspected_until_it_is_decided(shop: Shop) -> None:
    shop.sync(goods(30))
    run = shop.sync(goods(10))
    assert run.status == "held"
    assert {state for _, state in shop.ask(_STATES)} == {"suspected"}
    assert len(shop.ask(_STATES)) == 20
    assert set(shop.offers("status").values()) == {"active"}
    assert shop.sync(goods(30, title="Renamed")).status == "applied"
    assert shop.ask(_STATES) == []


def test_what_was_suspected_is_here_after_all_when_the_last_good_feed_comes_again(shop: Shop) -> None:
    shop.sync(goods(30))
    shop.sync(goods(10))
    assert shop.sync(goods(30)).status == "unchanged"
    assert shop.ask(_STATES) == []


def test_a_supplier_that_says_deleted_is_believed(shop: Shop) -> None:
    shop.profile({**_PROFILE, "fields": {**_FIELDS, "deleted": {"from": ["gone"]}}})
    shop.sync(goods(30, gone=""))
    run = shop.sync(goods(31, gone=lambda number: "yes" if number > 29 else ""))
    assert (run.counts["deleted"], run.counts["new"], run.counts["missing"]) == (1, 0, 0)
    assert shop.offers("status")["A030"] == "deleted"
    assert "A031" not in shop.offers()
    assert shop.sync(goods(30, gone="")).counts["changed"] == 1
    assert shop.offers("status")["A030"] == "active"


def test_a_missing_offer_is_deleted_when_its_grace_is_over(shop: Shop) -> None:
    shop.profile({**_PROFILE, "absence": {"missing_days": 7}})
    shop.sync(goods(30))
    shop.sync(goods(28))
    supplier, now = shop.supplier(), utc_now()
    assert sweep(shop.catalog, supplier, now + timedelta(days=6)).deleted == 0
    assert shop.offers("status")["A030"] == "missing"
    swept = sweep(shop.catalog, supplier, now + timedelta(days=8))
    assert (swept.supplier, swept.deleted, swept.rejected_run) == ("acme", 2, None)
    assert shop.offers("status, missing_since")["A030"] == ("deleted", None)
    [(run, _), *_] = list_runs(shop.catalog)
    assert (run.kind, run.status, run.counts["deleted"]) == ("expiry", "applied", 2)
    assert shop.ask(_CHANGES, run.id) == [("deleted", "status", 2)]
    assert sweep(shop.catalog, supplier, now + timedelta(days=9)).deleted == 0


def test_after_an_expiry_the_last_feed_is_still_known_and_a_deleted_offer_may_return(shop: Shop) -> None:
    shop.sync(goods(30))
    shop.sync(goods(28))
    sweep(shop.catalog, shop.supplier(), utc_now() + timedelta(days=8))
    same = shop.sync(goods(28))
    assert (same.counts["parsed"], same.counts["changed"], same.counts["unchanged"]) == (0, 0, 28)
    back = shop.sync(goods(30))
    assert (back.counts["changed"], back.counts["new"]) == (2, 0)
    assert shop.offers("status")["A030"] == "active"


def test_a_late_feed_makes_its_offers_late_and_a_fresh_one_ends_it(shop: Shop) -> None:
    add_supplier(shop.catalog, "acme", every_minutes=60)
    shop.sync(goods(3))
    now = utc_now()
    assert sweep(shop.catalog, shop.supplier(), now).state == "fresh"
    assert sweep(shop.catalog, shop.supplier(), now + timedelta(hours=30)).state == "late"
    assert {state for _, state in shop.ask(_STATES)} == {"late"}
    [(state, last, due)] = shop.ask("SELECT state, last_good_at, due_at FROM core.supplier_states")
    assert (state, due - last) == ("late", timedelta(hours=1))
    assert shop.sync(goods(3)).status == "unchanged"
    assert sweep(shop.catalog, shop.supplier(), now + timedelta(minutes=5)).state == "fresh"
    assert shop.ask(_STATES) == []


def test_a_held_run_that_nobody_decides_is_rejected_by_itself(shop: Shop) -> None:
    shop.sync(goods(30))
    run = shop.sync(goods(10))
    soon = sweep(shop.catalog, shop.supplier(), utc_now() + timedelta(days=6))
    assert (soon.state, soon.rejected_run) == ("held", None)
    assert shop.ask("SELECT state FROM core.supplier_states WHERE supplier = 'acme'") == [("held",)]
    later = sweep(shop.catalog, shop.supplier(), utc_now() + timedelta(days=8))
    assert (later.state, later.rejected_run) == ("fresh", run.id)
    rejected = get_run(shop.catalog, run.id)
    assert (rejected.status, rejected.decided_by) == ("rejected", "operator")
    assert rejected.decision_note == "undecided for 7 days"
    assert shop.ask(_STATES) == []


def test_the_state_is_written_only_when_it_is_another_one(shop: Shop) -> None:
    shop.sync(goods(3))
    sweep(shop.catalog, shop.supplier())
    snapshots = shop.ask("SELECT max(snapshot_id) FROM ducklake_snapshots('lake')")
    sweep(shop.catalog, shop.supplier())
    assert shop.ask("SELECT max(snapshot_id) FROM ducklake_snapshots('lake')") == snapshots


def test_a_failed_run_is_no_good_read(shop: Shop) -> None:
    add_supplier(shop.catalog, "acme", every_minutes=60)
    run = shop.sync(goods(3))
    with transaction(shop.catalog.engine) as session:
        session.get_one(Run, run.id).status = "failed"
    assert sweep(shop.catalog, shop.supplier(), utc_now() + timedelta(days=30)).state == "fresh"

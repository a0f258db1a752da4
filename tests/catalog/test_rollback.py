"""A rollback restores exactly: every column of every offer, what is known of the feed, and the quarantine."""

import pytest

from commerce.errors import Refused
from meschain.catalog import decisions
from meschain.catalog.history import offer_history
from meschain.catalog.quarantine import retry_quarantine
from meschain.catalog.runs import get_run, list_runs
from tests.catalog.shop import COLUMNS, Shop, goods

_QUARANTINE = "SELECT * FROM raw.quarantine WHERE supplier = 'acme' ORDER BY ALL"
_RECORDS = "SELECT * FROM raw.records WHERE supplier = 'acme' ORDER BY ALL"


def _state(shop: Shop) -> tuple[object, ...]:
    """Everything a rollback has to bring back, row by row and column by column."""
    return shop.offers(COLUMNS), shop.ask(_RECORDS), shop.ask(_QUARANTINE)


def _first(shop: Shop) -> list[dict[str, object]]:
    rows = goods(30, barkod="", description=lambda number: f"Long text {number}")
    rows[3]["price"] = "-4.50"
    rows[4]["barkod"] = "8690000000013"  # wrong check digit
    assert shop.sync(rows).status == "applied"
    return rows


def test_everything_is_as_it_was(shop: Shop) -> None:
    rows = _first(shop)
    before = _state(shop)
    second = [dict(row) for row in rows[:27]] + goods(32)[30:]
    second[0]["price"] = "1.75"
    second[1]["description"] = "Other"
    second[3]["price"] = "4.50"
    second[5]["price"] = "-1"
    run = shop.sync(second)
    assert (run.status, run.counts["missing"], run.counts["new"]) == ("applied", 3, 3)
    assert _state(shop) != before

    undone = decisions.roll_back(shop.catalog, run.id, note="wrong file")
    assert (undone.kind, undone.status, undone.decision_note) == ("rollback", "applied", "wrong file")
    assert _state(shop) == before
    assert get_run(shop.catalog, run.id).status == "rolled_back"
    assert list(shop.catalog.delta.iterdir()) == []


def test_the_feed_that_was_undone_can_come_again(shop: Shop) -> None:
    rows = _first(shop)
    second = [{**row, "title": f"{row['title']}!"} for row in rows]
    run = shop.sync(second)
    after = shop.offers("title, list_price, status")
    decisions.roll_back(shop.catalog, run.id)
    again = shop.sync(second)
    assert (again.status, again.counts["changed"], again.counts["read"]) == ("applied", 29, 30)
    assert shop.offers("title, list_price, status") == after


def test_the_feed_before_is_known_again(shop: Shop) -> None:
    rows = _first(shop)
    run = shop.sync([{**row, "title": f"{row['title']}!"} for row in rows])
    decisions.roll_back(shop.catalog, run.id)
    again = shop.sync(rows)
    expected = {"parsed": 0, "changed": 0, "unchanged": 29, "read": 30, "quarantined": 1}
    assert (again.status, {name: again.counts[name] for name in expected}) == ("applied", expected)


def test_later_runs_are_undone_with_it_and_the_first_one_to_nothing(shop: Shop) -> None:
    rows = _first(shop)
    [(first, _)] = list_runs(shop.catalog)
    second = shop.sync([{**row, "title": "A"} for row in rows])
    third = shop.sync([{**row, "title": "B"} for row in rows])
    decisions.roll_back(shop.catalog, first.id)
    assert _state(shop) == ({}, [], [])
    assert {get_run(shop.catalog, run.id).status for run in (first, second, third)} == {"rolled_back"}
    assert shop.sync(rows).counts["new"] == 29


def test_a_rollback_can_be_undone(shop: Shop) -> None:
    rows = _first(shop)
    run = shop.sync([{**row, "title": f"{row['title']}!"} for row in rows])
    after = _state(shop)
    undone = decisions.roll_back(shop.catalog, run.id)
    decisions.roll_back(shop.catalog, undone.id)
    assert _state(shop) == after


def test_a_retry_can_be_undone(shop: Shop) -> None:
    _first(shop)
    before = _state(shop)
    profile = {
        "decimal": ".",
        "fields": {
            "supplier_sku": {"from": ["sku"]}, "title": {"from": ["title"]}, "currency": {"from": ["currency"]},
            "list_price": {"from": ["price"], "rewrite": [{"match": "^-", "to": ""}]}, "gtin": {"from": ["barkod"]},
        },
    }  # fmt: skip
    shop.profile({**profile, "layout": {"format": "delimited"}})
    run = retry_quarantine(shop.catalog, shop.supplier())
    assert (run.status, run.counts["new"]) == ("applied", 1)
    decisions.roll_back(shop.catalog, run.id)
    assert _state(shop) == before


def test_other_suppliers_keep_what_they_have(shop: Shop) -> None:
    _first(shop)
    shop.sync(goods(5), "bravo")
    run = shop.sync(goods(30, title="Other"))
    shop.sync(goods(6, title="Newer"), "bravo")
    bravo = shop.offers(slug="bravo")
    decisions.roll_back(shop.catalog, run.id)
    assert shop.offers(slug="bravo") == bravo
    assert [each.status for each, slug in list_runs(shop.catalog) if slug == "bravo"] == ["applied", "applied"]


def test_the_history_tells_of_the_change_and_of_its_undoing(shop: Shop) -> None:
    shop.sync(goods(10))
    run = shop.sync([{**goods(10)[0], "price": "9.99"}, *goods(11)[1:]])
    undone = decisions.roll_back(shop.catalog, run.id)
    told = [
        (row["run_id"], row["kind"], row["before"], row["after"])
        for row in offer_history(shop.catalog, "A001", "acme")
        if row["field"] == "list_price"
    ][1:]
    assert told == [(run.id, "changed", "1.5000", "9.9900"), (undone.id, "restored", "9.9900", "1.5000")]
    assert [row["kind"] for row in offer_history(shop.catalog, "A011", "acme")][-1] == "withdrawn"


def test_only_an_applied_run_can_be_rolled_back(shop: Shop) -> None:
    shop.sync(goods(30))
    same = shop.sync(goods(30))
    held = shop.sync(goods(3))
    for run, state in ((same, "unchanged"), (held, "held")):
        with pytest.raises(Refused, match=f"is {state}: only an applied run can be rolled back"):
            decisions.roll_back(shop.catalog, run.id)

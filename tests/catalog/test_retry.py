"""Reading quarantined rows again: only those, by the mended profile, and nothing is counted or written twice."""

import json
from decimal import Decimal

import pytest

from commerce.errors import Refused
from meschain.catalog.quarantine import list_quarantine, retry_quarantine
from tests.catalog.shop import Shop, goods

_FIELDS = {
    "supplier_sku": {"from": ["sku"]}, "title": {"from": ["title"]}, "currency": {"from": ["currency"]},
    "stock": {"from": ["stock"]}, "gtin": {"from": ["barkod"]},
}  # fmt: skip
_PLAIN = {"layout": {"format": "delimited"}, "decimal": ".", "fields": {**_FIELDS, "list_price": {"from": ["price"]}}}
_MENDED = {
    **_PLAIN,
    "fields": {**_FIELDS, "list_price": {"from": ["price"], "rewrite": [{"match": "^about ", "to": ""}]}},
}


def _faulty(count: int = 30) -> list[dict[str, object]]:
    """Goods of which the second and third have an unreadable price, the fourth a GTIN that is none."""
    rows = goods(count, barkod="")
    rows[1]["price"], rows[2]["price"] = "about 2.50", "ask us"
    rows[3]["barkod"] = "8690000000013"
    return rows


def _open(shop: Shop) -> list[tuple[object, ...]]:
    columns = "supplier_sku, scope, field, reason, value, row_number"
    return shop.ask(f"SELECT {columns} FROM raw.quarantine WHERE state = 'open' ORDER BY row_number")


def test_a_bad_row_is_kept_as_it_came_with_what_was_expected(shop: Shop) -> None:
    shop.profile(_PLAIN)
    shop.sync(_faulty())
    entries, reasons = list_quarantine(shop.catalog, shop.supplier())
    assert {row["reason"]: row["rows"] for row in reasons} == {"malformed_number": 2, "invalid_gtin": 1}
    [entry] = [entry for entry in entries if entry["supplier_sku"] == "A002"]
    assert (entry["field"], entry["value"], entry["row_number"]) == ("list_price", "about 2.50", 2)
    assert entry["expected"] == "a number like 1,299.90 (decimal point)"
    assert json.loads(entry["raw"]) == {name: str(value) for name, value in _faulty()[1].items()}
    assert "A004" in shop.offers()
    assert shop.offers("gtin")["A004"] is None
    assert list_quarantine(shop.catalog, reason="invalid_gtin")[0][0]["value"] == "8690000000013"


def test_a_retry_reads_just_the_quarantined_rows_by_the_mended_profile(shop: Shop) -> None:
    shop.profile(_PLAIN)
    first = shop.sync(_faulty())
    assert (first.counts["accepted"], first.counts["quarantined"], first.counts["withheld"]) == (28, 2, 1)
    shop.profile(_MENDED)
    run = retry_quarantine(shop.catalog, shop.supplier())
    assert (run.kind, run.status) == ("retry", "applied")
    assert {name: run.counts[name] for name in ("read", "accepted", "quarantined", "new", "changed", "missing")} == {
        "read": 3, "accepted": 2, "quarantined": 1, "new": 1, "changed": 0, "missing": 0,
    }  # fmt: skip
    assert shop.offers("list_price, row_number")["A002"] == (Decimal("2.5000"), 2)
    assert _open(shop) == [
        ("A003", "row", "list_price", "malformed_number", "ask us", 3),
        ("A004", "field", "gtin", "invalid_gtin", "8690000000013", 4),
    ]


def test_a_retry_without_a_mended_profile_changes_nothing_and_spoils_no_count(shop: Shop) -> None:
    shop.profile(_PLAIN)
    shop.sync(_faulty())
    before, quarantined = shop.offers(), _open(shop)
    for _ in range(2):
        run = retry_quarantine(shop.catalog, shop.supplier())
        assert (run.counts["new"], run.counts["changed"], run.counts["quarantined"]) == (0, 0, 2)
    assert (shop.offers(), _open(shop)) == (before, quarantined)
    later = shop.sync([*_faulty(), *goods(31)[30:]])
    assert {name: later.counts[name] for name in ("read", "accepted", "quarantined", "new", "unchanged")} == {
        "read": 31, "accepted": 29, "quarantined": 2, "new": 1, "unchanged": 28,
    }  # fmt: skip


def test_a_retry_leaves_a_duplicate_for_the_next_feed_to_decide(shop: Shop) -> None:
    shop.profile(_PLAIN)
    shop.sync([*_faulty(), {**goods(30)[29], "title": "Again"}])
    before = _open(shop)
    retry_quarantine(shop.catalog, shop.supplier())
    assert _open(shop) == before
    assert [entry[3] for entry in before].count("duplicate_sku") == 1


def test_after_a_retry_the_next_feed_counts_and_finds_every_row_once(shop: Shop) -> None:
    shop.profile(_PLAIN)
    shop.sync(_faulty())
    shop.profile(_MENDED)
    retry_quarantine(shop.catalog, shop.supplier())
    again = shop.sync(_faulty())
    assert {name: again.counts[name] for name in ("read", "accepted", "quarantined", "new", "changed", "missing")} == {
        "read": 30, "accepted": 29, "quarantined": 1, "new": 0, "changed": 0, "missing": 0,
    }  # fmt: skip
    assert len(_open(shop)) == 2


def test_a_row_put_right_by_the_supplier_closes_its_entry(shop: Shop) -> None:
    shop.profile(_PLAIN)
    shop.sync(_faulty())
    rows = _faulty()
    rows[1]["price"] = "2.75"
    run = shop.sync(rows)
    assert (run.counts["new"], run.counts["quarantined"], run.counts["read"]) == (1, 1, 30)
    assert [entry[0] for entry in _open(shop)] == ["A003", "A004"]
    closed = shop.ask("SELECT state, closed_run_id FROM raw.quarantine WHERE supplier_sku = 'A002'")
    assert closed == [("superseded", run.id)]


def test_an_offer_whose_row_can_no_longer_be_read_keeps_its_last_good_values(shop: Shop) -> None:
    shop.profile(_PLAIN)
    shop.sync(goods(30))
    rows = goods(30)
    rows[4]["price"] = "on request"
    run = shop.sync(rows)
    assert (run.status, run.counts["missing"], run.counts["quarantined"]) == ("applied", 0, 1)
    assert shop.offers("list_price, status")["A005"] == (Decimal("5.5000"), "active")


def test_a_line_that_cannot_be_cut_is_kept_as_text_and_can_be_tried_again(shop: Shop) -> None:
    shop.profile(_PLAIN)
    lines = ["sku,title,price,currency,stock,barkod", *(f"A{n:03d},Thing {n},{n}.50,TRY,{n}," for n in range(1, 11))]
    lines[4] = 'A004,"Thing 4"" with a stray quote,4.50,TRY,4,'.replace('""', '" "')
    run = shop.sync("\n".join(lines) + "\n")
    assert run.counts["read"] == run.counts["accepted"] + run.counts["quarantined"]
    kept = shop.ask("SELECT raw, raw_kind, row_number FROM raw.quarantine")
    again = retry_quarantine(shop.catalog, shop.supplier())
    assert (again.counts["quarantined"], again.counts["new"]) == (len(kept), 0)
    assert shop.ask("SELECT raw, raw_kind, row_number FROM raw.quarantine WHERE state = 'open'") == kept


def test_a_price_without_currency_is_found_again_once_the_tenant_has_one(shop: Shop) -> None:
    rows = [{name: value for name, value in row.items() if name != "currency"} for row in goods(12)]
    run = shop.sync(rows)
    assert (run.counts["withheld"], set(shop.offers("list_price").values())) == (12, {None})
    shop.profile({**_PLAIN, "currency": "EUR"})
    mended = retry_quarantine(shop.catalog, shop.supplier())
    assert (mended.counts["read"], mended.counts["changed"]) == (12, 12)
    assert shop.offers("list_price, currency")["A012"] == (Decimal("12.5000"), "EUR")
    assert _open(shop) == []


def test_there_is_nothing_to_retry_without_a_profile(shop: Shop) -> None:
    with pytest.raises(Refused, match="acme has no profile yet"):
        retry_quarantine(shop.catalog, shop.supplier())

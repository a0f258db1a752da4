"""Bringing feeds in: what a profile is made of, what is read, what is passed over, and what a failure leaves behind."""

import gzip
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from meschain.catalog.archive import hash_file, preview_files
from meschain.catalog.report import preview
from meschain.catalog.runs import list_runs
from meschain.catalog.suppliers import current_profile, save_profile
from meschain.catalog.tables import FeedProfile
from meschain.store.session import reading
from tests.catalog.shop import Shop, goods
from warehouse import lake


def _tree(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(("-shm", "-wal"))}


def test_offers_come_in_as_they_were_written_with_their_lineage(shop: Shop) -> None:
    feed = shop.file(
        "sku;barkod;ürün adı;marka;fiyat;para birimi;stok;renk\n"
        "K-1;8690000000012;Çaydanlık;Işık;1.299,90;TL;10+;mavi\n"
        "K-2;;Tencere;;45,5;USD;Var;\n"
    )
    run = shop.sync_files([feed])
    assert (run.status, run.counts["read"], run.counts["new"], run.counts["parsed"]) == ("applied", 2, 2, 2)
    columns = "gtin, title, brand, list_price, cost, currency, stock, stock_kind, attributes, status, row_number"
    assert shop.offers(columns) == {
        "K-1": (
            "8690000000012", "Çaydanlık", "Işık", Decimal("1299.9000"), None, "TRY", Decimal("10.000"), "at_least",
            '{"renk":"mavi"}', "active", 1,
        ),
        "K-2": (None, "Tencere", None, Decimal("45.5000"), None, "USD", Decimal("1.000"), "yes_no", None, "active", 2),
    }  # fmt: skip
    assert set(shop.offers("run_id, source_file").values()) == {(run.id, hash_file(feed))}
    assert (shop.catalog.raw / "acme" / hash_file(feed)).read_bytes() == feed.read_bytes()


def test_a_preview_proposes_a_profile_that_reads_the_feed_and_writes_nothing(shop: Shop, shop_home: Path) -> None:
    feed = shop.file("stok kodu;ürün adı;alış fiyatı;kdv\nA;Bir;1.299,90;20\nB;İki;-3,50;20\n")
    before = _tree(shop_home)
    seen = preview(preview_files([feed]), None, "TRY")
    assert seen.doubts == []
    assert seen.profile.decimal == ","
    assert [row["cost"] for row in seen.rows()] == [Decimal("1299.9000")]
    assert seen.warnings == [{"field": "cost", "reason": "negative_number", "rows": 1}]
    assert seen.as_json()["refused"][0]["value"] == "-3,50"
    assert _tree(shop_home) == before

    save_profile(shop.catalog, shop.supplier(), seen.profile, "proposed")
    run = shop.sync_files([feed])
    assert (run.status, run.counts["accepted"], run.counts["quarantined"]) == ("applied", 1, 1)


def test_a_preview_shows_twenty_rows_and_says_what_it_doubts(shop: Shop) -> None:
    feed = shop.file(goods(50, price=lambda number: "1.299" if number > 20 else "7"))
    seen = preview(preview_files([feed]), None, None)
    assert len(seen.rows()) == 20
    assert len(seen.doubts) == 1
    assert "'1.299' may be read with a decimal comma or a decimal point" in seen.doubts[0]


@pytest.mark.parametrize(
    ("feed", "doubt"),
    [
        ("name,price\nBir,1.5\nİki,2.5\n", "no column is recognisably the supplier's code"),
        ("sku,price\nA,1.299\nB,2.500\n", "may be read with a decimal comma or a decimal point"),
    ],
)
def test_a_feed_that_leaves_a_doubt_is_not_imported_without_a_profile(shop: Shop, feed: str, doubt: str) -> None:
    told = shop.refusal([shop.file(feed)])
    assert told.startswith("Refused: feed.csv cannot be read without a profile")
    assert doubt in told
    assert "--save --supplier acme" in told
    assert current_profile(shop.catalog, shop.supplier()) is None
    [(run, _)] = list_runs(shop.catalog)
    assert (run.status, f"Refused: {run.error}") == ("failed", told)


def test_the_proposal_is_saved_with_the_first_import_and_used_from_then_on(shop: Shop) -> None:
    shop.sync(goods(3))
    stored, profile = current_profile(shop.catalog, shop.supplier())
    assert (stored.version, stored.origin, profile.fields["list_price"].source) == (1, "proposed", ("price",))
    shop.profile({"fields": {"supplier_sku": {"from": ["sku"]}, "cost": {"from": ["price"]}}, "currency": "EUR"})
    shop.profile({"fields": {"supplier_sku": {"from": ["sku"]}, "cost": {"from": ["price"]}}, "currency": "EUR"})
    with reading(shop.catalog.engine) as session:
        kept = session.execute(select(FeedProfile.version, FeedProfile.origin).order_by(FeedProfile.version)).all()
    assert kept == [(1, "proposed"), (2, "declared")]


def test_the_same_bytes_twice_are_not_parsed(shop: Shop) -> None:
    first = shop.sync(goods(30))
    snapshots = shop.ask("SELECT count(*) FROM ducklake_snapshots('lake')")
    again = shop.sync(goods(30))
    assert (again.status, again.counts["parsed"]) == ("unchanged", 0)
    assert {name: again.counts[name] for name in ("read", "accepted", "unchanged", "new", "changed", "missing")} == {
        "read": 30, "accepted": 30, "unchanged": 30, "new": 0, "changed": 0, "missing": 0,
    }  # fmt: skip
    assert shop.ask("SELECT count(*) FROM ducklake_snapshots('lake')") == snapshots
    assert set(shop.offers("run_id").values()) == {first.id}
    assert shop.sync(goods(30), force=True).counts["unchanged"] == 30


def test_only_changed_records_are_parsed_and_only_changed_offers_written(shop: Shop) -> None:
    first = shop.sync(goods(100))
    rows = goods(101)
    rows[6]["price"] = "99.99"
    rows[7]["title"] = "Another"
    del rows[9]
    run = shop.sync(rows)
    expected = {
        "read": 100, "accepted": 100, "new": 1, "changed": 2, "unchanged": 97, "missing": 1, "parsed": 3,
    }  # fmt: skip
    assert {name: run.counts[name] for name in expected} == expected
    written = {sku for sku, run_id in shop.offers("run_id").items() if run_id == run.id}
    assert written == {"A007", "A008", "A010", "A101"}
    assert set(shop.offers("run_id").values()) == {first.id, run.id}


def test_another_order_of_the_rows_changes_nothing(shop: Shop) -> None:
    shop.sync(goods(20))
    run = shop.sync(goods(20)[::-1])
    assert (run.status, run.counts["unchanged"], run.counts["parsed"]) == ("applied", 20, 0)


def test_several_files_and_archives_are_one_feed(shop: Shop) -> None:
    first, second = shop.file(goods(4)[:2], "a.csv"), shop.file(goods(4)[2:], "b.csv")
    run = shop.sync_files([first, second])
    assert (run.counts["new"], [file["name"] for file in run.files]) == (4, ["a.csv", "b.csv"])
    fewer = shop.sync_files([first])
    assert (fewer.status, fewer.counts["missing"]) == ("applied", 2)  # fewer than a gate would look at


def test_a_difference_too_large_for_little_memory_takes_more(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lake, "_SPARING", 14_000_000)
    caplog.set_level("INFO", "warehouse.delta")
    run = shop.sync(goods(6000, description="x" * 400))
    assert (run.status, run.counts["new"], len(shop.offers("title"))) == ("applied", 6000, 6000)
    assert "needs more memory than most" in caplog.text


def test_the_first_row_of_a_code_stands_and_the_others_are_quarantined(shop: Shop) -> None:
    rows = [*goods(30), {**goods(1)[0], "title": "Twin"}]
    run = shop.sync(rows)
    assert (run.counts["read"], run.counts["accepted"], run.counts["quarantined"]) == (31, 30, 1)
    assert shop.offers("title")["A001"] == "Thing 1"
    assert shop.ask("SELECT supplier_sku, reason, row_number FROM raw.quarantine") == [("A001", "duplicate_sku", 31)]
    again = shop.sync([*rows, *goods(31)[30:]])
    assert (again.counts["read"], again.counts["accepted"], again.counts["quarantined"]) == (32, 31, 1)
    assert shop.offers("title")["A001"] == "Thing 1"


def test_a_changed_row_that_comes_before_a_known_one_of_its_code_wins(shop: Shop) -> None:
    shop.sync(goods(10))
    run = shop.sync([{**goods(1)[0], "title": "Earlier"}, *goods(10)])
    assert (run.counts["read"], run.counts["quarantined"]) == (11, 1)
    assert shop.offers("title")["A001"] == "Earlier"


def test_a_row_of_nothing_but_its_code_and_a_row_without_code_are_quarantined(shop: Shop) -> None:
    rows = [*goods(40), {"sku": "", "title": "Nameless", "price": "1.50", "currency": "TRY", "stock": 1}, {"sku": "B"}]
    run = shop.sync(rows)
    assert (run.counts["accepted"], run.counts["quarantined"]) == (40, 2)
    reasons = shop.ask("SELECT reason, field FROM raw.quarantine ORDER BY row_number")
    assert reasons == [("missing_sku", "supplier_sku"), ("empty_record", "title")]


_XML = "<urunler><urun><kod>1</kod><ad>Bir</ad></urun><urun><kod>2</kod><ad>İki</ad></urun></urunler>".encode()
_CSV = b"sku,title\n1,Bir\n"
_JSON = b'[{"sku": "1", "title": "Bir"}, {"sku": "2", "title": "Iki"}]'


@pytest.mark.parametrize(
    ("name", "good", "bad", "cause"),
    [
        ("feed.csv.gz", gzip.compress(_CSV), gzip.compress(_CSV)[:-9], "cut off at byte"),
        ("feed.xml", _XML, _XML[:-20], "cut off: it ends at byte 74"),
        ("feed.json", _JSON, _JSON[:-20], "byte"),
        ("feed.csv", _CSV, b"", "empty"),
    ],
    ids=["gzip", "xml", "json", "empty"],
)
def test_an_unreadable_file_fails_the_run_and_touches_nothing(
    shop: Shop, name: str, good: bytes, bad: bytes, cause: str
) -> None:
    shop.sync_files([shop.file(good, name)])
    before, snapshot = shop.offers(), shop.ask("SELECT max(snapshot_id) FROM ducklake_snapshots('lake')")
    told = shop.refusal([shop.file(bad, name)])
    assert told.startswith(f"Permanent: {name}: ")
    assert cause in told
    [(run, _), *_] = list_runs(shop.catalog)
    assert (run.status, f"Permanent: {run.error}") == ("failed", told)
    assert shop.offers() == before
    assert shop.ask("SELECT max(snapshot_id) FROM ducklake_snapshots('lake')") == snapshot
    assert list(shop.catalog.delta.iterdir()) == []
    assert shop.sync_files([shop.file(good, name)]).status == "unchanged"

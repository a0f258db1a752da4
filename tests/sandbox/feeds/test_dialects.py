"""Every dialect, read back with other tools than wrote it, says what the ledger says; bad rows are as bad as told."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from lxml import etree

from meschain.sandbox import changes
from meschain.sandbox.assortment import Assortment, Shop, assortment
from meschain.sandbox.feeds import bench, ideasoft, json_array, merchant_rss, ndjson, ticimax, turkish_csv, xlsx
from meschain.sandbox.feeds.dialect import Dialect
from meschain.sandbox.feeds.files import truncate
from meschain.sandbox.flaws import FIELD_FLAWS, LINE_FLAWS, Flaw
from tests.sandbox.readers import READERS, by_code

MODULES = (ideasoft, ticimax, turkish_csv, merchant_rss, ndjson, json_array, xlsx)
DIALECTS = [pytest.param(module.DIALECT, id=module.DIALECT.name) for module in MODULES]
N = 400
FLAW_COUNTS = {Flaw.NEGATIVE_PRICE: 4, Flaw.AMBIGUOUS_PRICE: 5, Flaw.GARBAGE_PRICE: 6, Flaw.MISSING_SKU: 7}


@pytest.fixture(scope="module")
def first() -> Assortment:
    shop = Shop(seed=5, world=6, prefix="ÇŞ-", host="deneme.example", currencies=("TRY", "EUR"))
    return assortment(N, 5, shop=shop)


def _money(text: str) -> int:
    """Minor units of a price in any of the dialects' forms."""
    bare = text.partition(" ")[0]
    whole, _, fraction = bare.replace(".", "").partition(",") if "," in bare else bare.partition(".")
    return int(whole) * 100 + int(fraction.ljust(2, "0"))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_reading_back_gives_the_ledger(dialect: Dialect, first, tmp_path):
    read, code, price = READERS[dialect.name]
    path = tmp_path / f"feed{dialect.suffix}"
    dialect.write(first, path)
    records = by_code(read(path), code)
    prices = dict(zip(first.shop.codes(first.ledger["item"].to_numpy()), first.ledger["list_price"], strict=True))
    assert {code: _money(record[price]) for code, record in records.items()} == prices


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_truth_is_what_stands_in_the_files(dialect: Dialect, first, tmp_path):
    read, code, _ = READERS[dialect.name]
    after = changes.evolve(first, 1, facts=dialect.facts).after
    truth = dialect.truth(first, after)
    earlier, later = (by_code(_written_and_read(read, dialect, state, tmp_path), code) for state in (first, after))
    assert later.keys() - earlier.keys() == set(truth.new_skus)
    assert earlier.keys() - later.keys() == set(truth.missing_skus)
    differing = {code for code in earlier.keys() & later.keys() if earlier[code] != later[code]}
    assert differing == set(truth.changed_skus)
    assert truth.changed == N // 20


@pytest.mark.parametrize("dialect", DIALECTS)
def test_bad_rows_are_as_bad_and_as_many_as_told(dialect: Dialect, first, tmp_path):
    read, code, price = READERS[dialect.name]
    lines = {Flaw.RAGGED_LINE: 8, Flaw.BAD_CHARSET: 3} if dialect.flaws == LINE_FLAWS else {}
    spoiled, truth = changes.spoil(first, 2, FLAW_COUNTS | lines)
    records = _written_and_read(read, dialect, spoiled, tmp_path)
    whole = [record for record in records if code in record and price in record]
    prices = [record[price] for record in whole]
    assert len(records) == truth.read
    assert len(records) - len(whole) == lines.get(Flaw.RAGGED_LINE, 0)
    assert sum(not record[code] for record in whole) == 7
    assert sum(text.startswith("-") for text in prices) == 4
    assert sum(text.startswith(("2,849,83", "2.849.83")) for text in prices) == 5
    assert prices.count("sorunuz") == 6
    assert sum("\ufffd" in "".join(map(str, record.values())) for record in records) == lines.get(Flaw.BAD_CHARSET, 0)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_flaw_the_dialect_cannot_carry_is_refused(dialect: Dialect, first, tmp_path):
    if dialect.flaws == FIELD_FLAWS:
        spoiled = changes.spoil(first, 2, {Flaw.RAGGED_LINE: 1}).after
        with pytest.raises(ValueError, match="cannot have the flaws RAGGED_LINE"):
            dialect.write(spoiled, tmp_path / "feed")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_same_bytes_every_time(dialect: Dialect, first, tmp_path):
    paths = [tmp_path / f"{name}{dialect.suffix}" for name in "ab"]
    for path in paths:
        dialect.write(first, path)
    digests = {hashlib.sha256(path.read_bytes()).digest() for path in paths}
    assert len(digests) == 1


def test_the_charsets_are_as_told(first, tmp_path):
    turkish_csv.write(first, tmp_path / "a.csv")
    merchant_rss.write(first, tmp_path / "b.xml")
    data = (tmp_path / "a.csv").read_bytes()
    assert data.startswith(turkish_csv.HEADING.encode("cp1254") + b"\r\n")
    with pytest.raises(UnicodeDecodeError):
        data.decode("utf-8")
    assert (tmp_path / "b.xml").read_bytes().startswith(b"\xef\xbb\xbf<?xml")


def test_ticimax_nests_variants(first, tmp_path):
    ticimax.write(first, tmp_path / "a.xml")
    sizes = [len(card.findall("UrunSecenek/Secenek")) for card in etree.parse(tmp_path / "a.xml").iter("Urun")]
    assert set(sizes) == {1, 4}
    assert sum(sizes) == N


def test_a_truncated_feed_is_half_a_file_and_no_document(first, tmp_path):
    path = tmp_path / "feed.xml"
    ideasoft.write(first, path)
    size = path.stat().st_size
    assert truncate(path) == path.stat().st_size == size // 2
    with pytest.raises(etree.XMLSyntaxError):
        etree.parse(path)


@pytest.mark.parametrize("form", ["csv", "ndjson", "xml"])
def test_bench_feeds_hold_the_same_offers(form: str, tmp_path):
    state = assortment(300, 7)
    path = tmp_path / f"feed.{form}"
    getattr(bench, f"write_{form}")(state, path)
    if form == "xml":
        rows = [{child.tag: child.text for child in item} for item in etree.parse(path).getroot()]
    else:
        rows = READERS["turkish-csv" if form == "csv" else "ndjson"][0](_recoded(path) if form == "csv" else path)
    code, price = ("sku", "price") if form == "ndjson" else ("stok_kodu", "satis_fiyati")
    assert [row[code] for row in rows] == state.shop.codes(state.ledger["item"].to_numpy()).to_list()
    assert [_money(row[price]) for row in rows] == state.ledger["list_price"].to_list()
    assert {len(row) for row in rows} == {14}


@pytest.mark.acceptance
def test_a_big_feed_takes_little_memory(full_size: bool, tmp_path):
    """Peak of a process that writes the bench CSV, imports and ledger (41 bytes a row) included."""
    rows, bound = (1_000_000, 450) if full_size else (100_000, 350)
    peak = _peak_mb(rows, tmp_path / "feed.csv")
    print(f"peak {peak} MB at {rows} rows")
    assert peak < bound


_WRITE = """
import pathlib, re, sys
from meschain.sandbox.assortment import assortment
from meschain.sandbox.feeds import bench
bench.write_csv(assortment(int(sys.argv[1]), 7), pathlib.Path(sys.argv[2]))
print(int(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]) // 1024)
"""


def _peak_mb(rows: int, path: Path) -> int:
    command = [sys.executable, "-c", _WRITE, str(rows), str(path)]
    root = Path(__file__).parents[3]
    return int(subprocess.run(command, check=True, capture_output=True, text=True, cwd=root).stdout)


def _recoded(path: Path) -> Path:
    path.write_bytes(path.read_text("utf-8").encode("cp1254"))
    return path


def _written_and_read(read, dialect: Dialect, state: Assortment, folder: Path):
    path = folder / f"{len(list(folder.iterdir()))}{dialect.suffix}"
    dialect.write(state, path)
    return read(path)

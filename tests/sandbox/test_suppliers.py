"""The demo's suppliers: their two feeds hold what their truths say, and their offers meet by GTIN."""

from functools import cache
from pathlib import Path

import pytest
from lxml import etree

from meschain.sandbox.flaws import Flaw
from meschain.sandbox.suppliers import SUPPLIERS, Feed, Supplier, first_state, second_state, write_first, write_second
from tests.sandbox.readers import READERS, by_code

SEED = 11


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("feeds")


@pytest.fixture(scope="module")
def first(home) -> dict[str, Feed]:
    return {feed.supplier.slug: feed for feed in write_first(home, SEED)}


@pytest.fixture(scope="module")
def second(home) -> dict[str, Feed]:
    return {feed.supplier.slug: feed for feed in write_second(home, SEED)}


def _records(feed: Feed) -> list[dict[str, str]]:
    return _read(feed.supplier.dialect.name, feed.path)


@cache
def _read(dialect: str, path: Path) -> list[dict[str, str]]:
    return READERS[dialect][0](path)


def _by_code(feed: Feed) -> dict[str, dict[str, str]]:
    return by_code(_records(feed), READERS[feed.supplier.dialect.name][1])


def test_there_are_six_with_fifty_thousand_offers():
    assert len(SUPPLIERS) == 6
    assert sum(supplier.offers for supplier in SUPPLIERS) >= 50_000
    assert len({supplier.dialect.name for supplier in SUPPLIERS}) == 6
    assert sorted({supplier.second for supplier in SUPPLIERS}) == [
        "decimal shift", "ordinary", "truncated", "unchanged", "vanished",
    ]  # fmt: skip


@pytest.mark.parametrize("slug", [supplier.slug for supplier in SUPPLIERS])
def test_first_feeds_hold_what_is_told(slug: str, first):
    feed = first[slug]
    truth = feed.truth
    assert feed.status == "applied"
    assert len(_records(feed)) == truth.read == feed.supplier.offers
    assert truth.flaws == feed.supplier.flaws
    assert truth.accepted == truth.new == truth.read - sum(feed.supplier.flaws.values())


@pytest.mark.parametrize("slug", [supplier.slug for supplier in SUPPLIERS if supplier.second == "ordinary"])
def test_ordinary_second_feeds(slug: str, first, second):
    truth, before, after = second[slug].truth, _by_code(first[slug]), _by_code(second[slug])
    offers = second[slug].supplier.offers
    assert (truth.changed, truth.new, truth.missing) == (offers // 20, offers // 100, offers // 100)
    assert after.keys() - before.keys() == set(truth.new_skus)
    assert before.keys() - after.keys() == set(truth.missing_skus)
    assert {code for code in before.keys() & after.keys() if before[code] != after[code]} == set(truth.changed_skus)


def test_the_truncated_feed_cannot_be_read(second):
    feed = second["gumra-toptan"]
    assert (feed.status, feed.truth) == ("failed", None)
    with pytest.raises(etree.XMLSyntaxError):
        etree.parse(feed.path)


def test_the_decimal_shift_raises_every_price_a_hundredfold(first, second):
    feed = second["cinte-dagitim"]
    before, after = _by_code(first["cinte-dagitim"]), _by_code(feed)
    ratios = [_number(after[code]) / _number(before[code]) for code in feed.truth.changed_skus]
    assert feed.status == "held"
    assert feed.truth.unchanged == 0
    assert len(ratios) == 11_860
    assert all(80 < ratio < 120 for ratio in ratios)


def _number(record: dict[str, str]) -> float:
    return float(record["Satış Fiyatı"].replace(",", "."))


def test_three_fifths_vanish(first, second):
    feed = second["savra-moda"]
    before, after = _by_code(first["savra-moda"]), _by_code(feed)
    assert feed.status == "held"
    assert len(after) + feed.truth.flaws.get(Flaw.MISSING_SKU, 0) == feed.truth.read == 3_600
    assert set(feed.truth.missing_skus) <= before.keys() - after.keys()
    assert feed.truth.missing > 0.59 * 9_000


def test_the_unchanged_feed_is_the_same_file(first, second):
    one, other = first["zelmi-depo"].path, second["zelmi-depo"].path
    assert one.read_bytes() == other.read_bytes()
    assert one.stat().st_mtime == other.stat().st_mtime
    assert second["zelmi-depo"].status == "unchanged"


def test_offers_meet_by_gtin_at_different_prices(first):
    xml = {record["barcode"]: record for record in _records(first["gumra-toptan"]) if record["barcode"]}
    csv = {record["Barkod"]: record for record in _records(first["cinte-dagitim"]) if record.get("Barkod")}
    shared = xml.keys() & csv.keys()
    assert len(shared) > 3_500
    assert sum(xml[gtin]["price1"].replace(".", "") != csv[gtin]["Satış Fiyatı"] for gtin in shared) > 0.9 * len(shared)
    assert all(xml[gtin]["brand"] == csv[gtin]["Marka"] for gtin in shared)


@pytest.mark.parametrize("supplier", SUPPLIERS, ids=lambda supplier: supplier.slug)
def test_states_follow_from_the_seed(supplier: Supplier):
    state, again, other = (first_state(supplier, seed) for seed in (SEED, SEED, SEED + 1))
    assert state.ledger.equals(again.ledger)
    assert not state.ledger.equals(other.ledger)
    assert second_state(supplier, state, SEED).ledger.equals(second_state(supplier, again, SEED).ledger)

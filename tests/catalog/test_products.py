"""Offers of one product are found by GTIN, by brand and part number, by a person's word; never by title."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meschain.catalog.products import group_gtins, match_products
from tests.catalog.shop import Shop

_PROFILE = {
    "layout": {"format": "delimited"},
    "fields": {name: {"from": [name]} for name in ("supplier_sku", "gtin", "brand", "mpn", "title")},
}
_COLUMNS = ("supplier_sku", "title", "gtin", "brand", "mpn")


def _sync(shop: Shop, slug: str, *rows: Sequence[str]) -> None:
    shop.profile(_PROFILE, slug)
    shop.sync([dict(zip(_COLUMNS, row, strict=False)) | {"title": row[1]} for row in rows], slug)


def _products(shop: Shop) -> Mapping[str, set[str]]:
    """The offers of each product, as supplier:code."""
    found: dict[str, set[str]] = defaultdict(set)
    for product, supplier, sku in shop.ask("SELECT product_id, supplier, supplier_sku FROM core.product_offers"):
        found[product].add(f"{supplier}:{sku}")
    return dict(found)


def test_a_gtin_joins_suppliers_and_a_upc_is_its_ean(shop: Shop) -> None:
    _sync(shop, "a", ("1", "Kettle", "0036000291452"), ("2", "Other", "8690000000012"))
    _sync(shop, "b", ("1", "Something else", "036000291452"), ("2", "Kettle", ""))
    counts = match_products(shop.catalog)
    assert counts == {"gtin": 3, "none": 1}
    assert _products(shop) == {
        "gtin:00036000291452": {"a:1", "b:1"},
        "gtin:08690000000012": {"a:2"},
        "own:b:2": {"b:2"},
    }
    products = shop.ask("SELECT product_id, matched_by, gtin, title, offers, suppliers FROM core.products ORDER BY 1")
    assert products[0] == ("gtin:00036000291452", "gtin", "00036000291452", "Kettle", 2, 2)


def test_a_title_never_matches(shop: Shop) -> None:
    _sync(shop, "a", ("1", "The very same title"))
    _sync(shop, "b", ("1", "The very same title"))
    assert match_products(shop.catalog) == {"none": 2}
    assert len(_products(shop)) == 2


def test_gtins_that_one_offer_names_together_are_one_product_over_any_number_of_steps(shop: Shop) -> None:
    _sync(shop, "a", ("1", "A", "8690000000012|8690000000029"))
    _sync(shop, "b", ("1", "B", "8690000000029;8690000000036"))
    _sync(shop, "c", ("1", "C", "8690000000036"), ("2", "D", "8690000000043"))
    match_products(shop.catalog)
    assert _products(shop) == {
        "gtin:08690000000012": {"a:1", "b:1", "c:1"},
        "gtin:08690000000043": {"c:2"},
    }


def test_brand_and_part_number_join_when_there_is_no_gtin(shop: Shop) -> None:
    _sync(shop, "a", ("1", "A", "", "Işık", "AB-12/3"), ("2", "B", "", "", "AB-12/3"), ("3", "C", "", "Işık", ""))
    _sync(shop, "b", ("1", "D", "", " IŞIK ", "ab 12.3"), ("2", "E", "", "Other", "AB-12/3"))
    counts = match_products(shop.catalog)
    assert counts == {"mpn": 3, "none": 2}
    assert _products(shop)["mpn:isik:ab123"] == {"a:1", "b:1"}


@pytest.mark.parametrize("mpn", ["-", "./.", "_"])
def test_a_part_number_of_nothing_but_marks_is_none(shop: Shop, mpn: str) -> None:
    _sync(shop, "a", ("1", "A", "", "Acme", mpn), ("2", "B", "", "Acme", mpn))
    assert match_products(shop.catalog) == {"none": 2}


def test_a_part_number_leads_to_the_gtin_that_others_give_it_unless_they_differ(shop: Shop) -> None:
    _sync(shop, "a", ("1", "A", "8690000000012", "Acme", "X1"), ("2", "B", "8690000000029", "Acme", "Y1"))
    rows = ("1", "C", "", "ACME", "x-1"), ("2", "D", "8690000000036", "Acme", "Y1"), ("3", "E", "", "Acme", "Y1")
    _sync(shop, "b", *rows)
    match_products(shop.catalog)
    products = _products(shop)
    assert products["gtin:08690000000012"] == {"a:1", "b:1"}
    assert products["mpn:acme:y1"] == {"b:3"}


def test_a_persons_link_overrules_gtin_and_part_number(shop: Shop) -> None:
    _sync(shop, "a", ("1", "A", "8690000000012"), ("2", "B", "8690000000012"))
    with shop.catalog.lake.connect() as connection:
        connection.execute("INSERT INTO raw.product_links VALUES ('a', '2', 'set:two', now())")
    assert match_products(shop.catalog) == {"gtin": 1, "link": 1}
    assert _products(shop) == {"gtin:08690000000012": {"a:1"}, "set:two": {"a:2"}}


def test_a_deleted_offer_has_no_product_and_a_missing_one_keeps_it(shop: Shop) -> None:
    _sync(shop, "a", ("1", "A", "8690000000012"), ("2", "B", "8690000000029"))
    match_products(shop.catalog)
    _sync(shop, "a", ("1", "A", "8690000000012"))
    match_products(shop.catalog)
    assert len(_products(shop)) == 2
    with shop.catalog.lake.connect() as connection:
        connection.execute("UPDATE core.offers SET status = 'deleted' WHERE supplier_sku = '2'")
    match_products(shop.catalog)
    assert _products(shop) == {"gtin:08690000000012": {"a:1"}}
    assert shop.ask("SELECT count(*) FROM core.products") == [(1,)]


def test_a_second_run_writes_only_what_differs(shop: Shop) -> None:
    _sync(shop, "a", *((f"{n}", "T", "", "Acme", f"M{n}") for n in range(1, 40)), ("40", "T", "8690000000012", "", ""))
    match_products(shop.catalog)
    tables = "SELECT table_name, file_count, delete_file_count FROM ducklake_table_info('lake') ORDER BY 1"
    state, files = shop.ask("FROM core.products ORDER BY ALL"), shop.ask(tables)
    assert match_products(shop.catalog) == {"mpn": 39, "gtin": 1}
    assert (shop.ask("FROM core.products ORDER BY ALL"), shop.ask(tables)) == (state, files)

    _sync(shop, "b", ("1", "T", "8690000000012"))
    before = shop.ask("SELECT max(snapshot_id) FROM ducklake_snapshots('lake')")[0][0]
    match_products(shop.catalog)
    changed = "SELECT change_type, supplier FROM ducklake_table_changes('lake', 'core', 'product_offers', ?, ?)"
    after = shop.ask("SELECT max(snapshot_id) FROM ducklake_snapshots('lake')")[0][0]
    assert shop.ask(changed, before + 1, after) == [("insert", "b")]


@given(lists=st.lists(st.lists(st.sampled_from([f"{n:014d}" for n in range(12)]), min_size=2, max_size=4), max_size=8))
def test_gtins_named_together_share_the_smallest_of_all_they_are_joined_to(lists: list[list[str]]) -> None:
    joined: list[set[str]] = []
    for offer in lists:
        touching = [group for group in joined if group & set(offer)]
        joined = [group for group in joined if group not in touching] + [set(offer).union(*touching)]
    expected = {gtin: min(group) for group in joined for gtin in group}
    assert dict(zip(*group_gtins(lists).to_pydict().values(), strict=True)) == expected

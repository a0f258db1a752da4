"""The assortment: the same from the same seed, believable, and as hard to compress as real text."""

import hashlib
import json
import zipfile
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from meschain.sandbox.assortment import Assortment, Shop, assortment
from meschain.sandbox.draws import seed_of
from meschain.sandbox.feeds import bench
from meschain.sandbox.gtins import MOST_ITEMS
from meschain.sandbox.turkish import capitalised, with_ending
from meschain.sandbox.vocabulary import CATEGORIES, DEPARTMENTS


@pytest.fixture(scope="module")
def sheet() -> pl.DataFrame:
    return _whole(assortment(20_000, 7))


def _whole(state: Assortment, rows: int = 20_000) -> pl.DataFrame:
    return pl.concat(state.sheets(rows))


def _zstd_ratio(texts: list[str]) -> float:
    data = "\n".join(texts).encode()
    return len(data) / len(pa.Codec("zstd", 3).compress(data))


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    """Pinned: a change of these bytes is a change of every benchmark, so it has to be meant."""
    bench.write_csv(assortment(500, 7), tmp_path / "feed.csv")
    assert hashlib.sha256((tmp_path / "feed.csv").read_bytes()).hexdigest()[:16] == "fc27253b126efc70"


def test_another_seed_writes_others():
    one, other = (_whole(assortment(500, seed)) for seed in (7, 8))
    for column in ("supplier_sku", "gtin", "title", "description", "list_price"):
        assert one[column].to_list() != other[column].to_list()


def test_chunks_make_no_difference(sheet):
    assert _whole(assortment(3_000, 7), rows=777).equals(sheet[:3_000])


def test_families_are_never_parted():
    families = [set(chunk["family"]) for chunk in assortment(200, 7).sheets(41)]
    assert len(families) == 5
    assert sum(map(len, families)) == len(set.union(*families))


def test_codes_are_unique_and_facts_in_range(sheet):
    assert sheet["supplier_sku"].is_unique().all()
    assert sheet["mpn"].is_unique().all()
    assert sheet["description"].is_unique().all()
    assert (sheet["cost"] < sheet["list_price"]).all()
    assert sheet["cost"].min() > 0
    assert set(sheet["vat_rate"].unique()) == {0, 1, 10, 20}
    assert sheet.select(pl.min_horizontal("weight_g", "length_mm", "width_mm", "height_mm").min()).item() > 0
    assert (sheet["length_mm"] >= sheet["width_mm"]).all()
    assert sheet["category"].n_unique() == len(CATEGORIES)
    assert 0.08 < (sheet["stock"] == 0).mean() < 0.14


def test_all_kinds_of_gtin_occur(sheet):
    lengths = dict(sheet["gtin"].str.len_chars().value_counts(normalize=True).iter_rows())
    assert set(lengths) == {8, 12, 13, 14, None}
    assert lengths[13] > 0.85


def test_variants_share_what_makes_them_one_product(sheet):
    groups = sheet.filter(pl.col("variant_group").is_not_null()).group_by("variant_group")
    same, different = ("name", "brand", "category", "vat_rate"), ("size", "gtin", "supplier_sku")
    counts = groups.agg(pl.len(), pl.col(*same, *different).n_unique())
    assert counts["len"].unique().to_list() == [4]
    assert (counts.select(same) == 1).to_numpy().all()
    assert counts["size"].unique().to_list() == [4]
    assert len(counts) > 1_000


def test_texts_are_turkish_and_fit_windows_1254(sheet):
    text = "".join(sheet["title"].to_list() + sheet["description"].to_list())
    assert set("ğüşıöçİÇŞÜÖ") <= set(text)
    assert text.encode("cp1254").decode("cp1254") == text


def test_descriptions_have_about_300_characters(sheet):
    lengths = sheet["description"].str.len_chars()
    assert 290 < lengths.mean() < 310
    assert lengths.min() > 180
    assert lengths.max() < 450


def test_descriptions_compress_like_real_text(sheet):
    """Zstd 3 brings real product texts to a third or a quarter; a pool of repeated texts would shrink thirtyfold."""
    assert 2.5 < _zstd_ratio(sheet["description"].to_list()) < 3.8


def test_real_descriptions_compress_no_less(shared_data: Path, sheet):
    products = []
    for number in range(1, 5):
        with zipfile.ZipFile(shared_data / f"catalog/icecat_products_{number}.json.zip") as packed:
            products += json.loads(packed.read(packed.namelist()[0]))
    real = sorted({product["short_description"] for product in products if product.get("short_description")})
    ratio = _zstd_ratio(real)
    print(f"zstd 3: real {ratio:.2f}, made {_zstd_ratio(sheet['description'].to_list()):.2f}")
    assert _zstd_ratio(sheet["description"].to_list()) < ratio * 1.1


def test_shops_of_one_world_sell_the_same_products_at_their_own_prices():
    one, other = (
        _whole(assortment(400, seed, shop=Shop(seed=seed_of(seed, "shop"), world=1, prefix=prefix)))
        for seed, prefix in ((1, "A-"), (2, "B-"))
    )
    assert one.select("gtin", "mpn", "brand", "title").equals(other.select("gtin", "mpn", "brand", "title"))
    for column in ("supplier_sku", "cost", "list_price", "description"):
        assert (one[column] != other[column]).mean() > 0.8


def test_foreign_prices_are_in_foreign_money():
    shop = Shop(seed=1, world=1, currencies=("EUR", "TRY"))
    median = dict(
        _whole(assortment(4_000, 1, shop=shop)).group_by("currency").agg(pl.col("list_price").median()).iter_rows()
    )
    assert 20 < median["TRY"] / median["EUR"] < 100


def test_more_products_than_numbers_are_refused():
    with pytest.raises(ValueError, match="products are numbered up to"):
        assortment(1, 1, first_item=MOST_ITEMS)


@pytest.mark.parametrize(
    ("word", "ending", "expected"),
    [
        ("tencere", "in", "tencerede"),
        ("kap", "from", "kaptan"),
        ("kapak", "object", "kapağı"),
        ("ürün", "of", "ürünün"),
        ("şişe", "its", "şişesi"),
        ("yol", "to", "yola"),
        ("tuz", "with", "tuzlu"),
        ("leke", "without", "lekesiz"),
        ("göz", "plural", "gözler"),
    ],
)
def test_endings_follow_vowel_harmony(word: str, ending: str, expected: str):
    assert with_ending(word, ending) == expected


def test_turkish_capitals():
    assert [capitalised(word) for word in ("iplik", "ışık", "ölçü")] == ["İplik", "Işık", "Ölçü"]


def test_every_department_has_goods():
    assert {kind.department for kind in CATEGORIES} == set(range(len(DEPARTMENTS)))

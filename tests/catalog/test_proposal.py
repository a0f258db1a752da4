"""A profile from headings and values: what is recognised, what is left open, and that nothing is guessed."""

from decimal import Decimal

import polars as pl
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from connectors.feeds.detect import detect
from connectors.feeds.known import KnownRecords
from connectors.feeds.layout import Layout
from connectors.feeds.reading import read
from meschain.catalog import proposal as proposals
from meschain.catalog.normalise import Normaliser
from meschain.catalog.proposal import Proposal, fold, propose

TABLE = Layout(format="delimited")


def sample(columns: dict[str, list[str | None]]) -> pl.DataFrame:
    return pl.DataFrame({name: pl.Series(texts, dtype=pl.String) for name, texts in columns.items()})


def proposed(columns: dict[str, list[str | None]], layout: Layout = TABLE) -> Proposal:
    return propose(sample(columns), layout)


def mapping(found: Proposal) -> dict[str, str]:
    """Which column each field comes from."""
    return {name: ", ".join(rule.source) for name, rule in found.profile.fields.items()}


@pytest.mark.parametrize(
    ("heading", "form"),
    [
        ("Ürün Adı", "urunadi"), ("ÜRÜN ADI", "urunadi"), ("AĞIRLIK (kg)", "agirlikkg"), ("ağırlık_KG", "agirlikkg"),
        ("FİYAT", "fiyat"), ("Fiyat", "fiyat"), ("Reference #", "reference"), ("Tags (x,y,z...)", "tagsxyz"),
        ("İĞNE Iı", "igneii"), ("naïve-é", "naivee"), ("價格", ""),
    ],
)  # fmt: skip
def test_headings_are_compared_without_case_and_accents(heading, form):
    assert fold(heading) == form


def test_the_list_of_headings_is_written_as_it_is_compared_and_says_each_once():
    forms = [form for forms in proposals._headings().values() for form in forms]
    assert [form for form in forms if fold(form) != form] == []
    assert len(forms) == len(set(forms))


TURKISH = {
    "Stok Kodu": ["A1", "A2"], "Barkod": ["8690000000005", ""], "ÜRÜN ADI": ["Kılıf", "Kablo"], "Marka": ["X", "Y"],
    "Kategori": ["a > b", "c"], "Alış Fiyatı": ["1.299,90", "5"], "Satış Fiyatı": ["2.000,00", "7"],
    "Para Birimi": ["TL", "TL"], "KDV": ["20", "10"], "Stok": ["5", "Var"], "Ağırlık (kg)": ["1,5", "2"],
    "En (mm)": ["100", "5"], "Boy": ["10", "20"], "Yükseklik": ["1 cm", "2 mm"], "Desi": ["1", "2"],
    "Resim 1": ["http://a", ""], "Resim 2": ["http://b", ""], "Açıklama": ["x", "y"], "Renk": ["k", "m"],
}  # fmt: skip


def test_turkish_headings():
    found = proposed(TURKISH)
    assert found.certain
    assert mapping(found) == {
        "supplier_sku": "Stok Kodu", "gtin": "Barkod", "title": "ÜRÜN ADI", "brand": "Marka", "category": "Kategori",
        "description": "Açıklama", "cost": "Alış Fiyatı", "list_price": "Satış Fiyatı", "currency": "Para Birimi",
        "vat_rate": "KDV", "stock": "Stok", "weight": "Ağırlık (kg)", "width": "En (mm)", "height": "Yükseklik",
        "desi": "Desi", "image_urls": "Resim 1, Resim 2",
    }  # fmt: skip
    assert (found.profile.decimal, found.profile.layout) == (",", TABLE)
    offers = Normaliser(found.profile)(with_service(sample(TURKISH))).offers
    assert offers.select("weight_g", "width_cm", "height_cm").rows() == [
        (1500, 10, 1),
        (2000, Decimal("0.5"), Decimal("0.2")),
    ]
    assert offers["image_urls"].to_list() == [["http://a", "http://b"], None]


def with_service(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_row_index("_row", 1).with_columns(_digest_hi=pl.lit(0), _digest_lo=pl.lit(0))


def test_english_headings():
    columns = ("SKU", "EAN", "Name", "Manufacturer", "Product type", "Description", "Cost price", "Price", "Currency",
               "Tax rate", "Quantity", "MPN", "Image URL", "item_group_id", "Weight (g)", "Colour")  # fmt: skip
    found = proposed({name: [f"{name} 1", f"{name} 2"] for name in columns})
    assert mapping(found) == {
        "supplier_sku": "SKU", "gtin": "EAN", "mpn": "MPN", "title": "Name", "brand": "Manufacturer",
        "category": "Product type", "description": "Description", "cost": "Cost price", "list_price": "Price",
        "currency": "Currency", "vat_rate": "Tax rate", "stock": "Quantity", "image_urls": "Image URL",
        "variant_group": "item_group_id", "weight": "Weight (g)",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("heading", "values", "is_mapped"),
    [("Weight", ["1.5", "2"], False), ("Weight", ["1.5 kg", "2 oz"], True), ("Weight", ["1.5 kg", "2"], False),
     ("Ağırlık", ["500", None], False), ("Ağırlık", ["500 gr", None], True), ("Weight kg", ["1", "2"], True)],
)  # fmt: skip
def test_a_measure_without_a_unit_is_not_guessed(heading, values, is_mapped):
    """Grams or kilograms are a factor of a thousand: the text stays an attribute."""
    assert ("weight" in mapping(proposed({"sku": ["A", "B"], heading: values}))) == is_mapped


def test_an_empty_column_is_never_chosen():
    columns = {
        "sku": [None, " "],
        "stok kodu": ["", ""],
        "urun kodu": ["A", "B"],
        "price": ["", None],
        "fiyat": ["5", "6"],
    }
    assert mapping(proposed(columns)) == {"supplier_sku": "urun kodu", "list_price": "fiyat"}


def test_the_key_has_to_be_one():
    """A better heading over a column that repeats gives way to one whose texts tell offers apart."""
    many = [str(number) for number in range(40)]
    found = proposed({"sku": ["A"] * 40, "code": [*many[:37], *[None] * 3], "id": [*many[:38], "0", "1"]})
    assert mapping(found)["supplier_sku"] == "id"


@pytest.mark.parametrize("columns", [{"column_1": ["A", "B"], "column_2": ["5", "6"]}, {"sku": ["A", "A"]}, {}])
def test_without_a_key_there_is_a_doubt(columns):
    found = proposed(columns)
    assert not found.certain
    assert found.doubts[0].startswith("no column is recognisably the supplier's code")


def test_levels_of_categories_are_joined():
    found = proposed({"sku": ["A"], "mainCategory": ["a"], "category": ["b"], "subCategory": ["c"]})
    assert mapping(found)["category"] == "mainCategory, category, subCategory"
    assert found.profile.fields["category"].join == " > "


@pytest.mark.parametrize(
    ("prices", "stocks", "decimal", "fields", "doubts"),
    [
        (["1.299,90", "5"], ["1", "2"], ",", {}, 0),
        (["1,299.90", "5"], ["1", "2"], ".", {}, 0),
        (["12,5", "5"], ["2,5", "2"], ",", {}, 0),
        (["0.500", "143.220"], ["1", "2"], ".", {}, 0),
        (["5", "6"], ["1", "2"], None, {}, 0),
        (["12,50", "5"], ["2.5", "2"], None, {"list_price": ",", "stock": "."}, 0),
        (["1.299", "5"], ["1", "2"], None, {}, 1),
        (["1.299,90", "5"], ["12.000", "2"], ",", {}, 1),
        (["12,50", "12.50"], ["1", "2"], None, {}, 0),
        (["12,50", "12.50"], ["2.5", "2"], ".", {}, 0),
        (["12,50 TL", "1.299 TL"], ["1", "2"], ",", {}, 0),
        (["Fiyat sorunuz", "abc.def"], ["Var", "10+"], None, {}, 0),
    ],
)
def test_the_decimal_mark_that_the_values_prove(prices, stocks, decimal, fields, doubts):
    found = proposed({"sku": ["A", "B"], "price": prices, "stock": stocks})
    assert found.profile.decimal == decimal
    assert {name: rule.decimal for name, rule in found.profile.fields.items() if rule.decimal} == fields
    assert len(found.doubts) == doubts


def test_a_doubt_shows_the_text_and_what_to_declare():
    (doubt,) = proposed({"sku": ["A", "B", "C"], "price": ["5", "1.299", "7.845"]}).doubts
    assert doubt == "list_price: '1.299' may be read with a decimal comma or a decimal point; declare `decimal`"


def test_a_weight_that_could_be_two_is_a_doubt_behind_its_unit_too():
    found = proposed({"sku": ["A", "B"], "price": ["1.299,90", "5"], "weight": ["9.250 kg", "1 kg"]})
    assert [doubt.split(":")[0] for doubt in found.doubts] == ["weight"]


def test_the_mark_of_a_weight_says_nothing_of_prices():
    found = proposed({"sku": ["A", "B"], "price": ["12", "5"], "weight": ["1.5 kg", "1 kg"]})
    assert (found.profile.decimal, found.profile.fields["weight"].decimal, found.doubts) == (None, ".", [])


amount = st.from_regex(r"[0-9]{1,4}([.,][0-9]{1,4}){0,2}( TL)?", fullmatch=True) | st.sampled_from(["Var", "", "1.299"])


@given(st.lists(amount, min_size=1, max_size=8), st.lists(amount, min_size=1, max_size=8))
def test_a_certain_proposal_reads_every_price_in_the_only_way_there_is(prices, stocks):
    """What an undeclared mark would read is read the same under the mark that was proposed, or refused."""
    count = max(len(prices), len(stocks))
    columns = {"sku": [f"S{place}" for place in range(count)], "price": prices, "stock": stocks}
    frame = sample({name: (texts * count)[:count] for name, texts in columns.items()})
    found = propose(frame, TABLE)
    if not found.certain:
        return
    bare = found.profile.model_copy(
        update={
            "decimal": None,
            "fields": {n: r.model_copy(update={"decimal": None}) for n, r in found.profile.fields.items()},
        }
    )
    by_mark, by_itself = (Normaliser(profile, "TRY")(with_service(frame)).offers for profile in (found.profile, bare))
    both = by_mark.join(by_itself, on="_row", suffix="_itself")
    assert both["list_price"].eq_missing(both["list_price_itself"]).all()
    assert both["stock"].eq_missing(both["stock_itself"]).all()


VARIANTS = Layout(format="xml", record_path="urunler/urun", variant_path="varyantlar/varyant")


def test_what_a_variant_says_goes_before_what_its_product_says():
    below = "varyantlar/varyant"
    columns = {
        "urunKodu": ["P", "P", "Q"],
        "stok": ["9", "9", "3"],
        "ad": ["x", "x", "y"],
        f"{below}/beden": ["S", "M", None],
        f"{below}/urunKodu": ["P-S", "P-M", None],
        f"{below}/stok": ["4", "5", None],
    }
    found = proposed(columns, VARIANTS)
    assert found.certain
    assert mapping(found) == {
        "supplier_sku": f"{below}/urunKodu, urunKodu",
        "title": "ad",
        "stock": f"{below}/stok, stok",
    }
    offers = Normaliser(found.profile)(with_service(sample(columns))).offers
    assert offers.select("supplier_sku", "stock").rows() == [("P-S", 4), ("P-M", 5), ("Q", 3)]


def test_a_variants_name_is_no_title_and_its_unit_not_its_products():
    below = "varyantlar/varyant"
    columns = {
        "urunKodu": ["P", "P"],
        "ad": ["Tişört", "Tişört"],
        "agirlik": ["500 gr", "500 gr"],
        f"{below}/ad": ["Kırmızı", "Mavi"],
        f"{below}/kod": ["P-K", "P-M"],
        f"{below}/agirlik_kg": ["0,4", None],
    }
    found = proposed(columns, VARIANTS)
    assert mapping(found) == {
        "supplier_sku": f"{below}/kod, urunKodu",
        "title": "ad",
        "weight": f"{below}/agirlik_kg",
    }
    offers = Normaliser(found.profile)(with_service(sample(columns))).offers
    assert offers["weight_g"].to_list() == [400, None]


def test_a_whole_name_goes_before_the_end_of_a_path():
    assert mapping(proposed({"id": ["1", "2"], "brand/name": ["X", "X"], "name": ["a", "b"]}))["title"] == "name"


@pytest.mark.parametrize("preset", proposals._presets(), ids=lambda preset: preset["name"])
def test_presets_are_recognised_by_their_columns(preset):
    columns = {name: ["1", "2"] for name in preset["recognise"]}
    found = proposed(columns)
    assert found.preset == preset["name"]
    assert found.profile.fields.keys() == preset["profile"]["fields"].keys()
    for missing in columns:
        assert proposed({name: texts for name, texts in columns.items() if name != missing}).preset is None


def ideasoft(prices: list[str], stocks: list[str]) -> Proposal:
    texts = {"stockCode": ["A", "B"], "label": ["x", "y"], "buyingPrice": prices, "currencyAbbr": ["TL", "TL"]}
    return proposed({**texts, "stockAmount": stocks})


def test_a_presets_mark_holds_unless_the_values_prove_another():
    found = ideasoft(["143.220", "0.000"], ["1", "2"])
    assert (found.preset, found.profile.decimal, found.doubts) == ("IdeaSoft", ".", [])
    offers = Normaliser(found.profile)(
        with_service(sample({"stockCode": ["A"], "label": ["x"], "buyingPrice": ["143.220"], "currencyAbbr": ["TL"]}))
    )
    assert offers.offers["cost"].to_list() == [Decimal("143.22")]
    assert ideasoft(["1.299,90", "5"], ["1", "2"]).profile.decimal == ","
    assert len(ideasoft(["1.299,90", "5"], ["12.000", "2"]).doubts) == 1, "its stock would be a thousand times as much"


REAL = yaml.safe_load(
    """
adventureworks_products.csv: {supplier_sku: ProductSKU, title: ProductName, description: ProductDescription,
  cost: ProductCost, list_price: ProductPrice}
maven_toys_products.xlsx: {supplier_sku: Product_ID, title: Product_Name, category: Product_Category,
  cost: Product_Cost, list_price: Product_Price}
prestashop_products_import.csv: {supplier_sku: 'Supplier reference #', gtin: EAN13, title: Name *,
  brand: Manufacturer, category: 'Categories (x,y,z...)', description: Description, cost: Wholesale price,
  list_price: Price tax excluded, stock: Quantity, image_urls: 'Image URLs (x,y,z...)'}
enduromarket_urunler.xml: {supplier_sku: StokKodu, title: StokAdi, brand: MarkaAdi, category: AnaKategori,
  description: Aciklama, cost: AlisFiyati, list_price: SatisFiyati1, currency: SatisFiyati1ParaBirimi,
  vat_rate: KdvOrani, stock: Envanter, desi: Desi, image_urls: Resim}
opispot_google_feed_20260712.xml.gz: {supplier_sku: id, mpn: mpn, title: title, brand: brand,
  category: google_product_category, description: description, list_price: price, stock: availability,
  weight: shipping_weight, image_urls: image_link, variant_group: item_group_id}
"""
)
MARKS = {"adventureworks_products.csv": ".", "maven_toys_products.xlsx": ".", "prestashop_products_import.csv": None,
         "enduromarket_urunler.xml": ",", "opispot_google_feed_20260712.xml.gz": "."}  # fmt: skip


@pytest.mark.parametrize("name", REAL)
def test_real_feeds(shared_data, name):
    path = shared_data / "catalog" / name
    layout = detect(path)[0].layout
    frames = [batch.table for _, batch in read([path], layout, KnownRecords())]
    found = propose(pl.concat(frames), layout)
    assert found.certain
    assert (mapping(found), found.profile.decimal) == (REAL[name], MARKS[name])

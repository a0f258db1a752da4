"""Real feeds with known sums, from their bytes to offers."""

from collections import Counter
from decimal import ROUND_HALF_UP, Decimal

import polars as pl

from connectors.feeds.known import KnownRecords
from connectors.feeds.layout import Layout
from connectors.feeds.reading import read
from meschain.catalog.normalise import Normalised, Normaliser
from meschain.catalog.profile import parse_profile

ENDURO = {
    "decimal": ",",
    "fields": {
        "supplier_sku": {"from": ["StokKodu"]}, "title": {"from": ["StokAdi"]}, "brand": {"from": ["MarkaAdi"]},
        "cost": {"from": ["AlisFiyati"]}, "list_price": {"from": ["SatisFiyati1"]}, "stock": {"from": ["Envanter"]},
        "currency": {"from": ["SatisFiyati1ParaBirimi"]}, "vat_rate": {"from": ["KdvOrani"]},
        "desi": {"from": ["Desi"]},
    },
}  # fmt: skip
DISCOUNT = "CASE WHEN cost < 0 THEN list_price * (100 + cost) / 100 ELSE cost END"
MEDICINES = {
    "decimal": ",",
    "currency": "EUR",
    "fields": {
        "supplier_sku": {"from": ["cip13"]}, "gtin": {"from": ["cip13"]}, "title": {"from": ["pack"]},
        "list_price": {"from": ["price"]}, "variant_group": {"from": ["cis"]},
    },
}  # fmt: skip
LINES = Layout(
    format="delimited", delimiter="\t", quote="", header=False, encoding="iso-8859-1",
    columns=tuple("cis cip7 pack state marketing declared cip13 collective refund price price_fee fee text".split()),
)  # fmt: skip


def normalised(path, profile, layout=None) -> Normalised:
    """All batches of a file, read by a profile and put together."""
    read_by = Normaliser(parse_profile(profile, "test"))
    batches = [batch for _, batch in read([path], layout, KnownRecords())]
    assert not any(batch.rejects for batch in batches)
    found = [read_by(batch.table) for batch in batches]
    notes = sum((part.notes for part in found), Counter())
    return Normalised(pl.concat([part.offers for part in found]), pl.concat([part.refusals for part in found]), notes)


def test_a_negative_cost_is_refused(shared_data):
    found = normalised(shared_data / "catalog/enduromarket_urunler.xml", ENDURO)
    assert len(found.offers) == 1
    assert found.refusals.select("scope", "field", "reason", "value").unique().rows() == [
        ("row", "cost", "negative_number", "-10,0000")
    ]
    assert len(found.refusals) == 21


def test_a_negative_cost_that_the_profile_calls_a_discount(shared_data):
    profile = ENDURO | {"derive": {"cost": DISCOUNT}, "vat_rates": {"18": "20"}}
    found = normalised(shared_data / "catalog/enduromarket_urunler.xml", profile)
    offers = found.offers
    assert (len(offers), len(found.refusals)) == (22, 0)
    assert offers["list_price"].sum() == Decimal("806.0169")
    assert offers["stock"].sum() == 235
    assert Counter(offers["currency"]) == {"EUR": 21, "TRY": 1}
    assert found.notes["vat_rate", "outdated_rate_18_read_as_20"] == 22
    discounted = [
        (price * 9 / 10).quantize(Decimal("0.0001"), ROUND_HALF_UP) == cost
        for price, cost in zip(offers["list_price"], offers["cost"], strict=True)
        if cost is not None
    ]
    assert sum(discounted) >= 21
    assert offers["supplier_sku"][1] == "Sarı 22mm Gidon Accel"


def test_ambiguous_thousands_are_quarantined_until_a_rule_reads_them(shared_data):
    path = shared_data / "catalog/bdpm_CIS_CIP.txt.gz"
    found = normalised(path, MEDICINES, LINES)
    assert (len(found.offers), len(found.refusals)) == (19_960, 123)
    assert found.offers["list_price"].null_count() == 7254 + 1
    assert found.notes["list_price", "zero_is_no_price"] == 1
    assert found.offers["list_price"].sum() == Decimal("379470.15")
    assert found.refusals["reason"].unique().to_list() == ["malformed_number"]

    rule = {"from": ["price"], "rewrite": [{"match": r"^(\d+),(\d{3},\d{2})$", "to": "${1}${2}"}]}
    mended = MEDICINES | {"fields": MEDICINES["fields"] | {"list_price": rule}}
    found = normalised(path, mended, LINES)
    assert (len(found.offers), len(found.refusals)) == (20_083, 0)
    assert found.offers["list_price"].sum() == Decimal("738934.55")
    assert found.offers["gtin"].n_unique() == 20_083
    assert found.offers["_row"].to_list() == list(range(1, 20_084))


def test_products_with_cost_and_price_but_no_currency(shared_data):
    fields = {"supplier_sku": "ProductSKU", "title": "ProductName", "cost": "ProductCost", "list_price": "ProductPrice"}
    profile = {"decimal": ".", "fields": {name: {"from": [heading]} for name, heading in fields.items()}}
    path = shared_data / "catalog/adventureworks_products.csv"
    found = normalised(path, profile)
    assert len(found.offers) == 293
    assert found.offers["cost"].null_count() == found.offers["list_price"].null_count() == 293
    assert Counter(found.refusals["reason"]) == {"missing_currency": 2 * 293}
    found = normalised(path, profile | {"currency": "USD"})
    assert found.offers["cost"].sum() == Decimal("121202.6757")
    assert found.offers["list_price"].sum() == Decimal("209330.1455")


def test_money_as_text_with_a_dollar_sign(shared_data):
    fields = {
        "supplier_sku": "Product_ID",
        "title": "Product_Name",
        "cost": "Product_Cost",
        "list_price": "Product_Price",
    }
    profile = {"fields": {name: {"from": [heading]} for name, heading in fields.items()}}
    found = normalised(shared_data / "catalog/maven_toys_products.xlsx", profile)
    assert (len(found.offers), len(found.refusals)) == (36, 1)
    assert (found.offers["cost"].sum(), found.offers["list_price"].sum()) == (Decimal("361.64"), Decimal("526.64"))
    assert found.offers["currency"].unique().to_list() == ["USD"]

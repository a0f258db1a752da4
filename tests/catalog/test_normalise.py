"""From columns of text to offers: what is accepted, what is withheld, what is refused, and that nothing is lost."""

import json
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meschain.catalog.columns import OFFER_SCHEMA, REFUSAL_SCHEMA
from meschain.catalog.normalise import Normalised, Normaliser
from meschain.catalog.profile import parse_profile

FIELDS = {
    "supplier_sku": "sku", "gtin": "ean", "title": "title", "cost": "cost", "list_price": "price", "currency": "cur",
    "vat_rate": "vat", "vat_included": "incl", "stock": "stock", "weight": "weight", "length": "length",
    "width": "width", "height": "height", "desi": "desi", "image_urls": "images", "deleted": "gone",
}  # fmt: skip


def source(*rows: dict[str, str | None]) -> pl.DataFrame:
    """A batch as a format gives it; rows need not have the same fields."""
    names = dict.fromkeys(name for row in rows for name in row)
    count = len(rows)
    return pl.DataFrame(
        {
            **{name: pl.Series([row.get(name) for row in rows], dtype=pl.String) for name in names},
            "_row": pl.Series(range(1, count + 1), dtype=pl.Int64),
            "_digest_hi": pl.Series(range(100, 100 + count), dtype=pl.UInt64),
            "_digest_lo": pl.Series(range(200, 200 + count), dtype=pl.UInt64),
        }
    )


def normalise(*rows: dict[str, str | None], tenant: str | None = "TRY", **profile) -> Normalised:
    """Rows with the headings above, read by a profile that maps them; `fields` are changed one by one."""
    fields = {name: {"from": [heading]} for name, heading in FIELDS.items()} | profile.pop("fields", {})
    found = Normaliser(parse_profile({"fields": fields, **profile}, "test"), tenant)(source(*rows))
    assert dict(found.offers.schema) == dict(OFFER_SCHEMA)
    assert dict(found.refusals.schema) == dict(REFUSAL_SCHEMA)
    return found


def offer(row: dict[str, str | None], **profile) -> dict:
    """The offer of one row, which has to be accepted without a word."""
    found = normalise({"sku": "A", "title": "t"} | row, **profile)
    assert found.refusals.is_empty()
    return found.offers.row(0, named=True)


def refusal(row: dict[str, str | None], **profile) -> tuple:
    """Scope, field and reason of the only entry for one row, and whether the offer was accepted all the same."""
    found = normalise({"sku": "A", "title": "t"} | row, **profile)
    assert len(found.refusals) == 1
    entry = found.refusals.row(0, named=True)
    assert (len(found.offers) == 1) == (entry["scope"] == "field")
    return entry["scope"], entry["field"], entry["reason"]


def test_a_row_without_key_is_refused():
    found = normalise({"sku": " ", "title": "x"}, {"sku": None, "title": "y"}, {"sku": "A", "title": "z"})
    assert found.offers["supplier_sku"].to_list() == ["A"]
    assert found.offers["_row"].to_list() == [3]
    assert found.refusals.select("_row", "scope", "field", "reason").rows() == [
        (1, "row", "supplier_sku", "missing_sku"),
        (2, "row", "supplier_sku", "missing_sku"),
    ]


def test_a_refusal_keeps_the_row_as_received():
    entry = normalise({"sku": "A ", "cost": "x", "title": None, "other": ""}).refusals.row(0, named=True)
    assert json.loads(entry["raw"]) == {"sku": "A ", "cost": "x", "other": ""}
    assert (entry["raw_kind"], entry["supplier_sku"], entry["value"]) == ("fields", "A", "x")
    assert (entry["_row"], entry["_digest_hi"], entry["_digest_lo"]) == (1, 100, 200)
    assert entry["expected"].startswith("a number whose decimal mark is certain")


def test_a_row_with_many_faults_is_refused_once():
    found = normalise({"sku": "A", "cost": "x", "price": "y", "stock": "z", "ean": "1", "weight": "?"}, {"sku": ""})
    assert found.refusals.select("_row", "scope", "field").rows() == [(2, "row", "supplier_sku"), (1, "row", "cost")]
    assert found.notes["stock", "malformed_number"] == 1


@pytest.mark.parametrize("price", ["12.90", "12,90"])
def test_without_a_currency_the_price_alone_is_withheld(price):
    found = normalise({"sku": "A", "title": "t", "price": price, "stock": "1"}, tenant=None)
    row = found.offers.row(0, named=True)
    assert (row["list_price"], row["currency"], row["stock"]) == (None, None, 1)
    assert found.refusals.select("scope", "field", "reason", "value").rows() == [
        ("field", "list_price", "missing_currency", price)
    ]
    assert found.notes["list_price", "missing_currency"] == 1


@pytest.mark.parametrize(
    ("row", "profile", "tenant", "currency"),
    [
        ({"cost": "5"}, {}, "TRY", "TRY"),
        ({"cost": "5"}, {"currency": "EUR"}, "TRY", "EUR"),
        ({"cost": "5", "cur": "EURO"}, {"currency": "USD"}, "TRY", "EUR"),
        ({"cost": "5 TL"}, {"currency": "EUR"}, "USD", "TRY"),
        ({"price": "199.90 USD"}, {}, "TRY", "USD"),
        ({"price": "1\u202f299,90 €"}, {}, "TRY", "EUR"),
        ({"cost": "$5 ", "price": "$9.99 "}, {}, "TRY", "USD"),
        ({"cost": "5 TL", "cur": "TRL"}, {}, None, "TRY"),
        ({}, {}, None, None),
    ],
)
def test_where_the_currency_comes_from(row, profile, tenant, currency):
    assert offer(row, tenant=tenant, **profile)["currency"] == currency


def test_prices_in_two_currencies_are_no_prices_in_one():
    found = normalise(
        {"sku": "A", "title": "t", "cost": "$5", "price": "₺100"},
        {"sku": "B", "title": "t", "cost": "5", "price": "₺100", "cur": "EUR"},
        {"sku": "C", "title": "t", "price": "$5 CAD"},
    )
    assert found.offers.select("cost", "list_price", "currency").rows() == [
        (Decimal(5), None, "USD"),
        (Decimal(5), None, "EUR"),
        (None, None, "TRY"),
    ]
    assert found.refusals.select("_row", "field", "reason").rows() == [
        (row, "list_price", "other_currency") for row in (1, 2, 3)
    ]


def test_an_unknown_currency_withholds_the_prices_and_never_takes_the_default():
    found = normalise({"sku": "A", "title": "t", "cost": "5", "cur": "XYZ"}, tenant="TRY")
    assert found.offers.select("cost", "currency").rows() == [(None, None)]
    assert found.refusals.select("scope", "field", "reason").rows() == [
        ("field", "currency", "unknown_currency"),
        ("field", "cost", "missing_currency"),
    ]


def test_decimal_mark_by_profile_and_by_field():
    row = {"cost": "1.299", "price": "1.299", "stock": "12.000"}
    fields = {"list_price": {"from": ["price"], "decimal": "."}, "stock": {"from": ["stock"], "decimal": "."}}
    found = offer(row, decimal=",", fields=fields)
    assert (found["cost"], found["list_price"], found["stock"]) == (1299, Decimal("1.299"), 12)


@pytest.mark.parametrize(
    ("row", "entry"),
    [
        ({"cost": "1.299"}, ("row", "cost", "ambiguous_number")),
        ({"stock": "12,000"}, ("row", "stock", "ambiguous_number")),
        ({"cost": "-5"}, ("row", "cost", "negative_number")),
        ({"price": "2,849,83"}, ("row", "list_price", "malformed_number")),
        ({"price": "1e3"}, ("row", "list_price", "malformed_number")),
        ({"cost": "١٢"}, ("row", "cost", "malformed_number")),
        ({"cost": "9" * 30}, ("row", "cost", "number_too_large")),
        ({"cost": "1,23456"}, ("row", "cost", "number_too_precise")),
        ({"stock": "9" * 30 + "+"}, ("row", "stock", "malformed_number")),
        ({"vat": "118"}, ("row", "vat_rate", "vat_rate_above_100")),
        ({"vat": "çok"}, ("row", "vat_rate", "malformed_number")),
        ({"ean": "8690000000006"}, ("field", "gtin", "invalid_gtin")),
        ({"ean": "٨٦٩٠٠٠٠٠٠٠٠٠٥"}, ("field", "gtin", "invalid_gtin")),
        ({"ean": "8.69E+12"}, ("field", "gtin", "invalid_gtin")),
        ({"weight": "-1"}, ("field", "weight", "negative_number")),
        ({"weight": "5 adet"}, ("field", "weight", "unknown_unit")),
        ({"weight": "99999999999999 lb"}, ("field", "weight", "number_too_large")),
        ({"length": "99999999999999"}, ("field", "length", "number_too_large")),
        ({"desi": "99999999999999"}, ("field", "desi", "number_too_large")),
        ({"desi": "1.250"}, ("field", "desi", "ambiguous_number")),
    ],
)
def test_one_bad_value(row, entry):
    assert refusal(row) == entry


def test_zero_is_no_price_or_a_reason_to_refuse():
    found = normalise({"sku": "A", "title": "t", "cost": "0.000", "price": "0,00"}, decimal=".")
    assert found.refusals.select("field", "reason").rows() == [("list_price", "malformed_number")]
    found = normalise({"sku": "A", "title": "t", "cost": "0.000"}, decimal=".")
    assert found.offers["cost"].to_list() == [None]
    assert found.notes == {("cost", "zero_is_no_price"): 1}
    assert refusal({"cost": "0"}, zero_price="refuse") == ("row", "cost", "zero_price")


def test_where_a_text_comes_from():
    fields = {
        "title": {"from": ["long", "short"]},
        "category": {"from": ["main", "sub", "leaf"], "join": " > "},
        "brand": {"from": ["brand"], "values": {"HP Inc.": "HP", "--Yok--": ""}},
        "mpn": {"from": ["mpn"], "rewrite": [{"match": r"^MPN[-: ]*(.+)$", "to": "${1}"}, {"match": " +$", "to": ""}]},
        "variant_group": {"constant": "all"},
        "description": {"from": ["text"], "constant": "none given"},
    }
    row = {"long": "  ", "short": " kısa ", "main": "A", "sub": "", "leaf": " C", "brand": "HP Inc.", "mpn": "MPN: x-1"}
    found = offer(row, fields=fields)
    assert (found["title"], found["category"], found["brand"]) == ("kısa", "A > C", "HP")
    assert (found["mpn"], found["variant_group"], found["description"]) == ("x-1", "all", "none given")
    assert offer({"brand": "--Yok--", "text": "words"}, fields=fields)["brand"] is None
    assert offer({"text": "words"}, fields=fields)["description"] == "words"


def test_a_rewritten_text_is_trimmed_again_before_it_is_a_key():
    fields = {"supplier_sku": {"from": ["sku"], "rewrite": [{"match": "^ACME", "to": ""}]}}
    assert offer({"sku": "ACME 17"}, fields=fields)["supplier_sku"] == "17"


DISCOUNT = "CASE WHEN cost < 0 THEN list_price * (100 + cost) / 100 ELSE cost END"


def test_derived_values():
    rows = [
        {"sku": sku, "title": "t", "cost": cost, "price": "45,0005"}
        for sku, cost in zip("ABC", ("-10", "7", None), strict=True)
    ]
    found = normalise(*rows, decimal=",", derive={"cost": DISCOUNT})
    assert found.offers["cost"].to_list() == [Decimal("40.5005"), Decimal(7), None], "half up in the fourth digit"
    assert found.refusals.is_empty()
    assert normalise(*rows, decimal=",").refusals.select("_row", "reason").rows() == [(1, "negative_number")]


@pytest.mark.parametrize(
    ("expression", "cost", "entry"),
    [
        ("cost * 1", "-5", ("row", "cost", "negative_number")),
        ("cost * 1000000", "99999999999999", ("row", "cost", "number_too_large")),
        ("list_price / (cost - 5)", "5", ("row", "cost", "bad_expression")),
    ],
)
def test_a_derived_value_has_to_be_one(expression, cost, entry):
    assert refusal({"cost": cost, "price": "10"}, derive={"cost": expression}) == entry


def test_an_expression_that_fails_in_one_row_does_not_spoil_the_others():
    rows = [{"sku": f"S{number}", "title": "t", "cost": str(number), "price": "60"} for number in range(1, 12)]
    found = normalise(*rows, derive={"cost": "list_price / (cost - 5)"}, fields={"mpn": {"from": ["none"]}})
    assert found.refusals.select("_row", "reason").rows()[0] == (5, "bad_expression")
    assert dict(found.offers.select("supplier_sku", "cost").rows())["S7"] == 30


@pytest.mark.parametrize(
    ("text", "stock", "kind"),
    [
        ("Var", 3, "yes_no"), ("Yok", 0, "yes_no"), ("10+", 10, "at_least"), (">50", 50, "at_least"), ("7", 7, "exact"),
        ("Stokta", 3, "yes_no"), ("az", 2, "exact"), ("2,5", Decimal("2.5"), "exact"), (None, None, None),
    ],
)  # fmt: skip
def test_stock(text, stock, kind):
    found = offer({"stock": text}, stock_if_available=3, stock_words={"Az": 2})
    assert (found["stock"], found["stock_kind"]) == (stock, kind)


def test_negative_stock_is_none_and_is_noted():
    found = normalise({"sku": "A", "stock": "-3"}, {"sku": "B", "stock": "0"})
    assert found.offers["stock"].to_list() == [0, 0]
    assert found.notes == {("stock", "negative_stock_is_none"): 1}


def test_outdated_vat_rates_are_mapped_once_and_reported():
    rows = [{"sku": rate, "title": "t", "vat": rate} for rate in ("18,00", "%8", "10 %", "20", "1")]
    found = normalise(*rows, vat_rates={"8": "10", "18": "20", "10": "11"})
    assert found.offers["vat_rate"].to_list() == [20, 10, 11, 20, 1]
    assert found.notes == {
        ("vat_rate", "outdated_rate_18_read_as_20"): 1,
        ("vat_rate", "outdated_rate_8_read_as_10"): 1,
        ("vat_rate", "outdated_rate_10_read_as_11"): 1,
    }
    assert normalise({"sku": "A", "title": "t", "vat": "18"}).offers["vat_rate"].to_list() == [18], "never by itself"


@pytest.mark.parametrize(
    ("text", "included"),
    [("true", True), ("Evet", True), ("DAHİL", True), ("Dahil", True), ("0", False), ("HARİÇ", False), ("Hayır", False),
     ("HAYIR", False), (None, True), ("belki", True)],
)  # fmt: skip
def test_vat_included(text, included):
    found = normalise({"sku": "A", "title": "t", "incl": text}, vat_included=True)
    assert found.offers["vat_included"].to_list() == [included]
    assert found.notes == ({("vat_included", "unknown_word"): 1} if text == "belki" else {})
    assert offer({}, vat_included=None)["vat_included"] is None


@pytest.mark.parametrize(
    ("text", "unit", "grams"),
    [
        ("500", "g", "500"), ("1,5", "kg", "1500"), ("9.2 oz", "g", "260.816"), ("9.2 oz", "kg", "260.816"),
        ("2 lb", "g", "907.185"), ("500gr", "kg", "500"), ("1 KG", "g", "1000"), ("0,0005", "g", "0.001"),
        ("0.068357", "g", None),
    ],
)  # fmt: skip
def test_weight(text, unit, grams):
    found = normalise({"sku": "A", "title": "t", "weight": text}, weight_unit=unit)
    assert found.offers["weight_g"].to_list() == [grams and Decimal(grams)]
    assert len(found.refusals) == (grams is None)


def test_sides_and_desi():
    found = offer({"length": "10", "width": "100 mm", "height": "0,1", "desi": "1,25"}, length_unit="m")
    assert [found[name] for name in ("length_cm", "width_cm", "height_cm")] == [1000, 10, 10]
    assert found["desi"] == Decimal("1.25")
    assert offer({"desi": "3 desi"})["desi"] == 3


def test_several_gtins_are_all_kept_and_the_wrong_ones_withheld():
    found = normalise(
        {"sku": "A", "title": "t", "ean": "8690000000005, 036000291452"},
        {"sku": "B", "title": "t", "ean": '["96385074","8690000000006"]'},
        {"sku": "C", "title": "t", "ean": "'869 0000 000005"},
    )
    assert found.offers["gtins"].to_list() == [["8690000000005", "0036000291452"], ["96385074"], ["8690000000005"]]
    assert found.offers["gtin"].to_list() == ["8690000000005", "96385074", "8690000000005"]
    assert found.refusals.select("_row", "scope", "reason", "value").rows() == [
        (2, "field", "invalid_gtin", "8690000000006")
    ]


def test_images():
    several = "http://a/1.jpg,http://a/2.jpg"
    assert offer({"images": several})["image_urls"] == ["http://a/1.jpg", "http://a/2.jpg"]
    assert offer({"images": " "})["image_urls"] is None
    join = {"image_urls": {"from": ["p1", "p2", "p3"], "join": "|"}}
    row = {"p1": "http://a/1 x.jpg", "p2": None, "p3": "http://a/3.jpg"}
    assert offer(row, fields=join)["image_urls"] == ["http://a/1 x.jpg", "http://a/3.jpg"]


def test_what_no_rule_names_goes_to_the_attributes_sorted():
    row = {"zeta": "1", "Renk": 'kırmızı "koyu"', "boş": " ", "alpha": "ä\n", "secret": "x", "none": None}
    assert offer(row, drop=["secret"])["attributes"] == '{"Renk":"kırmızı \\"koyu\\"","alpha":"ä\\n","zeta":"1"}'
    assert offer({})["attributes"] is None


def test_rare_fields_are_attributes_or_mapped_like_any_other():
    rest = json.dumps({"it's": " Acme ", "b": "2", "secret": "x", "blank": " ", "price": "9,90"})
    rows = (
        {"sku": "A", "c": "3", "_rest": rest},
        {"sku": "B", "c": None, "_rest": None},
        {"sku": "C", "c": "4", "_rest": "{}"},
    )
    fields = {"brand": {"from": ["it's"]}}
    found = normalise(*rows, fields=fields, drop=["secret"])
    assert found.offers["brand"].to_list() == ["Acme", None], "B says nothing but its key"
    assert found.offers["list_price"].to_list() == [Decimal("9.90"), None]
    assert found.offers["attributes"].to_list() == ['{"b":"2","c":"3"}', '{"c":"4"}']
    assert found.refusals.select("_row", "reason").rows() == [(2, "empty_record")]


def test_a_row_that_says_only_its_key_is_refused_unless_it_says_that_it_is_gone():
    assert refusal({"title": None, "ean": None}) == ("row", "title", "empty_record")
    found = normalise({"sku": "A", "gone": "evet"}, {"sku": "B", "gone": "0", "title": "t"})
    assert found.offers.select("supplier_sku", "deleted").rows() == [("A", True), ("B", False)]


def test_naughty_strings_as_titles_come_out_as_they_went_in(shared_data):
    titles = json.loads((shared_data / "conformance/blns.json").read_text("utf-8"))
    found = normalise(*({"sku": str(place), "title": title, "stock": "1"} for place, title in enumerate(titles)))
    trimmed = pl.Series(titles).str.strip_chars().replace("", None)
    assert found.offers["title"].to_list() == trimmed.to_list()
    attributes = normalise(
        *({"sku": str(place), "x": title, "stock": "1"} for place, title in enumerate(titles))
    ).offers
    for text, title in zip(attributes["attributes"], titles, strict=True):
        assert json.loads(text or '{"x": null}')["x"] == (title if title.strip() else None)


def test_no_rows_no_fields():
    empty = source({"sku": "A", "title": "t"}).clear()
    assert Normaliser(parse_profile({}, "test"))(empty).offers.is_empty()
    assert len(Normaliser(parse_profile({}, "test"))(source({"sku": "A"}, {"sku": "B"})).refusals) == 2


any_text = st.none() | st.text(max_size=5) | st.sampled_from(
    ["A", "B", "5", "-5", "1.299", "1.299,90", "5 TL", "$5", "XYZ", "EUR", "Var", "10+", "8690000000005", "true", "?"]
)  # fmt: skip
rows = st.lists(st.fixed_dictionaries(dict.fromkeys(FIELDS.values(), any_text)), max_size=6)


@given(rows, st.sampled_from([None, "TRY"]), st.booleans())
def test_every_row_is_an_offer_or_a_refusal_and_keeps_its_place(feed, currency, derived):
    profile = {"derive": {"cost": DISCOUNT}} if derived else {}
    found = normalise(*feed, tenant=currency, **profile) if feed else normalise({"sku": None})
    refused = found.refusals.filter(scope="row")["_row"].to_list()
    accepted = found.offers["_row"].to_list()
    assert accepted == sorted(accepted)
    assert sorted(accepted + refused) == list(range(1, max(len(feed), 1) + 1))
    assert set(found.refusals.filter(scope="field")["_row"]) <= set(accepted)
    assert not found.refusals.select("_row", "scope", "field").is_duplicated().any()
    priced = found.offers.filter(pl.col("cost").is_not_null() | pl.col("list_price").is_not_null())
    assert priced["currency"].null_count() == 0

"""Real feeds through the whole import: what comes out is what was counted and summed on the files by other means."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from meschain.catalog.decisions import show_difference
from meschain.catalog.quarantine import retry_quarantine
from meschain.catalog.runs import get_run
from meschain.catalog.suppliers import current_profile
from meschain.catalog.tables import Run
from tests.catalog.shop import Shop

_TOTALS = "SELECT count(*), sum(cost), sum(list_price) FROM core.offers WHERE supplier = ? AND status = 'active'"

_BDPM_COLUMNS = "cis cip7 pack state marketing declared cip13 collective refund price price_fee fee text".split()
_BDPM = {
    "layout": {"format": "delimited", "delimiter": "\t", "quote": "", "header": False, "columns": _BDPM_COLUMNS},
    "decimal": ",",
    "currency": "EUR",
    "fields": {
        "supplier_sku": {"from": ["cip13"]},
        "gtin": {"from": ["cip13"]},
        "title": {"from": ["pack"]},
        "list_price": {"from": ["price"]},
        "variant_group": {"from": ["cis"]},
    },
}
_THOUSANDS = {"match": r"^(\d+),(\d{3},\d{2})$", "to": "${1}${2}"}
_BDPM_WITH_RULE = {
    **_BDPM,
    "fields": {**_BDPM["fields"], "list_price": {"from": ["price"], "rewrite": [_THOUSANDS]}},
}


def _counts(run: Run, *names: str) -> tuple[object, ...]:
    return tuple(run.counts[name] for name in names)


def _fields_changed(shop: Shop, run: Run) -> Mapping[str, int]:
    """How many offers a run changed in each field."""
    return dict(shop.ask("SELECT field, count(*) FROM core.offer_changes WHERE run_id = ? GROUP BY 1", run.id))


def test_icecat_is_one_feed_of_four_archives(euro_bazaar: Shop, shared_data: Path) -> None:
    shop = euro_bazaar
    archives = [shared_data / "catalog" / f"icecat_products_{number}.json.zip" for number in range(1, 5)]
    run = shop.sync_files(archives, "icecat")
    assert run.status == "applied"
    assert _counts(run, "read", "accepted", "quarantined", "new") == (19_406, 19_406, 0, 19_406)
    assert shop.ask(_TOTALS, "icecat") == [(19_406, None, Decimal("447178060.0000"))]
    brands = "SELECT count(DISTINCT brand), count(*) FILTER (brand = 'HP') FROM core.offers WHERE supplier = 'icecat'"
    assert shop.ask(brands) == [(161, 2_888)]
    # 51,459 numbers in the files: one has eleven digits, and one offer (3957055) names its GTIN twice, as the UPC
    # 632983018071 and as the EAN 0632983018071. So of the 5,374 offers with several numbers 5,373 have several GTINs.
    several = "SELECT count(*) FILTER (len(gtins) > 1), sum(len(gtins)) FROM core.offers WHERE supplier = 'icecat'"
    assert shop.ask(several) == [(5_374 - 1, 51_459 - 2)]
    assert shop.offers("gtins", "icecat")["3957055"] == ["0632983018071"]
    withheld = "SELECT reason, value FROM raw.quarantine WHERE supplier = 'icecat'"
    assert shop.ask(withheld) == [("invalid_gtin", '["85896333746"]')]
    keys = "SELECT DISTINCT unnest(json_keys(attributes)) AS key FROM core.offers WHERE supplier = 'icecat'"
    # 5,366 different keys in all, of which twelve are no attributes of the thing but fields of the feed.
    assert shop.ask(f"SELECT count(*) FROM ({keys}) WHERE starts_with(key, 'attr_')") == [(5_354,)]


def test_bdpm_refuses_prices_with_two_commas_until_a_rule_says_what_they_mean(bazaar: Shop, shared_data: Path) -> None:
    feed = shared_data / "catalog" / "bdpm_CIS_CIP.txt.gz"
    bazaar.profile(_BDPM, "bdpm")
    first = bazaar.sync_files([feed], "bdpm")
    assert first.status == "applied"
    assert _counts(first, "read", "accepted", "quarantined") == (20_083, 19_960, 123)
    assert bazaar.ask(_TOTALS, "bdpm") == [(19_960, None, Decimal("379470.1500"))]
    # 7,254 rows name no price, and one the price 0,00, which is none either.
    assert bazaar.ask("SELECT count(*) FROM core.offers WHERE supplier = 'bdpm' AND list_price IS NULL") == [(7_255,)]
    assert first.counts["notes"]["list_price:zero_is_no_price"] == 1
    refused = "SELECT reason, count(*), min(value) FROM raw.quarantine WHERE supplier = 'bdpm' GROUP BY reason"
    assert bazaar.ask(refused) == [("malformed_number", 123, "1,017,40")]
    assert (
        bazaar.ask(
            "SELECT count(DISTINCT gtin), count(DISTINCT variant_group) FROM core.offers WHERE supplier = 'bdpm'"
        )[0][0]
        == 19_960
    )

    bazaar.profile(_BDPM_WITH_RULE, "bdpm")
    retried = retry_quarantine(bazaar.catalog, bazaar.supplier("bdpm"))
    assert retried.status == "applied"
    assert _counts(retried, "read", "accepted", "quarantined", "new") == (123, 123, 0, 123)
    _check_whole_bdpm(bazaar, "bdpm")
    again = bazaar.sync_files([feed], "bdpm")
    assert _counts(again, "read", "accepted", "quarantined", "new", "changed", "missing") == (
        20_083,
        20_083,
        0,
        0,
        0,
        0,
    )
    _check_whole_bdpm(bazaar, "bdpm")


def test_bdpm_with_the_rule_from_the_start(bazaar: Shop, shared_data: Path) -> None:
    bazaar.profile(_BDPM_WITH_RULE, "bdpm-2")
    run = bazaar.sync_files([shared_data / "catalog" / "bdpm_CIS_CIP.txt.gz"], "bdpm-2")
    assert _counts(run, "read", "accepted", "quarantined") == (20_083, 20_083, 0)
    _check_whole_bdpm(bazaar, "bdpm-2")


def _check_whole_bdpm(shop: Shop, slug: str) -> None:
    assert shop.ask(_TOTALS, slug) == [(20_083, None, Decimal("738934.5500"))]
    counts = "count(list_price), count(DISTINCT gtin), count(DISTINCT variant_group)"
    found = shop.ask(f"SELECT {counts} FROM core.offers WHERE supplier = ?", slug)
    assert found == [(12_829 - 1, 20_083, 13_577)]
    assert shop.offers("title", slug)["3400949497294"].startswith("plaquette(s)")


def test_enduromarket_needs_a_declared_meaning_for_its_negative_costs(bazaar: Shop, shared_data: Path) -> None:
    feed = shared_data / "catalog" / "enduromarket_urunler.xml"
    first = bazaar.sync_files([feed], "enduro")
    assert _counts(first, "read", "accepted", "quarantined") == (22, 1, 21)
    refused = "SELECT DISTINCT field, reason, value FROM raw.quarantine WHERE supplier = 'enduro'"
    assert bazaar.ask(refused) == [("cost", "negative_number", "-10,0000")]

    proposed = current_profile(bazaar.catalog, bazaar.supplier("enduro"))[1]
    derive = {"cost": "CASE WHEN cost < 0 THEN list_price * (100 + cost) / 100 ELSE cost END"}
    body = proposed.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    bazaar.profile({**body, "derive": derive}, "enduro")
    run = bazaar.sync_files([feed], "enduro")
    assert (run.status, *_counts(run, "accepted", "quarantined", "new", "unchanged")) == ("applied", 22, 0, 21, 1)
    sums = "SELECT sum(list_price), sum(stock), min(cost) > 0 FROM core.offers WHERE supplier = 'enduro'"
    assert bazaar.ask(sums) == [(Decimal("806.0169"), Decimal("235.000"), True)]
    currencies = "SELECT currency, count(*) FROM core.offers WHERE supplier = 'enduro' GROUP BY 1 ORDER BY 1"
    assert bazaar.ask(currencies) == [("EUR", 21), ("TRY", 1)]
    off = "SELECT count(*) FROM core.offers WHERE supplier = 'enduro' AND abs(cost - list_price * 0.9) > 0.00005"
    assert bazaar.ask(off) == [(0,)]


def test_opispot_goes_through_its_four_states(bazaar: Shop, shared_data: Path) -> None:
    def state(day: str) -> Run:
        return bazaar.sync_files([shared_data / "catalog" / f"opispot_google_feed_{day}.xml.gz"], "opispot")

    first = state("20260712")
    assert (first.status, first.counts["new"]) == ("applied", 492)
    assert bazaar.ask(_TOTALS, "opispot") == [(492, None, Decimal("11305.7300"))]
    groups = (
        "SELECT count(DISTINCT variant_group), count(DISTINCT currency) FROM core.offers WHERE supplier = 'opispot'"
    )
    assert bazaar.ask(groups) == [(23, 1)]

    second = state("20260715a")
    assert (second.status, *_counts(second, "missing", "changed", "unchanged", "new")) == ("applied", 6, 324, 162, 0)
    fields = _fields_changed(bazaar, second)
    assert (fields["description"], fields["title"], fields["status"]) == (289, 77, 6)
    touched = (
        "SELECT count(DISTINCT supplier_sku) FROM core.offer_changes "
        "WHERE run_id = ? AND field IN ('mpn', 'image_urls')"
    )
    assert bazaar.ask(touched, second.id) == [(54,)]
    assert fields.keys() <= {"description", "title", "status", "mpn", "image_urls", "attributes"}
    assert bazaar.ask(_TOTALS, "opispot") == [(486, None, Decimal("11173.7300"))]

    before = bazaar.offers(slug="opispot")
    accident = state("20260715b")
    assert accident.status == "held"
    assert [finding["rule"] for finding in accident.gate] == ["out_of_stock"]
    assert "486 of 486 offers in stock would turn out of stock" in accident.gate[0]["message"]
    assert bazaar.offers(slug="opispot") == before
    would = show_difference(bazaar.catalog, accident.id, limit=500).examples
    gone = {field: sum(_lost(example, field) for example in would) for field in ("stock", "mpn", "weight_g")}
    assert gone == {"stock": 486, "mpn": 486, "weight_g": 486}

    last = state("20260722")
    assert (last.status, last.base_run_id, last.counts["changed"]) == ("applied", second.id, 486)
    fields = _fields_changed(bazaar, last)
    assert (fields["title"], fields["description"]) == (486, 486)
    assert fields.keys() & {"list_price", "cost", "stock", "stock_kind", "currency", "status"} == set()
    assert get_run(bazaar.catalog, accident.id).status == "rejected"
    assert bazaar.ask(_TOTALS, "opispot") == [(486, None, Decimal("11173.7300"))]


def _lost(example: Mapping[str, object], field: str) -> bool:
    """Whether the offer would lose this field: its stock turns 0, the others have no value any more."""
    return any(change["field"] == field and change["after"] in {None, "0.000"} for change in example["changes"])


def test_adventureworks_has_no_currency_but_the_tenants(bazaar: Shop, euro_bazaar: Shop, shared_data: Path) -> None:
    feed = shared_data / "catalog" / "adventureworks_products.csv"
    bare = bazaar.sync_files([feed], "works-bare")
    assert (bare.status, *_counts(bare, "accepted", "withheld")) == ("applied", 293, 586)
    assert bazaar.ask(_TOTALS, "works-bare") == [(293, None, None)]
    run = euro_bazaar.sync_files([feed], "works")
    assert _counts(run, "read", "accepted", "withheld") == (293, 293, 0)
    assert bazaar.ask(_TOTALS, "works") == [(293, Decimal("121202.6757"), Decimal("209330.1455"))]

    unclean = euro_bazaar.sync_files([shared_data / "catalog" / "adventureworks_products_unclean.csv"], "works")
    assert (unclean.status, *_counts(unclean, "changed", "unchanged", "missing")) == ("applied", 180, 113, 0)
    fields = _fields_changed(bazaar, unclean)
    assert fields["cost"] == 5
    below = "SELECT supplier_sku, cost FROM core.offers WHERE supplier = 'works' AND cost > list_price"
    assert ("PA-T100", Decimal("151.5625")) in bazaar.ask(below)


def test_maven_has_one_row_that_says_nothing_but_its_code(euro_bazaar: Shop, shared_data: Path) -> None:
    run = euro_bazaar.sync_files([shared_data / "catalog" / "maven_toys_products.xlsx"], "maven")
    assert (run.status, *_counts(run, "read", "accepted", "quarantined")) == ("applied", 37, 36, 1)
    assert euro_bazaar.ask(_TOTALS, "maven") == [(36, Decimal("361.6400"), Decimal("526.6400"))]
    refused = "SELECT reason, scope FROM raw.quarantine WHERE supplier = 'maven'"
    assert euro_bazaar.ask(refused) == [("empty_record", "row")]


def test_prestashops_example_sells_one_thing_below_its_cost(euro_bazaar: Shop, shared_data: Path) -> None:
    run = euro_bazaar.sync_files([shared_data / "catalog" / "prestashop_products_import.csv"], "prestashop")
    assert (run.status, *_counts(run, "read", "accepted", "quarantined")) == ("applied", 7, 7, 0)
    below = "SELECT cost, list_price FROM core.offers WHERE supplier = 'prestashop' AND cost > list_price"
    assert euro_bazaar.ask(below) == [(Decimal("150.0000"), Decimal("25.0000"))]


def test_the_grocery_catalog_comes_without_prices(bazaar: Shop, shared_data: Path) -> None:
    run = bazaar.sync_files([shared_data / "catalog" / "completejourney_products.csv.gz"], "journey")
    assert (run.status, *_counts(run, "read", "accepted", "quarantined")) == ("applied", 92_331, 92_331, 0)
    assert bazaar.ask(_TOTALS, "journey") == [(92_331, None, None)]
    sizes = (
        "SELECT count(DISTINCT category), count(DISTINCT attributes->>'department'), "
        "count(*) FILTER (attributes->>'package_size' IS NULL) FROM core.offers WHERE supplier = 'journey'"
    )
    assert bazaar.ask(sizes) == [(303, 32, 30_586)]

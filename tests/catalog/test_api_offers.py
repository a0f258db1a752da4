"""Offers and the quarantine over the API: found, paged, told whole, and only to who may see their supplier."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.catalog.market import Market
from tests.catalog.shop import goods
from tests.web.stage import check_problem

pytestmark = pytest.mark.parametrize("market", ["sqlite"], indirect=True)

TITLES = ("Kırmızı Araba", "KIRMIZI TOP", "Yeşil iPhone kılıfı", "Mavi çaydanlık (50%)", "Sarı\u00a0  Defter")


@pytest.fixture(scope="module", autouse=True)
def stock(market: Market) -> None:
    """Offers of three suppliers, some of them refused."""
    named = [
        {"sku": f"K-{n}", "title": title, "price": f"{n}.5", "currency": "TRY", "stock": n, "barkod": barcode}
        for n, (title, barcode) in enumerate(zip(TITLES, ["8690526085746", "", "", "", ""], strict=True), 1)
    ]
    market.shop.sync(named, "acme-toys")
    odd = {"sku": "a/b c?&ü", "title": "Odd", "price": "1", "currency": "TRY", "color": "red"}
    market.shop.sync([*goods(7), odd], "bravo")
    refused = [{**row, "price": "1.2.3"} for row in goods(14)[7:]]
    market.shop.sync([*goods(7), *refused], "acme-tools")


def skus(found: list[Any]) -> list[str]:
    return [f"{each['supplier']}/{each['supplier_sku']}" for each in found]


def test_offers_come_in_order_page_by_page(market: Market) -> None:
    everything = [each for each in market.pages("/offers", limit=3) if each["supplier"] != "zulu"]
    assert skus(everything) == sorted(skus(everything))
    assert len(everything) == len(TITLES) + 8 + 7
    first = next(each for each in everything if each["supplier_sku"] == "K-1")
    assert (first["title"], first["list_price"], first["currency"], first["stock"], first["status"]) == (
        TITLES[0], "1.5000", "TRY", "1.000", "active",
    )  # fmt: skip
    link = market.ask("GET", "/offers", params={"limit": 3, "supplier": "bravo"}).headers["link"]
    assert 'rel="next"' in link
    assert "supplier=bravo" in link


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("kırmızı", [1, 2]), ("KIRMIZI", [1, 2]), ("kirmizi", [1, 2]), ("iphone", [3]), ("YEŞİL IPHONE", [3]),
        ("caydanlik (50%)", [4]), ("sari defter", [5]), ("8690526085746", [1]), ("k-4", [4]), ("no such", []),
        (".*", []), ("'; DROP TABLE", []), ("kırmızı top", [2]), ("  ", [1, 2, 3, 4, 5]),
    ],
)  # fmt: skip
def test_offers_are_found_by_text_whatever_capitals_and_accents(market: Market, text: str, found: list[int]) -> None:
    assert skus(market.pages("/offers", supplier="acme-toys", text=text)) == [f"acme-toys/K-{n}" for n in found]


def test_offers_are_found_by_status_and_by_when_they_changed(market: Market) -> None:
    before = datetime.now(UTC)
    market.shop.sync(goods(6), "bravo")
    gone = market.pages("/offers", supplier="bravo", status="missing")
    assert skus(gone) == ["bravo/A007", "bravo/a/b c?&ü"]
    assert gone[0]["missing_since"] is not None
    assert skus(market.pages("/offers", changed_since=before.isoformat())) == skus(gone)
    assert market.pages("/offers", changed_since=(before + timedelta(hours=1)).isoformat()) == []
    for wrong in ({"status": "odd"}, {"changed_since": "2026-01-01T00:00:00"}, {"limit": 0}, {"odd": 1}):
        check_problem(market.ask("GET", "/offers", params=wrong), 422)


def test_one_offer_is_told_whole_with_its_history(market: Market) -> None:
    place = "/offers/bravo/a%2Fb%20c%3F%26%C3%BC"
    seen = market.get(place)
    assert (seen["supplier_sku"], seen["attributes"], seen["row_number"]) == ("a/b c?&ü", {"color": "red"}, 8)
    events = market.pages(f"{place}/history", limit=2)
    assert [event["changed_at"] for event in events] == sorted((e["changed_at"] for e in events), reverse=True)
    assert {event["field"] for event in events} >= {"title", "list_price", "status"}
    assert len({(event["run_id"], event["field"]) for event in events}) == len(events)
    for path in ("/offers/bravo/nope", "/offers/bravo/nope/history", "/offers/nobody/A001"):
        check_problem(market.ask("GET", path), 404)


def test_who_sees_which_offers(market: Market) -> None:
    seen = {each["supplier"] for each in market.pages("/offers", "agency", limit=4)}
    assert seen == {"acme-toys", "acme-tools"}
    assert market.pages("/offers", "agency", supplier="bravo") == []
    check_problem(market.ask("GET", "/offers/bravo/A001", "agency"), 403)
    check_problem(market.ask("GET", "/offers/bravo/A001/history", "agency"), 403)
    assert market.pages("/offers", "rival") == []
    check_problem(market.ask("GET", "/offers/acme-toys/K-1", "rival"), 404)
    check_problem(market.ask("GET", "/offers/acme-toys/K-1/history", "rival"), 404)


def test_the_quarantine_is_listed_counted_and_read_again_by_a_flow(market: Market) -> None:
    entries = market.pages("/quarantine", limit=2)
    assert [entry["row_number"] for entry in entries] == list(range(8, 15))
    assert {entry["reason"] for entry in entries} == {"malformed_number"}
    assert "1.2.3" in entries[0]["raw"]
    (reason,) = market.get("/quarantine/reasons", supplier="acme-tools")
    assert (reason["supplier"], reason["rows"], reason["reason"]) == ("acme-tools", 7, entries[0]["reason"])
    assert market.pages("/quarantine", reason="no_such") == market.pages("/quarantine", supplier="bravo") == []
    assert len(market.pages("/quarantine", "agency")) == 7
    assert market.pages("/quarantine", "rival") == market.get("/quarantine/reasons", "rival") == []
    keyed = {"Idempotency-Key": "again"}
    asked = [market.ask("POST", "/suppliers/acme-tools/quarantine-retries", headers=keyed).json() for _ in range(2)]
    assert asked[0]["id"] == asked[1]["id"]
    assert (asked[0]["flow"], asked[0]["parameters"]) == ("retry-quarantine", {"supplier": "acme-tools"})
    market.shop.supplier("acme-empty")
    assert (
        "no profile yet" in check_problem(market.ask("POST", "/suppliers/acme-empty/quarantine-retries"), 409)["detail"]
    )
    check_problem(market.ask("POST", "/suppliers/acme-tools/quarantine-retries", "viewer"), 403)
    check_problem(market.ask("POST", "/suppliers/bravo/quarantine-retries", "agency"), 403)


def test_what_a_flow_writes_meanwhile_is_seen_at_once(market: Market) -> None:
    assert market.get("/offers", supplier="zulu")["items"] == []
    market.shop.sync(goods(1), "zulu")
    assert skus(market.get("/offers", supplier="zulu")["items"]) == ["zulu/A001"]

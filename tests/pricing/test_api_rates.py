"""Rates over the API: listed, shown to the last digit, decided by who may and has seen what he decides about."""

from datetime import date, timedelta

import pytest

from meschain.pricing.context import Pricing
from meschain.pricing.rates import keep_bulletin
from meschain.wiring import House
from tests.catalog.market import OURS, THEIRS, Market
from tests.pricing.bank import euro, lira
from tests.web.stage import check_problem

FIRST = date(2026, 1, 5)


def pricing(market: Market, tenant: str = OURS) -> Pricing:
    house: House = market.stage.app.state.house
    return house.pricing(house.tenant(tenant))


@pytest.fixture(scope="module")
def held(market: Market) -> Market:
    """A week in which the dollar jumps on the third day and stays there, a correction, and reference rates."""
    ours = pricing(market)
    for number, rate in enumerate(["40", "40.000000000001", "48", "48", "48"]):
        keep_bulletin(ours, lira(FIRST + timedelta(days=number), {"USD": (rate, "49")}, f"2026/{number}"))
    keep_bulletin(ours, euro(FIRST, {"TRY": "50", "USD": "1.1"}))
    keep_bulletin(ours, euro(FIRST, {"TRY": "51", "GBP": "0.9"}))
    keep_bulletin(pricing(market, THEIRS), lira(date(2025, 1, 6), {"USD": "35"}))
    return market


def test_bulletins_are_listed_a_page_at_a_time(held: Market) -> None:
    items = held.pages("/rates", limit=2)
    assert [(each["day"], each["source"]) for each in items][-2:] == [("2026-01-05", "ecb"), ("2026-01-05", "tcmb")]
    assert len(items) == 6
    assert items == held.pages("/rates", limit=200)
    assert [each["status"] for each in held.pages("/rates", source="tcmb")] == ["held"] * 3 + ["accepted"] * 2
    assert {each["source"] for each in held.pages("/rates", status="held")} == {"ecb", "tcmb"}
    theirs = {each["day"] for each in held.pages("/rates", "rival")}
    assert theirs >= {"2025-01-06"}
    assert not theirs & {each["day"] for each in items}
    check_problem(held.ask("GET", "/rates", "viewer"), 403)
    jumped = items[2]
    assert (jumped["number"], jumped["version"], jumped["decided_by"]) == ("2026/2", 1, None)
    assert jumped["findings"] == [
        {
            "base": "USD", "quote": "TRY", "side": "buying", "before": "40.000000000001", "after": "48",
            "change": "20", "than": "2026-01-06",
        }
    ]  # fmt: skip
    check_problem(held.ask("GET", "/rates", params={"source": "fed"}), 422)
    check_problem(held.ask("GET", "/rates", params={"cursor": "x"}), 422)


def test_a_bulletin_has_its_rates_as_texts_with_every_digit(held: Market) -> None:
    found = held.get("/rates/tcmb/2026-01-06")
    assert found["rates"] == [{"base": "USD", "quote": "TRY", "buying": "40.000000000001", "selling": "49"}]
    assert found["used"] is None
    corrected = held.get("/rates/ecb/2026-01-05")
    assert [(each["quote"], each["before"], each["after"]) for each in corrected["findings"]] == [
        ("GBP", None, "0.9"), ("TRY", "50", "51"), ("USD", "1.1", None),
    ]  # fmt: skip
    assert {each["quote"] for each in corrected["used"]} == {"TRY", "USD"}


@pytest.mark.parametrize("place", ["tcmb/2025-01-06", "tcmb/2026-01-04", "ecb/2026-01-06", "tcmb/0001-01-01"])
def test_what_is_not_there_or_anothers_is_not_found(held: Market, place: str) -> None:
    for method, path in (("GET", ""), ("POST", "/approval"), ("POST", "/rejection")):
        check_problem(held.ask(method, f"/rates/{place}{path}"), 404)
    for wrong in ("fed/2026-01-05", "tcmb/yesterday", "tcmb/2026-02-30"):
        check_problem(held.ask("GET", f"/rates/{wrong}"), 422)


def test_a_held_bulletin_is_approved_and_another_rejected(held: Market) -> None:
    for day in (7, 8):
        keep_bulletin(pricing(held, THEIRS), lira(date(2025, 1, day), {"USD": "70"}))
    place = "/rates/tcmb/2025-01-07"
    for caller, status in (("viewer", 403), ("agency", 403), ("owner", 404)):
        check_problem(held.ask("POST", f"{place}/approval", caller), status)
    stale = held.ask("POST", f"{place}/approval", "rival", json={"version": 7})
    assert "published other rates of 2025-01-07 meanwhile" in check_problem(stale, 412, "changed-meanwhile")["detail"]
    approved = held.ask("POST", f"{place}/approval", "rival", json={"note": "they devalued", "version": 1})
    assert (approved.status_code, approved.json()["status"], approved.json()["version"]) == (200, "accepted", 2)
    assert approved.json()["decision_note"] == "they devalued"
    assert approved.json()["decided_by"].startswith("user:")
    assert held.get(place, "rival") == approved.json()
    again = check_problem(held.ask("POST", f"{place}/rejection", "rival"), 409)
    assert again["detail"] == "The rates of tcmb of 2025-01-07 are accepted: only held ones can be decided."
    rejected = held.ask("POST", "/rates/tcmb/2025-01-08/rejection", "rival")
    assert (rejected.status_code, rejected.json()["status"], rejected.json()["decision_note"]) == (
        200,
        "rejected",
        None,
    )
    told = held.get("/audit/entries", "rival", tag="pricing:bulletin")["items"]
    assert {(each["tag"], each["target"]) for each in told} >= {
        ("pricing:bulletin:accepted", "rates tcmb 2025-01-07"), ("pricing:bulletin:rejected", "rates tcmb 2025-01-08"),
    }  # fmt: skip
    assert "they devalued" not in str(told)
    with held.catalog(THEIRS).lake.connect(read_only=True) as connection:
        found = connection.execute("SELECT day FROM core.exchange_rates ORDER BY day").fetchall()
    assert found == [(date(2025, 1, 6),), (date(2025, 1, 7),)]


def test_to_fetch_is_left_to_a_flow_once_per_key(held: Market) -> None:
    keyed = {"Idempotency-Key": "refresh-1"}
    first, second = (
        held.ask("POST", "/rate-refreshes", json={"source": "tcmb"}, headers=keyed) for _ in range(2)
    )  # fmt: skip
    assert (first.status_code, first.json()["flow"], first.json()["parameters"]) == (
        202, "refresh-rates", {"source": "tcmb"},
    )  # fmt: skip
    assert first.json()["id"] == second.json()["id"]
    assert held.get(first.headers["location"].removeprefix("/v1"))["state"] == "queued"
    assert held.ask("POST", "/rate-refreshes").json()["parameters"] == {"source": None}
    check_problem(held.ask("POST", "/rate-refreshes", json={"source": "fed"}), 422)
    check_problem(held.ask("POST", "/rate-refreshes", "viewer"), 403)

"""Price rules over the API: drafted whole, looked at, approved; no version is ever changed."""

from typing import Any

import pytest

from meschain.pricing.price_rules import draft_rules
from meschain.pricing.prices import preview_prices
from tests.pricing.trade import LIST, LOSING, WORKED, Trade
from tests.web.stage import check_problem

TOYS = {
    "name": "toys", "when": {"categories": ["Toys"], "cost_from": "10"}, "price": {"kind": "margin", "rate": "15"},
    "floor": {"profit": "10.00"}, "rounding": {"step": 1, "ending": 0.9},
}  # fmt: skip


def draft(trade: Trade, *rules: dict[str, Any], **more: Any) -> Any:
    answered = trade.ask("POST", "/price-rules", json={"rules": rules, **more})
    assert answered.status_code == 201, answered.text
    assert answered.headers["location"] == f"/v1/price-rules/{answered.json()['version']}"
    return answered.json()


def test_rules_are_drafted_and_shown_as_they_are_meant(trade: Trade) -> None:
    made = draft(trade, TOYS, LIST, note="for the winter")
    assert trade.get(f"/price-rules/{made['version']}") == made
    assert (made["status"], made["note"], made["names"]) == ("draft", "for the winter", ["toys", "list"])
    assert (made["preview"], made["previewed_at"], made["approved_by"]) == (None, None, None)
    toys = made["rules"][0]
    assert (toys["when"]["categories"], toys["when"]["cost_from"], toys["when"]["cost_below"]) == (["Toys"], "10", None)
    assert (toys["price"], toys["floor"]["margin_rate"]) == ({"kind": "margin", "rate": "15"}, "0")
    assert toys["rounding"] == {"step": "1", "ending": "0.9"}
    again = draft(trade, *made["rules"])
    assert (again["rules"], again["version"]) == (made["rules"], made["version"] + 1)
    listed = trade.pages("/price-rules", limit=1)
    assert listed == trade.pages("/price-rules")
    assert [each["version"] for each in listed][:2] == [again["version"], made["version"]]
    assert "rules" not in listed[0]
    assert trade.logged("pricing:rules:drafted")[0]["target"] == f"price rules {again['version']}"


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ([], {"/body/rules": "at least 1"}),
        ([LIST, LIST], {"/body/rules": "each rule needs a name of its own; there is more than one list"}),
        ([{"name": "", "price": {"kind": "guess"}}],
         {"/body/rules/0/name": "at least 1", "/body/rules/0/price": "guess"}),
        ([LIST, TOYS | {"price": {"kind": "margin", "rate": "100"}}],
         {"/body/rules/1/price/margin/rate": "less than 100"}),
        ([TOYS | {"rounding": {"ending": "0.90"}}], {"/body/rules/0/rounding": "ending is not below step"}),
        ([TOYS | {"when": {"desi_from": 3, "desi_below": 3}}], {"/body/rules/0/when": "no offer would fit"}),
        ([TOYS | {"colour": "red", "floor": {"profit": "x"}}],
         {"/body/rules/0/colour": "not permitted", "/body/rules/0/floor/profit": "valid decimal"}),
    ],
)  # fmt: skip
def test_rules_that_cannot_be_are_told_by_their_parts(trade: Trade, rules: list[Any], told: dict[str, str]) -> None:
    faults = trade.faults("POST", "/price-rules", json={"rules": rules})
    assert faults.keys() == told.keys()
    for pointer, text in told.items():
        assert text in faults[pointer]


def test_a_preview_is_left_to_a_flow_and_shown_for_the_approval(trade: Trade) -> None:
    trade.stall.offers(WORKED, LOSING)
    version = draft(trade, LIST)["version"]
    place = f"/price-rules/{version}"
    refused = trade.ask("POST", f"{place}/approval")
    assert "nobody has seen what version" in check_problem(refused, 409, "refused")["detail"]
    keyed = {"Idempotency-Key": "preview-1"}
    first, second = (trade.ask("POST", f"{place}/preview", headers=keyed) for _ in range(2))
    assert (first.status_code, first.json()["flow"], first.json()["parameters"]) == (
        202, "preview-prices", {"version": version},
    )  # fmt: skip
    assert first.json()["id"] == second.json()["id"]
    preview_prices(trade.stall.pricing, version)
    seen = trade.get(place)["preview"]
    assert [each for each in seen["counts"] if each["channel"] == "trendyol"] == [
        {"channel": "trendyol", "outcome": "below_floor", "offers": 1},
        {"channel": "trendyol", "outcome": "new", "offers": 1},
    ]
    (new,) = [each for each in seen["examples"] if (each["channel"], each["outcome"]) == ("trendyol", "new")]
    assert (new["outcome"], new["before"], new["after"], new["supplier_sku"]) == ("new", None, "600.0000", "A1")
    (loss,) = [each for each in seen["refusals"] if (each["channel"], each["reason"]) == ("trendyol", "below_floor")]
    assert (loss["price"], loss["floor_price"], loss["net_cash"]) == ("400.0000", "469.1900", "-57.4500")
    approved = trade.ask("POST", f"{place}/approval")
    assert (approved.status_code, approved.json()["status"]) == (200, "active")
    assert approved.json() == trade.get(place)
    again = check_problem(trade.ask("POST", f"{place}/approval"), 409)
    assert "is active: only a draft can be approved" in again["detail"]
    assert [each["version"] for each in trade.pages("/price-rules") if each["status"] == "active"] == [version]
    assert trade.logged("pricing:rules:approved")[0]["target"] == f"price rules {version}"


def test_rules_are_the_whole_tenants_and_no_other_tenants(trade: Trade) -> None:
    version = [draft(trade, LIST)["version"] for _ in range(2)][-1]
    theirs = draft_rules(trade.theirs, [LIST], note="theirs").version
    assert [each["version"] for each in trade.pages("/price-rules", "rival")] == [theirs]
    asked = (
        ("GET", ""), ("POST", "/preview"), ("POST", "/approval"),
    )  # fmt: skip
    for method, path in asked:
        check_problem(trade.ask(method, f"/price-rules/{version}{path}", "rival"), 404, "not-found")
        for caller in ("trendyol", "looker", "viewer"):
            check_problem(trade.ask(method, f"/price-rules/{version}{path}", caller), 403, "forbidden")
        for wrong in ("0", "x", str(10**10)):
            assert trade.faults(method, f"/price-rules/{wrong}{path}").keys() == {"/path/version"}
    for caller in ("trendyol", "looker", "viewer"):
        check_problem(trade.ask("GET", "/price-rules", caller), 403)
        check_problem(trade.ask("POST", "/price-rules", caller, json={"rules": [LIST]}), 403)

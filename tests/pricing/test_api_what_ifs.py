"""What-ifs over the API: asked once per key, computed by a flow, shown with a chart that the document describes."""

from typing import Any

import pytest

from meschain.channels.service import change_channel
from meschain.pricing.charts import drawn
from meschain.pricing.scenarios import ask_scenario, compute_scenario, list_scenarios
from tests.pricing.trade import D, Trade
from tests.web.stage import check_problem

RISE = {"kind": "term", "name": "commission_rate", "add": "2"}
CHANGES = [RISE, {"kind": "rate", "currency": "EUR", "change_rate": 10}, {"kind": "tariff", "change_rate": "-5.5"}]


@pytest.fixture(scope="module", autouse=True)
def computed(trade: Trade) -> None:
    """Margins to compare with."""
    change_channel(trade.stall.pricing.channels, "abroad", {"active": False})
    trade.sell()


def ask(trade: Trade, caller: str = "owner", key: str | None = None, **body: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return trade.ask("POST", "/what-ifs", caller, json={"changes": [RISE], **body}, headers=headers)


def test_a_what_if_is_kept_and_left_to_a_flow(trade: Trade) -> None:
    asked = ask(trade, name=" dearer ", changes=CHANGES)
    assert (asked.status_code, asked.json()["flow"]) == (202, "compute-scenario")
    what_if = asked.json()["parameters"]["scenario"]
    assert trade.get(asked.headers["location"].removeprefix("/v1"))["parameters"] == {"scenario": what_if}
    seen = trade.get(f"/what-ifs/{what_if}")
    assert (seen["name"], seen["result"], seen["chart"], seen["computed_at"]) == ("dearer", None, None, None)
    assert seen["changes"] == [
        {"kind": "term", "name": "commission_rate", "value": None, "add": "2", "channel": ""},
        {"kind": "rate", "currency": "EUR", "change_rate": "10"},
        {"kind": "tariff", "change_rate": "-5.5", "channel": ""},
    ]
    newest = trade.pages("/what-ifs", limit=1)[0]
    assert newest == {name: value for name, value in seen.items() if name not in {"result", "chart"}}


def test_the_same_wish_under_the_same_key_is_kept_once(trade: Trade) -> None:
    first = ask(trade, key="what-1", name="once")
    kept = len(list_scenarios(trade.stall.pricing))
    again = ask(trade, key="what-1", name="once")
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    for other in ({"name": "twice"}, {"name": "once", "changes": [RISE | {"add": "3"}]}):
        check_problem(ask(trade, key="what-1", **other), 422, "idempotency-key-reused")
    trade.ask("POST", "/margin-computations", headers={"Idempotency-Key": "what-2"})
    check_problem(ask(trade, key="what-2"), 422, "idempotency-key-reused")
    assert len(list_scenarios(trade.stall.pricing)) == kept


def test_what_came_out_is_shown_with_its_chart(trade: Trade) -> None:
    what_if = ask_scenario(trade.stall.pricing, "commission", [RISE]).id
    compute_scenario(trade.stall.pricing, what_if)
    seen = trade.get(f"/what-ifs/{what_if}")
    assert seen["computed_at"] is not None
    there = {each["channel"]: each for each in seen["result"]["channels"]}
    assert there.keys() == {"shop", "trendyol"}
    assert D(there["shop"]["difference"]) == D(there["shop"]["after"]) - D(there["shop"]["before"]) == D(-18)
    assert there["shop"]["currency"] == "TRY"
    assert sum(each["offers"] for each in seen["result"]["bins"] if each["scenario"] == "after") == 4
    assert seen["result"]["movers"][0]["supplier_sku"] == "A1"
    chart = seen["chart"]
    assert chart["$schema"].startswith("https://vega.github.io/schema/vega-lite/")
    assert len(chart["data"]["values"]) == len(seen["result"]["bins"])
    assert "Net margin" in drawn(chart)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([], {"/body/changes": "at least 1"}),
        ([RISE] * 21, {"/body/changes": "at most 20"}),
        ([{"kind": "guess"}], {"/body/changes/0": "guess"}),
        ([RISE | {"value": "3"}], {"/body/changes/0/term": "give one of both"}),
        ([RISE, RISE | {"name": "colour"}], {"/body/changes/1/term": "'colour' is no term of a margin"}),
        ([RISE | {"add": "1e12"}], {"/body/changes/0/term/add": "less than 1000000000"}),
        ([{"kind": "rate", "currency": "eur", "change_rate": "-100"}],
         {"/body/changes/0/rate/currency": "pattern", "/body/changes/0/rate/change_rate": "greater than -100"}),
        ([RISE | {"channel": "nowhere"}, {"kind": "term", "name": "return_rate", "value": "101"}],
         {"/body/changes/0/channel": "there is no channel 'nowhere'", "/body/changes/1/value": "'101' cannot be"}),
    ],
)  # fmt: skip
def test_changes_that_cannot_be_are_told_by_their_parts(trade: Trade, changes: Any, told: dict[str, str]) -> None:
    kept = len(list_scenarios(trade.stall.pricing))
    faults = trade.faults("POST", "/what-ifs", json={"changes": changes})
    assert faults.keys() == told.keys()
    for pointer, text in told.items():
        assert text in faults[pointer]
    assert len(list_scenarios(trade.stall.pricing)) == kept


def test_what_ifs_are_the_whole_tenants_and_no_other_tenants(trade: Trade) -> None:
    what_if = ask_scenario(trade.stall.pricing, "ours", [RISE]).id
    theirs = ask_scenario(trade.theirs, "theirs", [RISE]).id
    assert [each["id"] for each in trade.pages("/what-ifs", "rival")] == [theirs]
    for place in (what_if, "none"):
        check_problem(trade.ask("GET", f"/what-ifs/{place}", "rival"), 404, "not-found")
    assert theirs not in {each["id"] for each in trade.pages("/what-ifs", limit=2)}
    for caller in ("trendyol", "looker", "viewer"):
        check_problem(trade.ask("GET", "/what-ifs", caller), 403)
        check_problem(trade.ask("GET", f"/what-ifs/{what_if}", caller), 403)
        check_problem(ask(trade, caller), 403, "forbidden")

"""Margins of the catalogue over the API: sums and losers of the channels that one may see; flows compute them."""

import pytest

from meschain.channels.service import change_channel
from tests.pricing.trade import Trade
from tests.web.stage import check_problem

pytestmark = pytest.mark.parametrize("market", ["sqlite"], indirect=True)


@pytest.fixture(scope="module", autouse=True)
def computed(trade: Trade) -> None:
    """Prices are out and margins computed; nothing is sold abroad."""
    change_channel(trade.stall.pricing.channels, "abroad", {"active": False})
    trade.sell()


def test_the_losers_are_told_worst_first(trade: Trade) -> None:
    found = trade.get("/margins/losers")
    assert [(each["channel"], each["supplier_sku"]) for each in found] == [("shop", "L/1"), ("trendyol", "L/1")]
    assert {name: found[0][name] for name in ("title", "currency", "sale", "cost", "net_cash", "net_economic")} == {
        "title": "Top", "currency": "TRY", "sale": "400.0000", "cost": "300.0000", "net_cash": "-57.4500",
        "net_economic": "-54.1200",
    }  # fmt: skip
    assert trade.get("/margins/losers", limit=1) == found[:1]
    assert trade.get("/margins/losers", channel="trendyol") == found[1:]
    assert trade.get("/margins/losers", channel="nowhere") == []
    assert trade.faults("GET", "/margins/losers", params={"limit": 0, "channel": "x" * 64}).keys() == {
        "/query/limit", "/query/channel",
    }  # fmt: skip


def test_each_channel_is_told_with_its_sums(trade: Trade) -> None:
    found = trade.get("/margins/channels")
    assert [each["channel"] for each in found] == ["shop", "trendyol"]
    assert {name: found[1][name] for name in ("currency", "offers", "losing", "sale", "net_cash")} == {
        "currency": "TRY", "offers": 2, "losing": 1, "sale": "1000.0000", "net_cash": "34.1200",
    }  # fmt: skip
    assert found[1]["median_margin"] == "0.005394"


def test_who_may_see_one_channel_sees_that_one_alone(trade: Trade) -> None:
    for caller in ("trendyol", "looker"):
        assert {each["channel"] for each in trade.get("/margins/losers", caller)} == {"trendyol"}
        assert trade.get("/margins/losers", caller, channel="shop") == []
        assert {each["channel"] for each in trade.get("/margins/channels", caller)} == {"trendyol"}
    for path in ("/margins/losers", "/margins/channels"):
        assert trade.get(path, "outsider") == trade.get(path, "rival") == []
        check_problem(trade.ask("GET", path, "viewer"), 403)


def test_to_compute_them_is_left_to_a_flow_once_per_key(trade: Trade) -> None:
    keyed = {"Idempotency-Key": "compute-1"}
    first, second = (trade.ask("POST", "/margin-computations", headers=keyed) for _ in range(2))
    assert (first.status_code, first.json()["flow"], first.json()["parameters"]) == (202, "compute-margins", {})
    assert first.json()["id"] == second.json()["id"]
    assert trade.get(first.headers["location"].removeprefix("/v1"))["state"] == "queued"
    for caller in ("trendyol", "looker", "viewer"):
        check_problem(trade.ask("POST", "/margin-computations", caller), 403, "forbidden")

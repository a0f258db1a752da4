"""Prices over the API: what is out, what was refused and why, and what happened to one."""

import pytest

from meschain.channels.service import change_channel
from tests.pricing.trade import LOSING, WORKED, Trade
from tests.web.stage import check_problem

pytestmark = pytest.mark.parametrize("market", ["sqlite"], indirect=True)


@pytest.fixture(scope="module", autouse=True)
def refreshed(trade: Trade) -> None:
    """Prices are out on both channels, after two refreshes; nothing is sold abroad."""
    change_channel(trade.stall.pricing.channels, "abroad", {"active": False})
    trade.stall.offers(
        *({**WORKED, "supplier_sku": f"A{number}"} for number in (2, 3)), {**LOSING, "supplier_sku": "N"}
    )
    trade.stall.change("UPDATE core.offers SET cost = NULL WHERE supplier_sku = 'N'")
    trade.sell()
    trade.stall.change("UPDATE core.offers SET list_price = 610 WHERE supplier_sku = 'A1'")
    trade.stall.refresh()


def test_prices_come_in_order_page_by_page(trade: Trade) -> None:
    everything = trade.pages("/prices", limit=2)
    assert [(each["channel"], each["supplier"], each["supplier_sku"], each["price"]) for each in everything] == [
        (channel, "acme", sku, price)
        for channel in ("shop", "trendyol")
        for sku, price in (("A1", "610.0000"), ("A2", "600.0000"), ("A3", "600.0000"))
    ]
    assert everything == trade.pages("/prices")
    first = trade.pages("/prices", channel="trendyol", limit=1)[1]
    assert {name: first[name] for name in ("title", "currency", "net_cash", "rule", "approval_id", "day_price")} == {
        "title": "Araba", "currency": "TRY", "net_cash": "91.5700", "rule": "list", "approval_id": None,
        "day_price": "600.0000",
    }  # fmt: skip
    assert first["day"] == str(trade.day())
    assert trade.pages("/prices", channel="nowhere") == []
    assert trade.faults("GET", "/prices", params={"odd": 1}).keys() == {"/query/odd"}


def test_refusals_say_why_and_are_found_by_reason(trade: Trade) -> None:
    everything = trade.pages("/prices/refused", limit=1)
    assert [(each["channel"], each["supplier_sku"], each["reason"]) for each in everything] == [
        (channel, sku, reason)
        for channel in ("shop", "trendyol")
        for sku, reason in (("L/1", "below_floor"), ("N", "no_cost"))
    ]
    refused = trade.pages("/prices/refused", channel="trendyol", reason="below_floor", limit=1)[0]
    amounts = ("price", "floor_price", "net_cash", "least_profit", "published_price")
    assert {name: refused[name] for name in amounts} == {
        "price": "400.0000", "floor_price": "469.1900", "net_cash": "-57.4500", "least_profit": "0.0000",
        "published_price": None,
    }  # fmt: skip
    assert "the lowest price that earns it is 469.19" in refused["detail"]
    assert [each["price"] for each in trade.pages("/prices/refused", reason="no_cost")] == [None, None]
    assert trade.pages("/prices/refused", reason="no_such") == []


def test_the_history_of_a_price_says_why_it_moved(trade: Trade) -> None:
    found = trade.pages("/prices/trendyol/acme/A1/history", limit=1)
    assert [(each["before"], each["after"], each["cause"]) for each in found] == [
        ("600.0000", "610.0000", "list_price"), (None, "600.0000", "new"),
    ]  # fmt: skip
    assert found == trade.pages("/prices/trendyol/acme/A1/history")
    for place in ("trendyol/acme/L%2F1", "trendyol/acme/none", "nowhere/acme/A1", "trendyol/none/A1"):
        check_problem(trade.ask("GET", f"/prices/{place}/history"), 404, "not-found")
    check_problem(trade.ask("GET", "/prices/trendyol/acme/A1/history", "rival"), 404)


def test_who_may_see_one_channel_sees_that_one_alone(trade: Trade) -> None:
    for path in ("/prices", "/prices/refused"):
        for caller in ("trendyol", "looker"):
            assert trade.pages(path, caller, limit=1) == trade.pages(path, channel="trendyol") != []
            assert trade.pages(path, caller, channel="shop") == []
        assert trade.pages(path, "outsider") == trade.pages(path, "rival") == []
        check_problem(trade.ask("GET", path, "viewer"), 403)
    for caller in ("trendyol", "looker"):
        assert len(trade.pages("/prices/trendyol/acme/A1/history", caller)) == 2
        check_problem(trade.ask("GET", "/prices/shop/acme/A1/history", caller), 403, "forbidden")


def test_to_refresh_is_left_to_a_flow_and_needs_active_rules(trade: Trade) -> None:
    keyed = {"Idempotency-Key": "refresh-prices-1"}
    first, second = (trade.ask("POST", "/price-refreshes", headers=keyed) for _ in range(2))
    assert (first.status_code, first.json()["flow"], first.json()["parameters"]) == (202, "refresh-prices", {})
    assert first.json()["id"] == second.json()["id"]
    refused = trade.ask("POST", "/price-refreshes", "rival")
    assert "no price rules are active yet" in check_problem(refused, 409, "refused")["detail"]
    check_problem(trade.ask("POST", "/price-refreshes", "trendyol"), 403)

"""Approvals over the API: a refused price is approved by who may on that channel, and by who has seen what it is."""

from datetime import date

import pytest

from meschain.channels.service import change_channel
from tests.pricing.trade import D, Trade
from tests.web.stage import check_problem

pytestmark = pytest.mark.parametrize("market", ["sqlite"], indirect=True)
REFUSED = "/prices/{}/acme/L%2F1/approval"


@pytest.fixture(scope="module", autouse=True)
def refused(trade: Trade) -> None:
    """One price is refused on both channels; nothing is sold abroad."""
    change_channel(trade.stall.pricing.channels, "abroad", {"active": False})
    trade.sell()


def test_a_refused_price_is_approved_by_who_may_on_that_channel(trade: Trade) -> None:
    body = {"note": "clearance", "valid_until": str(trade.day(7)), "price": "400"}
    for caller, channel, status in (
        ("trendyol", "shop", 403), ("looker", "trendyol", 403), ("viewer", "shop", 403), ("rival", "trendyol", 404),
        ("owner", "nowhere", 404),
    ):  # fmt: skip
        check_problem(trade.ask("POST", REFUSED.format(channel), caller, json=body), status)
    check_problem(trade.ask("POST", "/prices/trendyol/acme/A1/approval", json=body), 404)
    check_problem(trade.ask("POST", "/prices/trendyol/acme/none/approval", json=body), 404)
    stale = trade.ask("POST", REFUSED.format("trendyol"), json=body | {"price": "399.99"})
    assert "the refused price is 400.0000 by now" in check_problem(stale, 412, "changed-meanwhile")["detail"]
    assert trade.pages("/price-approvals") == []
    given = trade.ask("POST", REFUSED.format("trendyol"), "trendyol", json=body)
    assert given.status_code == 201, given.text
    assert {name: given.json()[name] for name in ("channel", "supplier_sku", "price", "currency", "note")} == {
        "channel": "trendyol", "supplier_sku": "L/1", "price": "400.0000", "currency": "TRY", "note": "clearance",
    }  # fmt: skip
    assert given.json()["approved_by"].startswith("api_key:")
    other = trade.ask("POST", REFUSED.format("shop"), json={"note": "so be it", "valid_until": str(trade.day())}).json()
    assert trade.pages("/price-approvals", limit=1) == [other, given.json()]
    assert trade.pages("/price-approvals", "looker") == [given.json()]
    assert trade.pages("/price-approvals", "outsider") == trade.pages("/price-approvals", "rival") == []
    check_problem(trade.ask("GET", "/price-approvals", "viewer"), 403)
    trade.stall.refresh()
    sold = {each["channel"]: each for each in trade.pages("/prices") if each["supplier_sku"] == "L/1"}
    assert (sold["trendyol"]["price"], sold["trendyol"]["approval_id"]) == ("400.0000", given.json()["id"])
    assert D(sold["shop"]["net_cash"]) < D(sold["shop"]["least_profit"])
    assert [each["tag"] for each in trade.logged("pricing:price")] == ["pricing:price:approved"] * 2


def test_an_approval_that_says_too_little_is_told_by_its_part(trade: Trade) -> None:
    wrong = {"note": " ", "valid_until": "soon", "price": "-1", "odd": 1}
    assert trade.faults("POST", REFUSED.format("trendyol"), json=wrong).keys() == {
        "/body/note", "/body/valid_until", "/body/price", "/body/odd",
    }  # fmt: skip
    over = {"note": "too late", "valid_until": str(date(2020, 1, 1))}
    assert "would be over" in check_problem(trade.ask("POST", REFUSED.format("trendyol"), json=over), 409)["detail"]

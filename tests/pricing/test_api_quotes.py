"""Quotes over the API: exact to the last kuruş, by what was stated for such sales, for whom may know of the channel."""

from typing import Any

import pytest

from meschain.pricing.api.quotes import SaidTerms
from meschain.pricing.terms import Terms
from tests.pricing.trade import Trade
from tests.web.stage import check_problem

pytestmark = pytest.mark.parametrize("market", ["sqlite"], indirect=True)
DAY = {"day": "2026-11-28"}
SALE: dict[str, Any] = {"price": "600", "cost": "300", **DAY}


@pytest.fixture(scope="module", autouse=True)
def stated(trade: Trade) -> None:
    """Terms of two channels, one of which has a carrier with bands."""
    trade.stall.term("commission_rate", 10, channel="trendyol", category="Toys", source="contract 7")
    trade.stall.term("carrier", "Aras", channel="shop")
    trade.stall.tariff([("Aras", 2, 0, 300, "73.74"), ("Aras", 2, 300, None, "83.93")], channel="shop")


def quoted(trade: Trade, caller: str = "owner", **more: Any) -> Any:
    answered = trade.ask("POST", "/margins/quote", caller, json=SALE | more)
    assert answered.status_code == 200, answered.text
    return answered.json()


def test_the_worked_example_is_told_whole(trade: Trade) -> None:
    found = quoted(trade, target_profit="60")
    assert {name: found[name] for name in ("currency", "net_cash", "net_economic", "payable_vat", "withholding")} == {
        "currency": "TRY", "net_cash": "91.57", "net_economic": "96.57", "payable_vat": "19.31", "withholding": "5.00",
    }  # fmt: skip
    assert (found["break_even_price"], found["price"]) == ("469.19", "554.89")
    assert (found["return_loss"], found["expected_profit"]) == (None, None)
    assert (found["components"]["commission"], found["components"]["cargo_net"]) == ("90.00", "69.94")
    assert "net_cash" not in found["components"]
    assert found["assumed"]["commission_rate"] == {
        "value": "15", "since": "2018-01-01", "source": "a middling rate; the marketplace's settlement says yours",
    }  # fmt: skip
    assert found["assumed"]["vat_credit"]["value"] == "true"
    assert found["stated"] == {}
    assert "The lowest price for 60.00 TRY cash profit is 554.89 TRY." in found["explanation"]


def test_what_is_said_counts_before_what_was_stated_and_that_before_the_reference(trade: Trade) -> None:
    there = {"channel": "trendyol", "category": "Toys > Dolls"}
    found = quoted(trade, **there)
    assert (found["components"]["commission"], found["stated"]["commission_rate"]) == (
        "60.00", {"value": "10", "since": "2024-01-01", "source": "contract 7"},
    )  # fmt: skip
    assert "commission_rate" not in found["assumed"]
    said = quoted(trade, **there, terms={"commission_rate": "20", "return_rate": 10, "resaleable": False})
    assert (said["components"]["commission"], said["stated"]) == ("120.00", {})
    assert said["return_loss"] is not None
    assert any(said["expected_profit"] in sentence for sentence in said["explanation"])
    assert quoted(trade, brand="Lego", supplier="acme", category="Books")["components"]["commission"] == "90.00"


def test_the_cargo_is_that_of_the_carrier_at_that_price_and_weight(trade: Trade) -> None:
    assert quoted(trade, channel="shop", price="299.99")["components"]["cargo"] == "73.74"
    assert quoted(trade, channel="shop", desi="1.5")["components"]["cargo"] == "83.93"
    refused = trade.ask("POST", "/margins/quote", json=SALE | {"channel": "shop", "desi": "2.01"})
    assert "Aras takes parcels up to 2 desi, not one of 3" in check_problem(refused, 409, "refused")["detail"]


def test_a_price_is_sought_for_a_profit_and_a_margin_on_a_grid(trade: Trade) -> None:
    assert quoted(trade, target_profit="60", ending="0.90")["price"] == "554.90"
    assert quoted(trade, target_profit="60", step="10", ending="9.99")["price"] == "559.99"
    assert quoted(trade, target_margin_rate="15")["price"] == "571.19"
    assert quoted(trade, target_profit="1", terms={"commission_rate": "99"})["price"] is None
    assert quoted(trade)["price"] is None


def test_amounts_have_the_digits_of_their_currency(trade: Trade) -> None:
    said = dict.fromkeys(("vat_rate", "service_vat_rate", "commission_rate", "service_fee", "cargo"), "10")
    terms = said | {"return_cargo": 0, "withholding_rate": 0}
    found = quoted(trade, currency="jpy", terms=terms, target_profit="5")
    assert (found["currency"], found["components"]["commission"]) == ("JPY", "60")
    assert "." not in found["price"] + found["break_even_price"]
    abroad = {"channel": "abroad", "terms": terms}
    assert quoted(trade, **abroad)["currency"] == quoted(trade, **abroad, currency="EUR")["currency"] == "EUR"
    assert trade.faults("POST", "/margins/quote", json=SALE | abroad | {"currency": "TRY"}) == {
        "/body/currency": "abroad sells in EUR"
    }
    wanting = trade.ask("POST", "/margins/quote", json=SALE | {"currency": "JPY"})
    assert "there is no reference for a sale in JPY on " in check_problem(wanting, 409)["detail"]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"price": "-1"}, "/body/price"), ({"cost": "1e9"}, "/body/cost"), ({"cost": "NaN"}, "/body/cost"),
        ({"cost": "0.00001"}, "/body/cost"), ({"price": None}, "/body/price"), ({"day": "soon"}, "/body/day"),
        ({"currency": "liras"}, "/body/currency"), ({"channel": "nowhere"}, "/body/channel"),
        ({"desi": 0}, "/body/desi"), ({"odd": 1}, "/body/odd"), ({"terms": {"odd": 1}}, "/body/terms/odd"),
        ({"terms": {"commission_rate": "101"}}, "/body/terms/commission_rate"),
        ({"terms": {"commission_base": "both"}}, "/body/terms/commission_base"),
        ({"terms": {"payment_days": 1.5}}, "/body/terms/payment_days"),
        ({"target_margin_rate": "100"}, "/body/target_margin_rate"), ({"target_profit": "x"}, "/body/target_profit"),
        ({"ending": "1"}, "/body/ending"), ({"step": "5", "ending": "5"}, "/body/ending"),
        ({"step": "0.001"}, "/body/step"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_by_its_part(trade: Trade, wrong: dict[str, Any], pointer: str) -> None:
    assert list(trade.faults("POST", "/margins/quote", json=SALE | wrong)) == [pointer]


def test_who_may_see_one_channel_gets_quotes_for_it_and_for_no_other(trade: Trade) -> None:
    for caller in ("trendyol", "looker"):
        assert quoted(trade, caller, channel="trendyol", category="Toys")["components"]["commission"] == "60.00"
        for channel in ("shop", "nowhere"):
            check_problem(trade.ask("POST", "/margins/quote", caller, json=SALE | {"channel": channel}), 403)
        assert quoted(trade, caller, category="Toys")["components"]["commission"] == "90.00"
    for caller in ("viewer", "agency"):
        check_problem(trade.ask("POST", "/margins/quote", caller, json=SALE), 403)
    theirs = trade.ask("POST", "/margins/quote", "rival", json=SALE | {"channel": "trendyol"})
    assert check_problem(theirs, 422)["errors"] == [
        {"pointer": "/body/channel", "detail": "there is no channel 'trendyol'"}
    ]
    assert quoted(trade, "rival", category="Toys")["stated"] == {}


def test_everything_that_a_line_takes_can_be_said() -> None:
    assert set(SaidTerms.model_fields) == set(Terms.model_fields)
    for name, field in SaidTerms.model_fields.items():
        assert field.default is None, name

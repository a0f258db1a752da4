"""Prices in the console: what is out and why it moved, what the floor refused, who may let it out nevertheless."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete

from commerce.numbers import parse_decimal
from meschain.access.grants import GivenRole
from meschain.pricing.prices import list_approvals
from meschain.pricing.tables import PriceApproval
from meschain.store.base import utc_now
from meschain.store.session import transaction
from meschain.web.console.pages import prices as page
from meschain.web.console.pages.desk import typed
from tests.web.console.market import RULE, Market, errors, table
from tests.web.console.surfer import Surfer
from tests.web.console.wholeness import check
from warehouse import published

LOSS = "/console/refused-prices/{}?supplier=acme&code=LOSS"


@pytest.fixture(scope="module", autouse=True)
def _priced(market: Market) -> None:
    surfer = market.surfer()
    assert "No price is out yet." in surfer.go("/console/prices").text
    assert "No price is refused." in surfer.go("/console/refused-prices").text
    market.stall.rules(RULE)
    market.stall.refresh()
    market.stall.change("UPDATE core.offers SET list_price = 650 WHERE supplier_sku = 'A1'")
    market.stall.refresh()


@pytest.fixture(autouse=True)
def _approved_for_one_test_only(market: Market) -> Iterator[None]:
    yield
    if list_approvals(market.stall.pricing):
        with transaction(market.stall.pricing.engine) as session:
            session.execute(delete(PriceApproval))
        for relation in ("published_prices", "price_changes"):
            market.stall.change(f"DELETE FROM core.{relation} WHERE supplier_sku = 'LOSS'")
        market.stall.refresh()


def test_what_is_out_page_by_page_each_with_its_history(
    surfer: Surfer, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(page, "_LIMIT", 3)
    surfer.go("/console/prices")
    check(surfer.page, "prices")
    rows = table(surfer, "Prices")
    surfer.go(surfer.page.xpath("string(//a[@rel='next']/@href)"))
    rows += table(surfer, "Prices")
    assert [row[:3] for row in rows if "LOSS" not in row[0]] == [
        ["Süpürge acme · A1", "shop", "TRY 650.00"], ["Çaydanlık acme · A2", "shop", "TRY 1,299.90"],
        ["Süpürge acme · A1", "trendyol", "TRY 650.00"], ["Çaydanlık acme · A2", "trendyol", "TRY 1,299.90"],
    ]  # fmt: skip
    assert not surfer.page.xpath("//a[@rel='next']")
    surfer.go("/console/prices/trendyol?supplier=acme&code=A1")
    check(surfer.page, "price")
    history = table(surfer, "What happened to it")
    assert [row[1:4] for row in history] == [
        ["TRY 600.00", "TRY 650.00", "the list price changed"], ["–", "TRY 600.00", "first price"]
    ]  # fmt: skip
    for place in ("trendyol?supplier=acme&code=none", "n11?supplier=acme&code=A1", "trendyol"):
        assert surfer.go(f"/console/prices/{place}").answer.status_code == 404


def test_a_price_below_its_floor_is_approved_with_a_reason_and_a_day(surfer: Surfer, market: Market) -> None:
    surfer.go("/console/refused-prices")
    check(surfer.page, "refused-prices")
    [row] = [row for row in table(surfer, "Refused prices") if row[:2] == ["Zararına acme · LOSS", "trendyol"]]
    why = "below the floor It earns -TRY 57.45, expected at least TRY 10.00."
    assert row[2:6] == [why, "TRY 400.00", "TRY 483.47", "–"]
    today = market.stall.pricing.day_of(utc_now())
    surfer.go(LOSS.format("trendyol"))
    check(surfer.page, "refused-price")
    assert dict(surfer.form("/refused-prices/trendyol").form_values())["until"] == str(today + timedelta(days=7))
    surfer.press("/refused-prices/trendyol", note=" ", until=str(today - timedelta(days=1)))
    assert errors(surfer) == {"note": "This is needed.", "until": "This day is over; give today or a later one."}
    assert errors(surfer.press("/refused-prices/trendyol", note="why", until="soon")).keys() == {"until"}
    assert "trendyol" not in {each.channel for each in list_approvals(market.stall.pricing)}
    surfer.press("/refused-prices/trendyol", note="clearance", until=str(today), price="399.0000")
    assert (surfer.answer.status_code, "the refused price is 400.0000 by now" in surfer.text) == (409, True)
    surfer.press("/refused-prices/trendyol", note="clearance", until=str(today))
    assert surfer.place == "/console/refused-prices?notice=price-approved"
    [held] = [row for row in table(surfer, "Approvals that hold") if row[1] == "trendyol"]
    assert held[:3] == ["LOSS acme", "trendyol", "TRY 400.00"]
    assert held[4] == "clearance"
    assert "Ayşe Yılmaz" in held[5]
    market.stall.refresh()
    surfer.go("/console/prices/trendyol?supplier=acme&code=LOSS")
    assert table(surfer, "What happened to it")[0][3] == "first price approved below the floor"
    assert surfer.go(LOSS.format("trendyol")).answer.status_code == 404, "it is refused no more"


def test_what_was_not_refused_by_the_floor_cannot_be_approved(surfer: Surfer) -> None:
    surfer.go("/console/refused-prices/shop?supplier=acme&code=FREE")
    assert "The feed names no cost" in surfer.text
    assert not surfer.page.xpath("//form[contains(@action, '/refused-prices/')]")
    given_ = {"supplier": "acme", "code": "FREE", "note": "why", "until": "2999-01-01", "price": "1"}
    assert surfer.send("/console/refused-prices/shop", **given_).answer.status_code == 404


def test_what_is_approved_is_the_price_that_was_looked_at(
    surfer: Surfer, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    surfer.go(LOSS.format("shop"))
    looked, real = [], published.refusal_of

    def falling(*asked: Any) -> dict[str, Any] | None:
        """Each look finds a lower price than the one before: somebody makes prices meanwhile."""
        row = real(*asked)
        looked.append(row)
        return row and {**row, "price": row["price"] - len(looked) + 1}

    monkeypatch.setattr(published, "refusal_of", falling)
    surfer.press("/refused-prices/shop", note="looked at", until="2999-01-01")
    [held] = [each for each in list_approvals(market.stall.pricing) if each.note == "looked at"]
    assert Decimal(held.price) == looked[0]["price"]


@pytest.mark.parametrize("price", ["", "None", "NaN", "sNaN", "1,5"])
def test_without_the_price_that_was_looked_at_nothing_is_approved(surfer: Surfer, market: Market, price: str) -> None:
    before = len(list_approvals(market.stall.pricing))
    given_ = {"supplier": "acme", "code": "LOSS", "note": "blind", "until": "2999-01-01", "price": price}
    assert surfer.go("/console/prices").send("/console/refused-prices/shop", **given_).answer.status_code == 422
    assert len(list_approvals(market.stall.pricing)) == before


def test_who_has_one_channel_sees_and_approves_there_only(market: Market) -> None:
    one = market.member("one", GivenRole("ops", "channel", "shop"))
    for place, label in (("prices", "Prices"), ("refused-prices", "Refused prices")):
        one.go(f"/console/{place}")
        check(one.page, place)
        assert {row[1] for row in table(one, label)} == {"shop"}
        assert "trendyol" not in one.answer.text
    assert not one.page.xpath("//form[contains(@action, '/refresh')]"), "all prices are made at once"
    assert one.send("/console/prices/refresh").answer.status_code == 403
    for place in (LOSS.format("trendyol"), "/console/prices/trendyol?supplier=acme&code=A1"):
        assert one.go(place).answer.status_code == 403
    given_ = {"supplier": "acme", "code": "LOSS", "note": "mine", "until": "2999-01-01", "price": "400"}
    assert one.go("/console/account").send("/console/refused-prices/trendyol", **given_).answer.status_code == 403
    analyst = market.member("analyst", GivenRole("analyst", "channel", "shop")).go(LOSS.format("shop"))
    assert not analyst.page.xpath("//form[contains(@action, '/refused-prices/')]")
    assert analyst.send("/console/refused-prices/shop", **given_).answer.status_code == 403
    one.go(LOSS.format("shop")).press("/refused-prices/shop", note="mine", until="2999-01-01")
    assert "mine" in one.text
    assert {each.channel for each in list_approvals(market.stall.pricing) if each.note == "mine"} == {"shop"}


def test_turkish(market: Market) -> None:
    surfer = market.member("turk", "admin", language="tr").go("/console/refused-prices")
    [row] = [row for row in table(surfer, "Reddedilen fiyatlar") if row[0].endswith("FREE") and row[1] == "shop"]
    assert row[2] == "maliyet yok Beslemede maliyet yok; tedarikçinin profilini düzeltin."
    assert "₺1.299,90" in surfer.go("/console/prices").text


@given(st.decimals(0, 10**9, places=4))
def test_an_amount_that_a_page_writes_into_an_address_is_read_in_one_way(amount):
    assert parse_decimal(typed(amount)) == amount

"""Margins and quotes in the console: what the catalogue earns, what loses and why, what one sale comes to."""

from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import pytest

from meschain.access.grants import GivenRole
from meschain.web.console.pages.margins import quote_of
from tests.web.console.market import Market, errors, table
from tests.web.console.surfer import Surfer
from tests.web.console.wholeness import check


@pytest.fixture(scope="module", autouse=True)
def _computed(market: Market) -> None:
    assert "No margin was computed yet." in market.surfer().go("/console/margins").text
    market.stall.term("commission_rate", 12, brand="Emsan", channel="trendyol")
    market.stall.compute()


def test_sums_by_channel_and_what_could_not_be_computed(surfer: Surfer) -> None:
    surfer.go("/console/margins")
    check(surfer.page, "margins")
    rows = table(surfer, "By channel")
    assert [row[0].split()[:2] for row in rows] == [["shop", "computed"], ["trendyol", "computed"]]
    assert rows[0][1:3] == ["3", "0"]
    assert rows[1][1:] == ["3", "1", "TRY 2,299.90", "TRY 1,500.00", "TRY 160.12", "TRY 179.28", "10.5%"]
    gaps = table(surfer, "What could not be computed")
    assert [row[:3] for row in gaps] == [["no cost", "shop", "1"], ["no cost", "trendyol", "1"]]
    assert gaps[0][3] == "The feed names no cost; mend the profile of the supplier."
    assert "/console/suppliers" in surfer.links()


def test_a_loser_leads_to_its_offer_and_to_a_quote_that_loses_the_same(surfer: Surfer) -> None:
    surfer.go("/console/margins")
    [row] = table(surfer, "What loses money")
    assert row[0] == "Zararına acme · LOSS"
    assert "/console/offer?supplier=acme&code=LOSS" in surfer.links()
    surfer.go(next(link for link in surfer.links() if urlsplit(link).path == "/console/quote" and "price" in link))
    check(surfer.page, "quote")
    [cash] = [each for each in table(surfer, "Parts of the sale") if each[0] == "= Cash profit"]
    assert cash[1] == row[6] == "-TRY 45.45"
    assert ["Commission", "12%", "stated"] in [each[:3] for each in table(surfer, "What it was computed by")]


def test_a_quote_in_turkish_is_that_of_the_worked_example(market: Market) -> None:
    surfer = market.member("turk", "admin", language="tr").go("/console/quote")
    check(surfer.page, "quote")
    surfer.press("/quote", price="600", cost="300,00", target="60", ending="0,90", return_rate="8")
    check(surfer.page, "quote")
    rows = table(surfer, "Satışın kalemleri")
    assert rows[0] == ["Fiyat", "₺600,00", "₺500,00", "₺100,00"]
    assert rows[2] == ["− Komisyon", "₺90,00", "₺75,00", "₺15,00"]
    assert rows[-1][:2] == ["= Nakit kâr", "₺91,57"]
    for told in (
        "Nakit kaybettirmeyen en düşük fiyat: ₺469,19.",
        "₺60,00 nakit kâr için en düşük fiyat: ₺554,90.",
        "Bir iade ₺148,37 kaybettirir; iade oranı %8 iken bir satış ₺72,37 kazandırır.",
    ):
        assert told in surfer.text
    held = {row[0]: row for row in table(surfer, "Neye göre hesaplandı")}
    assert held["Stopaj oranı"][1:] == [
        "%1", "varsayıldı", "1 Oca 2025", "KDV hariç fiyattan stopaj, 9284 sayılı Cumhurbaşkanı Kararı",
    ]  # fmt: skip
    assert "İade oranı" not in held, "it was said"
    assert surfer.go(surfer.place).answer.status_code == 200, "a quote has an address"


def test_what_cannot_be_quoted_is_told_at_its_field(surfer: Surfer) -> None:
    found = errors(
        surfer.go("/console/quote?price=1.299&cost=x&commission_rate=100,5&vat_rate=1.005&payment_days=2.5&day=x"
                  "&channel=n11&service_fee=-1&vat_credit=maybe&cargo=99999999999&desi=0")
    )  # fmt: skip
    assert found == {
        "price": "This can be read in two ways; write 1299,90 or 1.299,90.",
        "cost": "Give a number, such as 2.5.",
        "commission_rate": "Give 0 to 100, with at most two digits behind the mark.",
        "vat_rate": "This can be read in two ways; write 1299,90 or 1.299,90.",
        "payment_days": "Give a whole number of at most 3650.",
        "day": "Give a day, such as 2026-11-27.",
        "channel": "Choose one of what is offered.",
        "service_fee": "Give a number that is not negative.",
        "vat_credit": "Choose one of what is offered.",
        "cargo": "This number is too large.",
        "desi": "Give more than 0.",
    }
    assert errors(surfer.go("/console/quote?commission_rate=1"))["price"] == "This is needed."
    surfer.go("/console/quote?price=10&cost=5&currency=USD")
    assert surfer.answer.status_code == 422
    assert "there is no reference for a sale in USD" in surfer.text


def test_who_may_computes_margins_and_who_may_only_look_is_not_offered_it(surfer: Surfer, market: Market) -> None:
    looks = market.member("analyst", "analyst").go("/console/margins")
    assert looks.answer.status_code == 200
    assert not looks.page.xpath("//form[contains(@action, '/margins/')]")
    assert looks.send("/console/margins/compute").answer.status_code == 403
    assert market.asked("compute-margins") == []
    surfer.go("/console/margins").press("/margins/compute")
    assert "/console/triggers/" in surfer.place
    assert market.asked("compute-margins") == [{"tenant": "default"}]
    viewer = market.member("viewer", "viewer")
    assert "/console/margins" not in viewer.links()
    assert viewer.go("/console/margins").answer.status_code == 403


def test_who_has_one_channel_sees_its_margins_only(market: Market) -> None:
    one = market.member("one", GivenRole("ops", "channel", "shop"))
    assert {"/console/margins", "/console/quote", "/console/prices", "/console/terms"} <= set(one.links())
    assert not {"/console/rates", "/console/price-rules", "/console/what-ifs"} & set(one.links())
    one.go("/console/margins")
    assert [row[0].split()[0] for row in table(one, "By channel")] == ["shop"]
    assert "trendyol" not in one.answer.text
    assert not one.page.xpath("//form[contains(@action, '/margins/')]"), "all margins are computed at once"
    one.go("/console/quote")
    assert "trendyol" not in one.answer.text
    for channel in ("", "trendyol"):
        assert errors(one.go(f"/console/quote?price=10&cost=5&channel={channel}")).keys() == {"channel"}
    assert one.go("/console/quote?price=10&cost=5&channel=shop").answer.status_code == 200
    for place in ("rates", "price-rules", "what-ifs", "new-what-if"):
        assert one.go(f"/console/{place}").answer.status_code == 403


def test_a_quote_of_a_loser_keeps_to_the_vat_of_the_sale() -> None:
    row = {"sale": Decimal("600.00"), "sale_net": Decimal("594.06"), "cost": Decimal(300), "currency": "TRY", "desi": 1}
    named = {"channel": "shop", "supplier": "acme", "brand": "", "category": ""}
    link = urlsplit(quote_of(row | named | {"vat_rate": Decimal(20)}))
    assert {"cost_vat_rate": "20.00"}.items() <= dict(parse_qsl(link.query)).items()
    assert "vat_rate" not in dict(parse_qsl(link.query)), "a term says 1 %"
    link = urlsplit(quote_of(row | named | {"vat_rate": Decimal(20), "sale_net": Decimal("500.00")}))
    assert dict(parse_qsl(link.query))["vat_rate"] == "20.00"

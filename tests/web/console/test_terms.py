"""Fees, taxes and cargo tariffs in the console: stated with days and sources, ended, removed; the reference beneath."""

from datetime import date

import pytest

from connectors.tariffs.tariff import TariffRate
from meschain.access.grants import GivenRole
from meschain.pricing.service import list_terms
from meschain.pricing.tariffs import add_tariff, list_tariffs, remove_tariff
from meschain.web.console.term_kinds import NAMES, choices_of, kind_of
from tests.web.console.market import D, Market, errors, table
from tests.web.console.surfer import Surfer
from tests.web.console.wholeness import check

STATED = {"since": "2026-01-01", "source": "contract"}


def test_a_value_is_stated_ended_and_removed(surfer: Surfer, market: Market) -> None:
    surfer.go("/console/new-term").press("/new-term", name="service_fee")
    check(surfer.page, "new-term")
    assert "While nobody states it, 10.19 is taken" in surfer.text
    surfer.press("/new-term", value="12,50", channel="trendyol", brand="Emsan", **STATED)
    assert surfer.place == "/console/terms?notice=term-added"
    check(surfer.page, "terms")
    [row] = [row for row in table(surfer, "Fees and taxes") if row[0].startswith("Service fee of an order")]
    assert row[0].endswith("Channel: trendyol Brand: Emsan")
    assert row[1:] == ["12.5", "holds", "1 Jan 2026", "–", "contract"]
    [term] = list_terms(market.stall.pricing, "service_fee")
    surfer.go(f"/console/terms/{term.id}")
    check(surfer.page, "term")
    assert errors(surfer.press("/end", until="")) == {"until": "This is needed."}
    surfer.press("/end", until="2025-12-31")
    assert (surfer.answer.status_code, "before it begins on 2026-01-01" in surfer.text) == (422, True)
    surfer.press("/end", until="2026-02-01")
    assert surfer.place == f"/console/terms/{term.id}?notice=term-ended"
    assert list_terms(market.stall.pricing, "service_fee")[0].until == date(2026, 2, 1)
    surfer.press("/remove")
    assert surfer.place == "/console/terms?notice=term-removed"
    assert list_terms(market.stall.pricing, "service_fee") == []


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("commission_rate", "15,5", "15.5"), ("vat_credit", "false", "false"), ("payment_days", "28", "28"),
        ("commission_base", "net", "net"), ("carrier", "Aras", "Aras"), ("desi", "2,5", "2.5"),
        ("cargo", "83,93", "83.93"),
    ],
)  # fmt: skip
def test_each_kind_of_term_has_its_field(surfer: Surfer, market: Market, name: str, value: str, kept: str) -> None:
    surfer.go(f"/console/new-term?name={name}").press("/new-term", value=value, brand="Kinds", **STATED)
    assert surfer.place == "/console/terms?notice=term-added", surfer.text
    [found] = [each for each in list_terms(market.stall.pricing, name) if each.brand == "Kinds"]
    assert (D(found.value) == D(kept)) if kept[0].isdigit() else (found.value == kept)


def test_what_cannot_be_stated_is_told_at_its_field(surfer: Surfer, market: Market) -> None:
    before = list_terms(market.stall.pricing)
    surfer.go("/console/new-term?name=return_rate")
    surfer.press("/new-term", value="101", since="2026-02-01", until="2026-01-01", source=" ")
    assert errors(surfer) == {
        "value": "Give 0 to 100, with at most two digits behind the mark.",
        "until": "It would end before it begins.",
        "source": "This is needed.",
    }
    assert dict(surfer.form("/new-term").form_values())["value"] == "101"
    assert surfer.send("/console/new-term", name="colour", value="1", **STATED).answer.status_code == 422
    assert [each.id for each in list_terms(market.stall.pricing)] == [each.id for each in before]
    market.stall.term("return_rate", 5, since=date(2026, 1, 1))
    surfer.go("/console/new-term?name=return_rate").press("/new-term", value="6", **STATED)
    assert surfer.answer.status_code == 422
    assert "has a value from 2026-01-01 on for those sales already" in surfer.text


def test_a_value_that_is_followed_is_over_and_one_to_come_is_later(surfer: Surfer, market: Market) -> None:
    for value, since in ((1, date(2024, 1, 1)), (2, date(2025, 1, 1)), (3, date(2999, 1, 1))):
        market.stall.term("withholding_rate", value, since=since)
    rows = table(surfer.go("/console/terms"), "Fees and taxes")
    states = [row[2] for row in rows if row[0] == "Withholding tax every sale"]
    assert states == ["over", "holds", "later"]


def test_who_may_look_changes_nothing_and_turkish(market: Market) -> None:
    looks = market.member("analyst", "analyst", language="tr").go("/console/terms")
    check(looks.page, "terms")
    reference = table(looks, "Referans: değer belirtilmeyen yerde alınanlar")
    assert ["Komisyon", "%15", "1 Oca 2018"] in [row[:3] for row in reference]
    assert len(reference) == len(NAMES)
    assert "/console/new-term" not in "".join(looks.links())
    term = list_terms(market.stall.pricing)[0]
    assert not looks.go(f"/console/terms/{term.id}").page.xpath("//form[contains(@action, '/terms/')]")
    for place in (f"terms/{term.id}/end", f"terms/{term.id}/remove", "new-term", "new-tariff"):
        assert looks.send(f"/console/{place}", until="2026-01-01").answer.status_code == 403
    other = market.stage.people.tenant("other")
    market.stage.people.owner(other, "boss@other.example")
    theirs = market.surfer("boss@other.example")
    assert theirs.go(f"/console/terms/{term.id}").answer.status_code == 404
    assert theirs.send(f"/console/terms/{term.id}/remove").answer.status_code == 404
    assert "Nothing was stated yet." in theirs.go("/console/terms").text


def test_who_has_one_channel_sees_its_fees_and_those_of_every_channel(market: Market) -> None:
    named = {each: f"fee of {each or 'all'}" for each in ("", "shop", "trendyol")}
    for number, (channel, brand) in enumerate(named.items()):
        market.stall.term("other_costs", number, channel=channel, brand=brand)
    stated = {each.channel: each.id for each in list_terms(market.stall.pricing, "other_costs")}
    one = market.member("fees", GivenRole("ops", "channel", "shop"))
    one.go(next(link for link in one.links() if link == "/console/terms"))
    check(one.page, "terms")
    for channel, brand in named.items():
        assert (brand in one.text) == (channel != "trendyol"), channel
    assert "trendyol" not in one.answer.text
    assert not [link for link in one.links() if "new-term" in link], "values are stated for the tenant as a whole"
    for channel, status in (("", 200), ("shop", 200), ("trendyol", 404)):
        one.go(f"/console/terms/{stated[channel]}")
        assert one.answer.status_code == status
        assert not one.page.xpath("//form[contains(@action, '/terms/')]")
        for act in ("end", "remove"):
            assert one.send(f"/console/terms/{stated[channel]}/{act}", until="2999-01-01").answer.status_code == 403
    assert one.go("/console/new-term").answer.status_code == 403


def test_who_has_one_channel_sees_its_tariffs_and_those_of_every_channel(market: Market) -> None:
    rates = [TariffRate("Aras", 2, D(0), None, D("42.91"))]
    given = {
        channel: add_tariff(market.stall.pricing, rates, since=date(2024, 1, 1), source="price list", channel=channel)
        for channel in ("", "shop", "trendyol")
    }
    one = market.member("cargo", GivenRole("ops", "channel", "shop"))
    one.go(next(link for link in one.links() if link == "/console/tariffs"))
    check(one.page, "tariffs")
    assert [row[0] for row in table(one, "Cargo tariffs")] == ["every channel", "shop"]
    assert "/console/new-tariff" not in one.links()
    for channel, status in (("", 200), ("shop", 200), ("trendyol", 404)):
        one.go(f"/console/tariffs/{given[channel].id}")
        assert one.answer.status_code == status
        assert not one.page.xpath("//form[contains(@action, '/tariffs/')]")
        assert one.send(f"/console/tariffs/{given[channel].id}/remove").answer.status_code == 403
    assert one.go("/console/new-tariff").answer.status_code == 403
    for each in given.values():
        remove_tariff(market.stall.pricing, each.id)


def test_tariffs_are_listed_shown_and_removed(surfer: Surfer, market: Market) -> None:
    assert "There is no cargo tariff yet." in surfer.go("/console/tariffs").text
    rates = [TariffRate("Aras", 2, D(0), D(300), D("42.91")), TariffRate("PTT", 30, D(0), None, D("77.54"))]
    given = add_tariff(market.stall.pricing, rates, since=date(2024, 1, 1), source="price list", channel="trendyol")
    surfer.go("/console/tariffs")
    check(surfer.page, "tariffs")
    assert table(surfer, "Cargo tariffs") == [
        ["trendyol", "TRY", "holds", "1 Jan 2024", "–", "Aras PTT", "30", "price list"]
    ]
    surfer.go(f"/console/tariffs/{given.id}")
    check(surfer.page, "tariff")
    assert table(surfer, "The rows")[0] == ["Aras", "2", "TRY 0.00", "TRY 300.00", "TRY 42.91"]
    surfer.press("/remove")
    assert surfer.place == "/console/tariffs?notice=tariff-removed"
    assert list_tariffs(market.stall.pricing) == []
    assert surfer.go(f"/console/tariffs/{given.id}").answer.status_code == 404


def test_a_tariff_needs_its_table_and_its_source(surfer: Surfer, market: Market) -> None:
    surfer.go("/console/new-tariff")
    check(surfer.page, "new-tariff")
    found = errors(surfer.press("/new-tariff", since="soon"))
    assert found.keys() == {"table", "source", "since"}
    assert list_tariffs(market.stall.pricing) == []


def test_a_tariff_is_pasted(surfer: Surfer, market: Market) -> None:
    pytest.importorskip("connectors.tariffs.delimited")
    table_ = "carrier;desi;price_from;price_below;amount\nAras;2;0;300;42,91\nAras;2;300;;83,93\n"
    given = {"source": "price list", "channel": "shop", "currency": "TRY", "since": "2024-01-01"}
    found = errors(surfer.go("/console/new-tariff").press("/new-tariff", table=table_ + "Aras;x;0;;1", **given))
    assert found.keys() == {"table"}
    assert "row 4" in found["table"]
    surfer.press("/new-tariff", table=table_)
    assert surfer.place == "/console/tariffs?notice=tariff-added"
    [stored] = [each for each in list_tariffs(market.stall.pricing) if each.channel == "shop"]
    assert [(rate["desi"], rate["amount"]) for rate in stored.rates] == [(2, "42.91"), (2, "83.93")]
    remove_tariff(market.stall.pricing, stored.id)


def test_every_term_that_is_chosen_has_something_to_choose() -> None:
    assert all(choices_of(name) for name in NAMES if kind_of(name) == "choice")
    assert {kind_of(name) for name in NAMES} == {"rate", "amount", "desi", "days", "choice", "text"}

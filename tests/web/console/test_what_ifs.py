"""What-ifs in the console: asked by simple rows, followed while they are computed, shown per channel and as a chart."""

from decimal import Decimal

import pytest
from sqlalchemy import update

from meschain.pricing.scenarios import ask_scenario, compute_scenario, list_scenarios
from meschain.runs.tables import Trigger
from meschain.store.ids import new_id
from meschain.store.session import transaction
from meschain.web.console.charts import margins_picture
from tests.web.console.market import Market, errors, table
from tests.web.console.surfer import Surfer
from tests.web.console.wholeness import check

D = Decimal
HIGHER = {"term-0": "commission_rate", "how-0": "add", "amount-0": "2", "channel-0": "trendyol"}


@pytest.fixture(scope="module", autouse=True)
def _computed(market: Market) -> None:
    market.stall.compute()


def test_one_is_asked_followed_and_shown(surfer: Surfer, market: Market) -> None:
    check(surfer.go("/console/new-what-if").page, "new-what-if")
    given = {**HIGHER, "name": "Two points", "currency-0": "EUR", "change-0": "10", "tariff-0": "-5,5"}
    surfer.press("/new-what-if", **given)
    asked = list_scenarios(market.stall.pricing)[0]
    assert surfer.place == f"/console/what-ifs/{asked.id}"
    assert asked.changes == [
        {"kind": "term", "name": "commission_rate", "add": "2", "channel": "trendyol"},
        {"kind": "rate", "currency": "EUR", "change_rate": "10.00"},
        {"kind": "tariff", "change_rate": "-5.50"},
    ]
    assert market.asked("compute-scenario")[0] == {"scenario": asked.id, "tenant": "default"}
    check(surfer.page, "what-if")
    for told in ("Two points", "Commission +2 points (trendyol)", "EUR +10%", "Cargo tariffs -5.5%", "waiting"):
        assert told in surfer.text
    assert surfer.page.xpath("string(//*[@id='progress']/@data-live)") == f"{surfer.place}/live"
    assert surfer.page.xpath("//noscript/meta[@http-equiv='refresh']"), "it goes on without scripts too"
    compute_scenario(market.stall.pricing, asked.id)
    surfer.go(f"/console/what-ifs/{asked.id}")
    assert [row[0] for row in table(surfer, "By channel")] == ["shop", "trendyol"]


def test_the_result_says_what_changes_on_each_channel_and_draws_it(market: Market) -> None:
    change = {"kind": "term", "name": "commission_rate", "add": "2", "channel": "trendyol"}
    asked = ask_scenario(market.stall.pricing, "İki puan", [change])
    compute_scenario(market.stall.pricing, asked.id)
    surfer = market.member("turk", "admin", language="tr").go(f"/console/what-ifs/{asked.id}")
    check(surfer.page, "what-if")
    rows = {row[0]: row[1:] for row in table(surfer, "Kanala göre")}
    assert rows["trendyol"][:4] == ["3", "₺115,62", "₺75,96", "-₺39,66"]
    assert rows["shop"][3] == "₺0,00"
    assert [row[0] for row in table(surfer, "En çok kaybedecekler")] == [
        "Çaydanlık acme · A2", "Süpürge acme · A1", "Zararına acme · LOSS",
    ]  # fmt: skip
    [drawing] = surfer.page.xpath("//*[@role='img'][svg]")
    assert "kâr marjına göre" in drawing.get("aria-label")
    told = drawing.text_content()
    assert "şimdi" in told
    assert "senaryoda" in told
    assert "Nakit kâr, KDV hariç fiyatın yüzdesi olarak" in told
    assert "default-src 'none'" in surfer.answer.headers["content-security-policy"]


def test_a_chart_writes_numbers_as_its_reader_does_and_obeys_no_text() -> None:
    bins = [
        {"channel": "<script>", "scenario": scenario, "bin": 5, "offers": 4000} for scenario in ("before", "after")
    ]  # fmt: skip
    drawn = {language: str(margins_picture(bins, language)) for language in ("en", "tr")}
    assert ">4,000<" in drawn["en"]
    assert ">4.000<" in drawn["tr"]
    for picture in drawn.values():
        assert "<script" not in picture
        assert "style=" not in picture, "the page's policy would leave it out"
    assert margins_picture(bins, "tr") is margins_picture(bins, "tr"), "it is drawn once"
    assert margins_picture([], "tr") is None


def test_what_cannot_be_asked_is_told_at_its_field(surfer: Surfer, market: Market) -> None:
    before = len(list_scenarios(market.stall.pricing))
    given = {
        "amount-0": "2", "term-1": "payment_days", "amount-1": "5", "term-2": "vat_rate", "how-2": "value",
        "amount-2": "101", "currency-0": "USD", "change-1": "5", "tariff-0": "-100",
    }  # fmt: skip
    found = errors(surfer.go("/console/new-what-if").press("/new-what-if", **given))
    assert found == {
        "term-0": "This is needed.",
        "amount-1": "Nothing can be added to this; give the value that it gets.",
        "amount-2": "Give 0 to 100, with at most two digits behind the mark.",
        "change-0": "This is needed.",
        "currency-1": "This is needed.",
        "tariff-0": "Give -99 to 1000, with at most two digits behind the mark.",
    }
    assert dict(surfer.form("/new-what-if").form_values())["amount-2"] == "101"
    surfer.go("/console/new-what-if").press("/new-what-if")
    assert (surfer.answer.status_code, "Say at least one change." in surfer.text) == (422, True)
    assert len(list_scenarios(market.stall.pricing)) == before


def test_a_form_that_is_sent_twice_asks_once(surfer: Surfer, market: Market) -> None:
    given = {**HIGHER, "idempotency_key": new_id()}
    first = surfer.go("/console/new-what-if").send("/console/new-what-if", **given).place
    before = len(list_scenarios(market.stall.pricing))
    assert surfer.go("/console/new-what-if").send("/console/new-what-if", **given).place == first
    assert len(list_scenarios(market.stall.pricing)) == before


def test_one_that_is_computed_anew_twice_from_one_page_is_computed_once(surfer: Surfer, market: Market) -> None:
    asked = ask_scenario(market.stall.pricing, "again", [{"kind": "tariff", "change_rate": "5"}])
    for wishes in (1, 2):
        surfer.go(f"/console/what-ifs/{asked.id}").press_twice("/compute")
        assert [each["scenario"] for each in market.asked("compute-scenario")].count(asked.id) == wishes
        with transaction(market.stall.pricing.engine) as session:
            session.execute(update(Trigger).where(Trigger.flow == "compute-scenario").values(state="finished"))


def test_another_tenants_is_not_there_and_who_may_look_asks_nothing(market: Market) -> None:
    asked = ask_scenario(market.stall.pricing, "ours", [{"kind": "tariff", "change_rate": "5"}])
    other = market.stage.people.tenant("other")
    market.stage.people.owner(other, "boss@other.example")
    theirs = market.surfer("boss@other.example")
    for place in ("", "/live"):
        assert theirs.go(f"/console/what-ifs/{asked.id}{place}").answer.status_code == 404
    assert theirs.send(f"/console/what-ifs/{asked.id}/compute").answer.status_code == 404
    assert "ours" not in theirs.go("/console/what-ifs").text
    looks = market.member("analyst", "analyst").go(f"/console/what-ifs/{asked.id}")
    assert "This was not computed yet." in looks.text
    assert not looks.page.xpath("//form[contains(@action, '/what-ifs/')]")
    assert "/console/new-what-if" not in looks.go("/console/what-ifs").links()
    assert looks.send("/console/new-what-if", **HIGHER).answer.status_code == 403

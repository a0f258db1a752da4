"""Price rules in the console: written, shown in words, looked at beforehand, approved by who may."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from meschain.pricing.price_rules import draft_rules, get_rules, list_rules
from meschain.pricing.prices import preview_prices
from meschain.pricing.rules import parse_rules
from meschain.runs.tables import Trigger
from meschain.store.session import transaction
from meschain.web.console.language import say
from meschain.web.console.written_rules import EXAMPLE, read_rules, write_rules
from tests.web.console.market import RULE, Market, table
from tests.web.console.surfer import Surfer
from tests.web.console.wholeness import check

BODY = """\
- name: dear
  when: {channels: [trendyol], brands: [Emsan], cost_from: 100, cost_below: 1000, desi_below: 5}
  price: {kind: margin, rate: 12.5}
  floor: {profit: 10, margin_rate: 5}
  rounding: {step: 1, ending: 0.90}
  largest_step_rate: 10
- name: rest
  price: {kind: list_price, rate: -5}
"""


def test_a_draft_is_written_previewed_and_approved(surfer: Surfer, market: Market) -> None:
    surfer.go("/console/new-price-rules")
    check(surfer.page, "new-price-rules")
    surfer.press("/new-price-rules", body=BODY, note="autumn")
    version = list_rules(market.stall.pricing)[0].version
    assert surfer.place == f"/console/price-rules/{version}?notice=rules-drafted"
    check(surfer.page, "price-rule-set")
    for told in (
        "the lowest one whose cash profit is 12.5% of the price without VAT",
        "at least 10 in cash and 5% of the price without VAT", "from 100, below 1,000", "below 5",
        "in steps of 1, ending in 0.9", "10% in a day", "what the supplier proposes, less 5%", "Nobody has looked yet.",
    ):  # fmt: skip
        assert told in surfer.text, told
    assert not surfer.page.xpath("//form[contains(@action, '/approve')]"), "nobody has seen what it would do"
    surfer.send(f"/console/price-rules/{version}/approve")
    assert (surfer.answer.status_code, "preview it first" in surfer.text) == (422, True)
    surfer.go(f"/console/price-rules/{version}").press("/preview")
    assert market.asked("preview-prices")[0] == {"version": version, "tenant": "default"}
    preview_prices(market.stall.pricing, version)
    with transaction(market.stall.pricing.engine) as session:
        session.execute(update(Trigger).where(Trigger.flow == "preview-prices").values(state="finished"))
    surfer.go(surfer.place)
    assert "See what came of it" in surfer.text
    surfer.go(next(link for link in surfer.links() if "/price-rules/" in link))
    assert surfer.place == f"/console/price-rules/{version}"
    check(surfer.page, "price-rule-set")
    [move] = [row for row in table(surfer, "The largest moves") if row[0].endswith("A2") and row[1] == "shop"]
    assert move[2:] == ["new", "–", "TRY 1,234.91", "TRY 190.37", "rest", "first price"]
    refused = [row[:3] for row in table(surfer, "What would be refused")]
    why = "no cost The feed names no cost; mend the profile of the supplier."
    assert ["Maliyetsiz acme · FREE", "shop", why] in refused
    surfer.press("/approve")
    assert surfer.place == f"/console/price-rules/{version}?notice=rules-approved"
    assert get_rules(market.stall.pricing).version == version
    surfer.press("/prices/refresh")
    assert market.asked("refresh-prices") == [{"tenant": "default"}]
    surfer.go("/console/price-rules")
    check(surfer.page, "price-rules")
    assert table(surfer, "Price rules")[0][:4] == [f"Version {version}", "active", "dear rest", "autumn"]


def test_a_preview_that_is_pressed_twice_is_made_once(surfer: Surfer, market: Market) -> None:
    version = draft_rules(market.stall.pricing, [RULE]).version
    first, second = surfer.go(f"/console/price-rules/{version}").press_twice("/preview")
    assert first == second
    assert market.asked("preview-prices").count({"version": version, "tenant": "default"}) == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("- name: a\n  price: {kind: guess}", "rule 1, price: input tag 'guess'"),
        (
            "- name: a\n  price: {kind: markup, rate: 5}\n  colour: red",
            "rule 1, colour: extra inputs are not permitted",
        ),
        ("name: a", "expected a list of rules, each beginning with `- name:`"),
        ("- &a {name: a}\n- *a", "references (*name) are not read here"),
        ("- [", "this is not YAML"),
        (
            "- name: a\n  price: {kind: list_price}\n  floor: {profit: 50}\n  floor: {profit: -100}",
            "this is not YAML: line 4: 'floor' stands twice in one mapping, first in line 3",
        ),
        ("- name: a\n  price: {kind: markup, rate: 1:30}", "rule 1, price.markup.rate"),
        ("", "expected a list of rules"),
        ("- 1: x", "rule 1"),
    ],
)
def test_what_are_no_rules_is_told_and_stays_in_the_form(surfer: Surfer, market: Market, body: str, told: str) -> None:
    before = len(list_rules(market.stall.pricing))
    surfer.go("/console/new-price-rules").press("/new-price-rules", body=body)
    assert surfer.answer.status_code == 422
    assert told in surfer.page.xpath("string(//*[@role='alert'])")
    check(surfer.page, "new-price-rules")
    assert surfer.page.xpath("string(//textarea)").strip() == body.strip()
    assert len(list_rules(market.stall.pricing)) == before


def test_rights_and_turkish(market: Market) -> None:
    version = draft_rules(market.stall.pricing, [RULE]).version
    preview_prices(market.stall.pricing, version)
    analyst = market.member("analyst", "analyst", language="tr").go(f"/console/price-rules/{version}")
    check(analyst.page, "price-rule-set")
    for told in ("Fiyat kuralları", "taslak", "tedarikçinin önerdiği fiyat", "nakit en az 10", "her teklif"):
        assert told in analyst.text
    assert not analyst.page.xpath("//form[contains(@action, '/price-rules/')]")
    for act in ("approve", "preview"):
        assert analyst.send(f"/console/price-rules/{version}/{act}").answer.status_code == 403
    assert analyst.send("/console/new-price-rules", body=BODY).answer.status_code == 403
    market.stage.role(market.stall.pricing.tenant_id, "writer", "pricing:read", "pricing:write", "pricing:refresh")
    writer = market.member("writer", "writer").go(f"/console/price-rules/{version}")
    assert writer.page.xpath("//form[contains(@action, '/preview')]")
    assert not writer.page.xpath("//form[contains(@action, '/approve')]"), "who writes does not approve"
    assert get_rules(market.stall.pricing, version).status == "draft"


def test_the_example_is_one_in_either_language() -> None:
    english, turkish = (parse_rules(read_rules(say(language, EXAMPLE))) for language in ("en", "tr"))
    assert [rule.price for rule in english] == [rule.price for rule in turkish]
    assert say("tr", EXAMPLE) != EXAMPLE


_rates = st.decimals(0, 100, places=2)
_words = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
_prices = st.builds(lambda rate: {"kind": "markup", "rate": rate}, _rates)
_whens = st.builds(lambda brands, low: {"brands": brands, "cost_from": low}, st.lists(_words), _rates)
_rules = st.fixed_dictionaries({"name": _words, "price": _prices}, optional={"when": _whens})


@given(st.lists(_rules, min_size=1, max_size=4, unique_by=lambda rule: rule["name"]))
def test_rules_that_are_written_are_read_again_as_they_were(rules: list[dict[str, object]]) -> None:
    stored = [rule.model_dump(mode="json", exclude_defaults=True) for rule in parse_rules(rules)]
    assert parse_rules(read_rules(write_rules(stored))) == parse_rules(rules)

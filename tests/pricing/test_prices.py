"""Prices made by rules: what goes out, what the floor refuses, how far a price moves in a day, and why it did."""

from datetime import timedelta
from decimal import ROUND_DOWN, Decimal

import pytest

from commerce.errors import Refused
from meschain.access.rules import NotFound
from meschain.pricing.price_rules import approve_rules, draft_rules, get_rules, list_rules
from meschain.pricing.prices import approve_price, list_approvals, refresh_prices
from meschain.store.base import utc_now
from meschain.store.ids import new_id
from tests.pricing.stall import Stall
from warehouse import invariants

D = Decimal
WORKED = {"supplier_sku": "A1", "cost": D(300), "list_price": D(600)}
LIST = {"name": "list", "price": {"kind": "list_price"}}
MARKUP = {"name": "double", "price": {"kind": "markup", "rate": 100}}


@pytest.fixture
def stall(stall: Stall) -> Stall:
    stall.channel("trendyol")
    return stall


def out(stall: Stall) -> dict[str, Decimal]:
    return dict(stall.ask("SELECT supplier_sku, price FROM core.published_prices"))


def counts(outcome: object) -> dict[str, int]:
    return {row["outcome"]: row["offers"] for row in outcome.counts}


def test_each_kind_of_price(stall):
    kinds = {
        "markup": {"kind": "markup", "rate": 100}, "margin": {"kind": "margin", "rate": 15},
        "profit": {"kind": "profit", "amount": 60}, "list": {"kind": "list_price", "rate": -5},
    }  # fmt: skip
    stall.offers(*({**WORKED, "supplier_sku": name, "brand": name} for name in kinds))
    stall.rules(*({"name": name, "when": {"brands": [name]}, "price": price} for name, price in kinds.items()))
    stall.refresh()
    assert out(stall) == {"markup": D(600), "margin": D("571.19"), "profit": D("554.89"), "list": D(570)}
    rules = dict(stall.ask("SELECT supplier_sku, rule FROM core.published_prices"))
    assert rules == {name: name for name in kinds}


def test_prices_stand_on_the_grid_and_keep_to_the_advertised_price(stall):
    stall.offers(WORKED, {**WORKED, "supplier_sku": "A2", "list_price": D("760.01")})
    stall.rules({**MARKUP, "rounding": {"step": "1", "ending": "0.90"}, "advertised_rate": 90})
    stall.refresh()
    assert out(stall) == {"A1": D("600.90"), "A2": D("684.90")}


def test_the_first_rule_that_fits_makes_the_price_and_what_fits_none_stays_out(stall):
    stall.offers(
        WORKED, {**WORKED, "supplier_sku": "A2", "cost": D(100)}, {**WORKED, "supplier_sku": "A3", "cost": D(50)}
    )
    outcome = stall.rules(
        {"name": "dear", "when": {"cost_from": 200}, "price": {"kind": "list_price", "rate": 10}},
        {"name": "middle", "when": {"cost_from": 100}, "price": {"kind": "list_price"}},
    )  # fmt: skip
    assert counts(outcome) == {"new": 2, "no_rule": 1}
    stall.refresh()
    assert out(stall) == {"A1": D(660), "A2": D(600)}


def test_the_floor_refuses_a_loss_and_says_what_would_do(stall):
    stall.offers(WORKED, {**WORKED, "supplier_sku": "loss", "list_price": D(400)})
    stall.rules(LIST)
    outcome = stall.refresh()
    assert (counts(outcome), out(stall)) == ({"new": 1, "below_floor": 1}, {"A1": D(600)})
    reason, detail = stall.refusals("core.price_refusals")["trendyol", "loss"]
    assert reason == "below_floor"
    assert detail == "at 400.00 it earns -57.45, expected at least 0.00; the lowest price that earns it is 469.19"
    assert outcome.refusals[0]["floor_price"] == D("469.19")


def test_a_floor_may_ask_for_a_profit_and_a_margin(stall):
    stall.offers(WORKED)
    asked = {**LIST, "floor": {"profit": 20, "margin_rate": 15}}
    stall.rules(asked)
    assert counts(stall.refresh()) == {"below_floor": 1}
    assert stall.ask("SELECT net_cash, least_profit FROM core.price_refusals") == [(D("91.57"), D(95))]
    stall.rules({**asked, "floor": {"profit": 16, "margin_rate": 15}})
    assert counts(stall.refresh()) == {"new": 1}


def test_an_approved_price_goes_out_below_its_floor_and_no_lower_one_does(stall):
    stall.offers({**WORKED, "list_price": D(400)})
    stall.rules(LIST)
    stall.refresh()
    until = stall.pricing.day_of(utc_now()) + timedelta(days=7)
    given = approve_price(stall.pricing, "trendyol", "acme", "A1", note="clearance", valid_until=until)
    assert (given.price, [each.id for each in list_approvals(stall.pricing)]) == ("400.0000", [given.id])
    assert counts(stall.refresh()) == {"new": 1}
    assert stall.ask(
        "SELECT price, approval_id, cause FROM core.price_changes JOIN core.published_prices USING (approval_id)"
    )
    stall.change("UPDATE core.offers SET list_price = 390")
    assert counts(stall.refresh()) == {"below_floor": 1}
    assert out(stall) == {"A1": D(400)}
    assert all(verdict.holds for verdict in look(stall))


def test_an_approval_needs_a_reason_a_day_to_come_and_a_refused_price(stall):
    stall.offers({**WORKED, "list_price": D(400)}, {**WORKED, "supplier_sku": "fine"})
    stall.rules(LIST)
    stall.refresh()
    today = stall.pricing.day_of(utc_now())
    with pytest.raises(Refused, match="needs its reason"):
        approve_price(stall.pricing, "trendyol", "acme", "A1", note=" ", valid_until=today)
    with pytest.raises(Refused, match="would be over"):
        approve_price(stall.pricing, "trendyol", "acme", "A1", note="why", valid_until=today - timedelta(days=1))
    with pytest.raises(NotFound, match="no price of acme fine is refused by the floor"):
        approve_price(stall.pricing, "trendyol", "acme", "fine", note="why", valid_until=today)


def test_a_price_moves_no_further_than_the_largest_step_of_a_day(stall):
    stall.offers(WORKED)
    rule = {**LIST, "largest_step_rate": 10, "rounding": {"step": 1, "ending": "0.90"}}
    stall.rules(rule)
    stall.refresh()
    stall.change("UPDATE core.offers SET list_price = 800")
    stall.refresh()
    assert out(stall) == {"A1": D("660.90")}  # at most 600.90 + 10 %, 660.99
    stall.refresh()
    assert out(stall) == {"A1": D("660.90")}  # it is the same day still
    stall.change("UPDATE core.published_prices SET day = day - 1")
    stall.refresh()
    assert out(stall) == {"A1": D("726.90")}
    causes = stall.ask("SELECT cause FROM core.price_changes ORDER BY changed_at")
    assert causes == [("new",), ("list_price",), ("step",)]


def test_the_floor_comes_before_the_largest_step(stall):
    stall.offers(WORKED)
    stall.rules({**MARKUP, "largest_step_rate": 10})
    stall.refresh()
    stall.change("UPDATE core.offers SET cost = 500")
    assert counts(stall.refresh()) == {"raised": 1}
    ((price, net_cash),) = stall.ask("SELECT price, net_cash FROM core.published_prices")
    assert D(660) < price < D(1000)  # 660 would lose money; on to 1000 it goes in the days that follow
    assert 0 <= net_cash < D("0.02")
    stall.change("UPDATE core.published_prices SET day = day - 1")
    stall.refresh()
    assert out(stall) == {"A1": (price * D("1.1")).quantize(D("0.01"), ROUND_DOWN)}


def test_the_history_says_why_a_price_moved(stall):
    stall.offers(WORKED)
    stall.rules(MARKUP)
    stall.refresh()
    stall.change("UPDATE core.offers SET cost = 310")
    stall.refresh()
    stall.rules({**MARKUP, "price": {"kind": "markup", "rate": 110}})
    stall.refresh()
    rows = stall.ask("SELECT before, after, cause, rules_version FROM core.price_changes ORDER BY changed_at")
    assert rows == [(None, 600, "new", 1), (600, 620, "cost", 1), (620, 651, "rules", 2)]
    assert counts(stall.refresh()) == {"unchanged": 1}


def test_what_has_no_price_says_why(stall):
    stall.terms(commission_rate=99)
    stall.offers(
        {"supplier_sku": "none", "cost": D(10), "brand": "a"}, {**WORKED, "supplier_sku": "never", "brand": "b"},
        {"supplier_sku": "free", "list_price": D(10), "brand": "a"},
    )  # fmt: skip
    stall.rules(
        {**LIST, "when": {"brands": ["a"]}},
        {"name": "rich", "when": {"brands": ["b"]}, "price": {"kind": "profit", "amount": 1}},
    )
    stall.refresh()
    found = stall.refusals("core.price_refusals")
    assert found["trendyol", "none"] == ("no_price_possible", "the rule list finds no price: the feed proposes none")
    assert "none is high enough" in found["trendyol", "never"][1]
    assert found["trendyol", "free"][0] == "no_cost"


def test_a_preview_changes_nothing_and_is_kept_for_whoever_approves(stall):
    stall.offers(WORKED, {**WORKED, "supplier_sku": "loss", "list_price": D(400)})
    outcome = stall.rules(LIST)
    assert (out(stall), stall.refusals("core.price_refusals")) == ({}, {})
    kept = get_rules(stall.pricing).preview
    assert kept["counts"] == outcome.counts
    assert kept["examples"][0]["after"] == "600.0000"
    assert kept["refusals"][0]["detail"].startswith("at 400.00 it earns")


def test_rules_are_approved_once_and_after_a_preview(stall):
    first = draft_rules(stall.pricing, [LIST], note="a start")
    with pytest.raises(Refused, match="nobody has seen what version 1"):
        approve_rules(stall.pricing, first.version)
    with pytest.raises(NotFound, match="no price rules are active yet"):
        refresh_prices(stall.pricing, new_id())
    stall.rules(LIST)
    stall.rules(MARKUP)
    assert [(each.version, each.status) for each in list_rules(stall.pricing)] == [
        (3, "active"),
        (2, "retired"),
        (1, "draft"),
    ]
    with pytest.raises(Refused, match="version 2 of the price rules is retired"):
        approve_rules(stall.pricing, 2)


def test_a_broken_floor_is_found(stall):
    stall.offers(WORKED)
    stall.rules(LIST)
    stall.refresh()
    assert all(verdict.holds for verdict in look(stall))
    stall.change("UPDATE core.price_changes SET least_profit = 1000")
    broken = [verdict.name for verdict in look(stall) if not verdict.holds]
    assert broken == ["price_changes_lead_to_the_present", "prices_keep_their_floor"]


@pytest.mark.parametrize(
    "change", ["net_cash = -5", "net_cash = -5, approval_id = 'nobody'", "least_profit = 1000", "price = 1"]
)
def test_what_was_let_out_past_the_guard_is_found(stall, change):
    stall.offers(WORKED)
    stall.rules(LIST)
    stall.refresh()
    stall.change(f"UPDATE core.published_prices SET {change}")
    assert "price_changes_lead_to_the_present" in [verdict.name for verdict in look(stall) if not verdict.holds]
    stall.change(f"UPDATE core.price_changes SET {change.replace('price =', 'after =')}")
    broken = [verdict.name for verdict in look(stall) if not verdict.holds]
    assert broken == ([] if change == "price = 1" else ["prices_keep_their_floor"])


def look(stall: Stall) -> list[invariants.Verdict]:
    with stall.pricing.lake.connect(read_only=True) as connection:
        names = ("prices_keep_their_floor", "price_changes_lead_to_the_present", "exchanged_prices_keep_the_bulletin")
        return [verdict for verdict in invariants.check(connection) if verdict.name in names]


def test_no_price_is_sought_for_a_parcel_without_a_tariff(stall):
    stall.tariff([("Aras", 2, 0, None, "83.93")])
    stall.term("carrier", "Aras")
    stall.offers({**WORKED, "desi": D(3)})
    stall.rules({"name": "margin", "price": {"kind": "margin", "rate": 10}})
    stall.refresh()
    told = "the carrier Aras has no amount for 3 desi; expected a row in the cargo tariff"
    assert stall.refusals("core.price_refusals") == {("trendyol", "A1"): ("no_tariff", told)}


def test_the_lowest_of_several_approvals_counts_once(stall):
    stall.offers({**WORKED, "list_price": D(400)})
    stall.rules(LIST)
    until = stall.pricing.day_of(utc_now())
    for price in (400, 390):
        stall.change(f"UPDATE core.offers SET list_price = {price}")
        stall.refresh()
        approve_price(stall.pricing, "trendyol", "acme", "A1", note="clearance", valid_until=until)
    stall.change("UPDATE core.offers SET list_price = 410")
    assert counts(stall.refresh()) == {"new": 1}
    assert out(stall) == {"A1": D(410)}


def test_the_advertised_price_comes_before_the_largest_step(stall):
    stall.offers(WORKED)
    stall.rules({**MARKUP, "largest_step_rate": 1, "advertised_rate": 100})
    stall.refresh()
    stall.change("UPDATE core.offers SET list_price = 700")
    stall.refresh()
    assert out(stall) == {"A1": D(700)}


def test_a_rule_for_a_channel_that_there_is_not_is_refused(stall):
    with pytest.raises(Refused, match=r"rule 2, when.channels: there is no channel 'trendyl'; there are: trendyol"):
        draft_rules(stall.pricing, [LIST, {**MARKUP, "when": {"channels": ["trendyl"]}}])

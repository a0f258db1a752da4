"""Terms over the API: stated, listed, ended and removed by who may, for one channel or for all."""

from typing import Any

import pytest

from meschain.pricing.service import NewTerm, state_term
from tests.pricing.trade import Trade
from tests.web.stage import check_problem

NEW = {"name": "commission_rate", "value": "15", "since": "2026-01-01", "source": "contract of 2026"}


def state(trade: Trade, caller: str = "owner", **more: Any) -> Any:
    answered = trade.ask("POST", "/terms", caller, json=NEW | more)
    assert answered.status_code == 201, answered.text
    return answered.json()


def test_a_term_is_stated_listed_ended_and_removed(trade: Trade) -> None:
    made = state(trade, name="service_fee", value=" 10.19 ", until="2027-01-01", brand="Lego", category="Toys")
    assert {name: made[name] for name in made if name not in {"id", "created_at", "created_by"}} == {
        "name": "service_fee", "value": "10.19", "since": "2026-01-01", "until": "2027-01-01",
        "source": "contract of 2026", "channel": None, "supplier": None, "brand": "Lego", "category": "Toys",
    }  # fmt: skip
    assert made["created_by"].startswith("user:")
    assert trade.pages("/terms", name="service_fee") == [made]
    ended = trade.ask("POST", f"/terms/{made['id']}/end", json={"until": "2026-07-01"})
    assert (ended.status_code, ended.json()) == (200, made | {"until": "2026-07-01"})
    early = trade.ask("POST", f"/terms/{made['id']}/end", json={"until": "2026-01-01"})
    assert "before it begins on 2026-01-01; remove it" in check_problem(early, 409, "refused")["detail"]
    removed = trade.ask("DELETE", f"/terms/{made['id']}")
    assert (removed.status_code, removed.content) == (204, b"")
    assert trade.pages("/terms", name="service_fee") == []
    for method, path, body in (("DELETE", "", None), ("POST", "/end", {"until": "2027-01-01"})):
        check_problem(trade.ask(method, f"/terms/{made['id']}{path}", json=body), 404, "not-found")
    told = [(each["tag"], each["target"]) for each in trade.logged("pricing:term")]
    assert told[:2] == [("pricing:term:removed", "term service_fee"), ("pricing:term:added", "term service_fee")]


def test_terms_come_in_order_page_by_page(trade: Trade) -> None:
    for channel in (None, "shop", "trendyol"):
        for since in ("2025-01-01", "2024-01-01"):
            state(trade, name="return_rate", value="5", since=since, channel=channel)
    everything = trade.pages("/terms", limit=2)
    assert everything == trade.pages("/terms", limit=200)
    found = [(each["channel"], each["since"]) for each in everything if each["name"] == "return_rate"]
    assert found == [
        (channel, f"{year}-01-01") for channel in (None, "shop", "trendyol") for year in (2024, 2025)
    ]  # fmt: skip
    again = trade.ask("POST", "/terms", json=NEW | {"name": "return_rate", "since": "2024-01-01", "channel": "shop"})
    assert "has a value from 2024-01-01 on" in check_problem(again, 409, "refused")["detail"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"name": "colour"}, {"/body/name": "there is no such term; there are"}),
        ({"value": "101"}, {"/body/value": "commission_rate: '101' cannot be; input should be less than or equal"}),
        ({"name": "vat_credit", "value": "perhaps"}, {"/body/value": "vat_credit: 'perhaps' cannot be"}),
        ({"value": 15}, {"/body/value": "valid string"}),
        ({"since": "2026-02-30"}, {"/body/since": "valid date"}),
        ({"until": "2026-01-01"}, {"/body/until": "it would end before it begins"}),
        ({"source": " \n"}, {"/body/source": "expected some words"}),
        ({"channel": "nowhere"}, {"/body/channel": "there is no channel 'nowhere'"}),
        ({"channel": ""}, {"/body/channel": "at least 1"}),
        ({"category": "x" * 301, "odd": 1}, {"/body/category": "at most 300", "/body/odd": "not permitted"}),
    ],
)  # fmt: skip
def test_what_cannot_be_stated_is_told_by_its_part(trade: Trade, wrong: dict[str, Any], told: dict[str, str]) -> None:
    faults = trade.faults("POST", "/terms", json=NEW | wrong)
    assert faults.keys() == told.keys()
    for pointer, text in told.items():
        assert text in faults[pointer]


def test_who_may_write_for_one_channel_writes_for_that_one_alone(trade: Trade) -> None:
    general, there = (state(trade, name="other_costs", value="1", channel=each) for each in (None, "trendyol"))
    elsewhere = state(trade, name="other_costs", value="2", channel="shop")
    mine = state(trade, "trendyol", name="cargo", value="50", channel="trendyol")
    for channel in (None, "shop"):
        check_problem(trade.ask("POST", "/terms", "trendyol", json=NEW | {"channel": channel}), 403, "forbidden")
    for caller in ("trendyol", "looker"):
        seen = trade.pages("/terms", caller, limit=3)
        assert {each["channel"] for each in seen} == {None, "trendyol"}
        assert {each["id"] for each in seen} >= {general["id"], there["id"], mine["id"]}
    ends = (("POST", "/end", {"until": "2027-01-01"}), ("DELETE", "", None))
    for method, path, body in ends:
        for term, caller, status in (
            (elsewhere, "trendyol", 404), (general, "trendyol", 403), (there, "outsider", 404), (there, "looker", 403),
            (there, "viewer", 403), (there, "rival", 404), (there, "trendyol", 204 if method == "DELETE" else 200),
        ):  # fmt: skip
            answered = trade.ask(method, f"/terms/{term['id']}{path}", caller, json=body)
            assert answered.status_code == status, (method, caller, answered.text)
    check_problem(trade.ask("GET", "/terms", "viewer"), 403)
    check_problem(trade.ask("POST", "/terms", "looker", json=NEW | {"channel": "trendyol"}), 403)


def test_another_tenants_terms_are_nobody_elses(trade: Trade) -> None:
    theirs = state_term(trade.theirs, NewTerm(**{**NEW, "since": trade.day(), "source": "their contract"}))
    assert [each["id"] for each in trade.pages("/terms", "rival")] == [theirs.id]
    assert theirs.id not in {each["id"] for each in trade.pages("/terms")}
    check_problem(trade.ask("DELETE", f"/terms/{theirs.id}"), 404)
    check_problem(trade.ask("POST", f"/terms/{theirs.id}/end", json={"until": "2099-01-01"}), 404)
    assert trade.faults("POST", "/terms", "rival", json=NEW | {"channel": "trendyol"}).keys() == {"/body/channel"}


def test_the_reference_is_told_with_its_days_and_sources(trade: Trade) -> None:
    found = trade.get("/terms/reference", "looker")
    assert [each for each in found if each["name"] == "withholding_rate"][-1] == {
        "name": "withholding_rate", "value": "1", "since": "2025-01-01",
        "source": "stopaj of the price without KDV, Presidential Decree 9284",
    }  # fmt: skip
    assert {each["value"] for each in found if each["name"] == "resaleable"} == {"true"}
    assert found == trade.get("/terms/reference", currency="TL")
    assert "vat_rate" not in {each["name"] for each in trade.get("/terms/reference", currency="EUR")}
    assert trade.faults("GET", "/terms/reference", params={"currency": "liras"}).keys() == {"/query/currency"}
    check_problem(trade.ask("GET", "/terms/reference", "viewer"), 403)

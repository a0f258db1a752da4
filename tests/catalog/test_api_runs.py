"""Runs over the API: looked at by who may see their supplier, decided by who may decide, and the work left to flows."""

import pytest

from meschain.catalog import decisions
from meschain.catalog.tables import Run
from tests.catalog.market import Market
from tests.catalog.shop import goods
from tests.web.stage import check_problem

MANY = 40


def dearer(count: int = MANY) -> list[dict[str, object]]:
    return goods(count, price=lambda number: f"{number}50.00")


def hold(market: Market, slug: str) -> tuple[str, str]:
    """Ids of an applied and of a held run of the supplier."""
    applied, held = market.shop.sync(goods(MANY), slug), market.shop.sync(dearer(), slug)
    assert (applied.status, held.status) == ("applied", "held")
    return applied.id, held.id


@pytest.fixture(scope="module")
def two_runs(market: Market) -> dict[str, tuple[str, str]]:
    """Applied and held run, by supplier."""
    return {slug: hold(market, slug) for slug in ("acme-toys", "bravo")}


def test_a_run_is_told_with_its_reasons_and_differences(market: Market, two_runs) -> None:
    applied, held = two_runs["acme-toys"]
    seen = market.get(f"/runs/{held}")
    assert (seen["id"], seen["supplier"], seen["kind"], seen["status"]) == (held, "acme-toys", "sync", "held")
    assert "decimal mark may have moved" in seen["reasons"][0]
    assert (seen["counts"]["read"], seen["counts"]["changed"], seen["base_run_id"]) == (MANY, MANY, applied)
    assert "seed" not in seen["counts"]
    assert [file["name"] for file in seen["files"]] == ["feed.csv"]
    would = market.get(f"/runs/{held}/differences", limit=2)
    assert (would["kinds"], [example["supplier_sku"] for example in would["examples"]]) == (
        {"changed": MANY},
        ["A001", "A002"],
    )
    assert would["examples"][1]["changes"] == [{"field": "list_price", "before": "2.5000", "after": "250.0000"}]
    did = market.get(f"/runs/{applied}/differences", limit=1)
    assert (did["kinds"], did["examples"][0]["kind"]) == ({"new": MANY}, "new")


def test_lists_go_page_by_page_and_show_what_may_be_seen(market: Market, two_runs) -> None:
    everything = market.pages("/runs", limit=1)
    assert [run["id"] for run in everything] == sorted((run["id"] for run in everything), reverse=True)
    assert {run for pair in two_runs.values() for run in pair} <= {run["id"] for run in everything}
    seen = {run["supplier"] for run in market.pages("/runs", "agency", limit=1)}
    assert "acme-toys" in seen
    assert all(supplier.startswith("acme-") for supplier in seen)
    assert {run["id"] for run in market.pages("/runs", status="held")} >= {pair[1] for pair in two_runs.values()}
    assert [run["id"] for run in market.pages("/runs", supplier="bravo")] == list(reversed(two_runs["bravo"]))
    assert [run["id"] for run in market.pages("/suppliers/bravo/runs", status="applied")] == [two_runs["bravo"][0]]
    assert market.pages("/runs", "rival") == []
    for caller, hidden in (("owner", "nobody"), ("agency", "nobody"), ("agency", "bravo")):
        assert market.pages("/runs", caller, supplier=hidden) == []
    check_problem(market.ask("GET", "/runs", params={"status": "odd"}), 422)
    check_problem(market.ask("GET", "/suppliers/bravo/runs", "agency"), 403)


def test_what_may_not_be_seen_is_not_there(market: Market, two_runs) -> None:
    theirs = two_runs["bravo"][1]
    acts = [("GET", ""), ("GET", "/differences"), ("POST", "/approval"), ("POST", "/rejection"), ("POST", "/rollback")]
    for caller in ("agency", "rival"):
        for method, what in acts:
            check_problem(market.ask(method, f"/runs/{theirs}{what}", caller), 404)
    for method, what in acts:
        check_problem(market.ask(method, f"/runs/{theirs[-8:]}{what}"), 404)  # no ending, as on the command line
    own = two_runs["acme-toys"][1]
    for what in ("/approval", "/rejection", "/rollback"):
        check_problem(market.ask("POST", f"/runs/{own}{what}", "viewer"), 403)
    assert market.ask("GET", f"/runs/{own}", "viewer").status_code == 200


@pytest.mark.parametrize(
    ("what", "place", "decision"),
    [("approval", 1, "approve"), ("rejection", 1, "reject"), ("rollback", 0, "roll back")],
)
def test_a_decision_is_left_to_a_flow_in_the_name_of_who_asked(
    market: Market, two_runs, what: str, place: int, decision: str
) -> None:
    run = two_runs["acme-toys"][place]
    headers = {"X-Request-ID": f"request-{what}", "Idempotency-Key": what}
    asked = market.ask("POST", f"/runs/{run}/{what}", "agency", json={"note": "yes"}, headers=headers)
    assert asked.status_code == 202
    told = asked.json()
    assert told["parameters"] == {"run": run, "supplier": "acme-toys", "decision": decision, "note": "yes"}
    assert (told["flow"], told["request_id"]) == ("decide-run", f"request-{what}")
    assert told["requested_by"].startswith("user:")
    assert market.get(asked.headers["location"].removeprefix("/v1"), "agency")["id"] == told["id"]
    again = market.ask("POST", f"/runs/{run}/{what}", "agency", json={"note": "yes"}, headers=headers)
    assert again.json()["id"] == told["id"]
    other = market.ask("POST", f"/runs/{run}/{what}", "agency", json={"note": "no"}, headers=headers)
    check_problem(other, 422, "idempotency-key-reused")
    check_problem(market.ask("POST", f"/runs/{run}/{what}", json={"note": "x" * 501}), 422)


def test_what_cannot_be_decided_any_more_is_refused_at_once_but_not_to_who_asked_before(market: Market) -> None:
    applied, held = hold(market, "acme-tools")
    assert "only a held run" in check_problem(market.ask("POST", f"/runs/{applied}/approval"), 409)["detail"]
    assert "only an applied run" in check_problem(market.ask("POST", f"/runs/{held}/rollback"), 409)["detail"]
    keyed = {"Idempotency-Key": "tools"}
    asked = market.ask("POST", f"/runs/{held}/rejection", headers=keyed)
    decisions.reject_run(market.shop.catalog, held)
    assert market.ask("POST", f"/runs/{held}/rejection", headers=keyed).json()["id"] == asked.json()["id"]
    check_problem(market.ask("POST", f"/runs/{held}/rejection"), 409)


def test_a_run_without_an_end_is_told_as_it_is(market: Market) -> None:
    from meschain.store.session import transaction  # noqa: PLC0415  for this test alone

    catalog = market.shop.catalog
    owner = market.shop.supplier("acme-slow")
    with transaction(catalog.engine) as session:
        run = Run(tenant_id=catalog.tenant_id, supplier_id=owner.id, counts={"read": 7})
        session.add(run)
    seen = market.get(f"/runs/{run.id}")
    assert (seen["status"], seen["counts"], seen["finished_at"], seen["files"]) == ("running", {"read": 7}, None, [])
    assert market.get(f"/runs/{run.id}/differences") == {"kinds": {}, "examples": []}

"""Flows are started over the API by who may, with parameters that fit, once per key, and for one's own tenant alone."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from meschain.access.grants import GivenRole
from meschain.runs import flows
from meschain.settings import Settings
from meschain.web.app import create_app
from tests.access.people import People
from tests.runs.test_flows_announced import flow

Headers = dict[str, str]


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings)) as client:
        flows.announce(client.app.state.house.engine, [flow("sync-catalog", "needs:catalog:sync"), flow("secret")])
        yield client


@pytest.fixture
def callers(client: TestClient) -> dict[str, Headers]:
    """Who asks, by name."""
    state = client.app.state
    people = People(state.house.access, state.signing_keys, state.authenticator)
    one, two = people.tenant("one"), people.tenant("two")
    people.owner(one, "owner@one.example")
    people.owner(two, "owner@two.example")
    people.member(one, "viewer@one.example", "viewer")
    people.member(one, "agency@one.example", GivenRole("ops", "supplier", "acme*"))
    names = ("owner@one.example", "owner@two.example", "viewer@one.example", "agency@one.example")
    return {name: {"Authorization": f"Bearer {people.token(people.log_in(name))}"} for name in names}


def start(client: TestClient, who: Headers, supplier: str = "acmetoys", key: str = "", **more: object):
    headers = who | ({"Idempotency-Key": key} if key else {})
    body = {"parameters": {"supplier": supplier, **more}}
    return client.post("/v1/flows/sync-catalog/runs", json=body, headers=headers)


def test_a_run_is_asked_for_followed_and_taken_back(client, callers):
    owner = callers["owner@one.example"]
    asked = start(client, owner | {"X-Request-ID": "request-0001"})
    assert (asked.status_code, asked.json()["state"], asked.json()["request_id"]) == (202, "queued", "request-0001")
    assert asked.json()["parameters"] == {"supplier": "acmetoys"}
    place = asked.headers["location"]
    assert client.get(place, headers=owner).json() == asked.json()
    assert client.post(f"{place}/cancellation", headers=owner).json()["state"] == "cancelled"
    again = client.post(f"{place}/retry", headers=owner)
    assert (again.status_code, again.json()["parameters"]) == (202, asked.json()["parameters"])
    listed = client.get("/v1/flow-runs", params={"limit": 1}, headers=owner)
    assert listed.json()["items"] == [again.json()]
    rest = client.get("/v1/flow-runs", params={"cursor": listed.json()["next"]}, headers=owner).json()
    assert [run["id"] for run in rest["items"]] == [asked.json()["id"]]


def test_the_same_key_is_the_same_run_and_another_body_is_refused(client, callers):
    owner = callers["owner@one.example"]
    first, second = (start(client, owner, key="once").json() for _ in range(2))
    assert first["id"] == second["id"]
    other = start(client, owner, "acmetools", key="once")
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    theirs = start(client, callers["owner@two.example"], "acmetools", key="once")
    assert theirs.status_code == 202


def test_parameters_that_do_not_fit_are_named(client, callers):
    answer = start(client, callers["owner@one.example"], "No Such", force="maybe")
    assert answer.status_code == 422
    assert {each["pointer"] for each in answer.json()["errors"]} == {
        "/body/parameters/supplier",
        "/body/parameters/force",
    }
    assert start(client, callers["owner@one.example"], tenant="two").status_code == 422


def test_who_may_start_what(client, callers):
    assert start(client, callers["viewer@one.example"]).status_code == 403
    assert start(client, callers["agency@one.example"]).status_code == 202
    assert start(client, callers["agency@one.example"], "other").status_code == 403
    owner = callers["owner@one.example"]
    assert client.post("/v1/flows/secret/runs", json={}, headers=owner).status_code == 404
    assert [each["name"] for each in client.get("/v1/flows", headers=owner).json()] == ["sync-catalog"]
    assert client.get("/v1/flows", headers=callers["viewer@one.example"]).json() == []
    refused = client.get("/v1/audit/entries", params={"tag": "access:permission"}, headers=owner).json()["items"]
    assert len(refused) == 2


def test_another_tenants_runs_are_not_there(client, callers):
    place = start(client, callers["owner@one.example"]).headers["location"]
    other = callers["owner@two.example"]
    answers = [client.get(place, headers=other), client.post(f"{place}/cancellation", headers=other)]
    answers.append(client.post(f"{place}/retry", headers=other))
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert client.get("/v1/flow-runs", headers=other).json()["items"] == []

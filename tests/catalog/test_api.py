"""Catalogs over the API: what may be seen is seen, what is decided is left to a flow, secrets never come out."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from meschain.access.grants import GivenRole
from meschain.settings import Settings
from meschain.web.app import create_app
from tests.access.people import People
from tests.catalog.shop import Shop, goods, open_shop
from tests.homes import TENANT

Headers = dict[str, str]


@pytest.fixture
def client(shop_home: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(home=shop_home))) as client:
        yield client


@pytest.fixture
def shop(client: TestClient, shop_home: Path, tmp_path: Path) -> Iterator[Shop]:
    with open_shop(shop_home, TENANT, tmp_path) as opened:
        yield opened


@pytest.fixture
def callers(client: TestClient) -> dict[str, Headers]:
    state = client.app.state
    people = People(state.house.access, state.signing_keys, state.authenticator)
    tenant, other = state.house.tenant(TENANT).id, people.tenant("other")
    people.owner(tenant, "owner@one.example")
    people.owner(other, "owner@two.example")
    people.member(tenant, "agency@one.example", GivenRole("ops", "supplier", "acme*"))
    people.member(tenant, "viewer@one.example", "viewer")
    names = ("owner@one.example", "owner@two.example", "agency@one.example", "viewer@one.example")
    return {name: {"Authorization": f"Bearer {people.token(people.log_in(name))}"} for name in names}


SOURCE = {"kind": "http", "urls": ["https://feeds.example.com/a.csv"], "username": "me", "password": "s3cret-word"}


def test_a_supplier_is_made_seen_and_changed_but_its_secret_never_comes_out(client, callers):
    owner = callers["owner@one.example"]
    made = client.post("/v1/suppliers", json={"supplier": "acme-toys", "source": SOURCE}, headers=owner)
    assert (made.status_code, made.json()["has_secret"], made.headers["etag"]) == (201, True, '"v1"')
    moved = {**SOURCE, "urls": ["https://feeds.example.com/b.csv"]}
    place = "/v1/suppliers/acme-toys"
    assert client.put(f"{place}/source", json=moved, headers=owner).status_code == 428
    changed = client.put(f"{place}/source", json=moved, headers=owner | {"If-Match": '"v1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"v2"')
    assert client.put(f"{place}/source", json=moved, headers=owner | {"If-Match": '"v1"'}).status_code == 412
    answers = [made, changed, client.get(place, headers=owner), client.get("/v1/audit/entries", headers=owner)]
    assert not [answer for answer in answers if "s3cret-word" in answer.text]


def test_a_file_of_the_server_cannot_be_named(client, callers):
    owner = callers["owner@one.example"]
    body = {"supplier": "x", "source": {"kind": "file", "paths": ["/etc/passwd"]}}
    answer = client.post("/v1/suppliers", json=body, headers=owner)
    assert (answer.status_code, "set by its operator" in answer.json()["detail"]) == (409, True)


def test_a_profile_is_declared_with_the_version_that_was_seen(client, callers, shop):
    owner = callers["owner@one.example"]
    shop.supplier("acme")
    place = "/v1/suppliers/acme/profile"
    assert client.get(place, headers=owner).status_code == 404
    shop.sync(goods(3))
    proposed = client.get(place, headers=owner)
    body = proposed.json()["profile"]
    declared = client.put(place, json=body | {"gate": {"row_loss": 0.5}}, headers=owner | {"If-Match": '"v1"'})
    assert (declared.status_code, declared.json()["version"], declared.json()["origin"]) == (200, 2, "declared")
    assert client.put(place, json=body, headers=owner | {"If-Match": '"v1"'}).status_code == 412
    wrong = client.put(place, json={"nonsense": 1}, headers=owner | {"If-Match": '"v2"'})
    assert (wrong.status_code, "nonsense" in wrong.json()["detail"]) == (422, True)


def test_a_held_run_is_looked_at_and_its_decision_left_to_a_flow(client, callers, shop):
    owner = callers["owner@one.example"]
    shop.sync(goods(40))
    held = shop.sync(goods(40, price=lambda number: f"{number}50.00")).id
    newest = client.get("/v1/runs", headers=owner).json()[0]
    assert (newest["id"], newest["status"], newest["supplier"]) == (held, "held", "acme")
    assert "decimal mark may have moved" in newest["reasons"][0]
    seen = client.get(f"/v1/runs/{held}/differences", params={"limit": 1}, headers=owner).json()
    assert (seen["kinds"], len(seen["examples"])) == ({"changed": 40}, 1)
    asked = client.post(f"/v1/runs/{held}/approval", json={"note": "yes"}, headers=owner)
    assert asked.status_code == 202
    assert asked.json()["parameters"] == {"run": held, "supplier": "acme", "decision": "approve", "note": "yes"}
    assert client.get(asked.headers["location"], headers=owner).json()["state"] == "queued"
    assert client.get("/v1/suppliers/acme/quarantine", headers=owner).json() == {"reasons": [], "entries": []}
    history = client.get("/v1/suppliers/acme/offers/A001/history", headers=owner).json()
    assert {row["field"] for row in history} >= {"list_price", "title"}
    assert client.get("/v1/suppliers/acme/offers/nope/history", headers=owner).status_code == 404


def test_who_may_see_and_decide_what(client, callers, shop):
    shop.sync(goods(40))
    mine = shop.sync(goods(40, price=lambda number: f"{number}50.00")).id
    shop.sync(goods(40), "other")
    theirs = shop.sync(goods(40, price=lambda number: f"{number}50.00"), "other").id
    agency, viewer, foreign = (callers[f"{name}.example"] for name in ("agency@one", "viewer@one", "owner@two"))
    assert {run["supplier"] for run in client.get("/v1/runs", headers=agency).json()} == {"acme"}
    assert [each["supplier"] for each in client.get("/v1/suppliers", headers=agency).json()] == ["acme"]
    statuses = [client.post(f"/v1/runs/{run}/approval", json={}, headers=agency).status_code for run in (mine, theirs)]
    assert statuses == [202, 404]
    assert client.post(f"/v1/runs/{mine}/approval", json={}, headers=viewer).status_code == 403
    assert client.get(f"/v1/runs/{mine}", headers=viewer).status_code == 200
    for path in (f"/v1/runs/{mine}", f"/v1/runs/{mine}/differences", "/v1/suppliers/acme"):
        assert client.get(path, headers=foreign).status_code == 404
    assert client.get("/v1/runs", headers=foreign).json() == []

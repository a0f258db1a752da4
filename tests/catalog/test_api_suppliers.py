"""Suppliers over the API: made, changed by who has seen them as they are, reached by flows; secrets never come out."""

import pytest

from meschain.catalog.suppliers import add_supplier
from tests.catalog.market import THEIRS, Market
from tests.catalog.shop import goods
from tests.web.stage import check_problem

_SECRETS = ("s3cret-word", "s3cret-header", "s3cret-token")
SOURCE = {
    "kind": "http", "urls": ["https://feeds.example.com/a.csv"], "username": "me", "password": _SECRETS[0],
    "headers": {"X-Api-Key": _SECRETS[1]}, "query": {"token": _SECRETS[2]},
}  # fmt: skip


def make(market: Market, slug: str, **more: object) -> None:
    made = market.ask("POST", "/suppliers", json={"supplier": slug, **more})
    assert made.status_code == 201, made.text


def log(market: Market, tag: str) -> list[dict[str, str]]:
    return market.get("/audit/entries", tag=tag, limit=200)["items"]


def test_a_supplier_is_made_and_seen_but_its_secrets_never_come_out(market: Market) -> None:
    body = {"supplier": "acme-new", "name": "Acme", "every_minutes": 60, "source": SOURCE}
    made = market.ask("POST", "/suppliers", json=body)
    assert (made.status_code, made.headers["etag"], made.headers["location"]) == (201, '"v1"', "/v1/suppliers/acme-new")
    seen = market.ask("GET", "/suppliers/acme-new")
    assert seen.json() == made.json()
    assert (seen.json()["name"], seen.json()["every_minutes"], seen.json()["active"]) == ("Acme", 60, True)
    assert seen.json()["source"] == {
        "kind": "http", "options": {"urls": ["https://feeds.example.com/a.csv"], "username": "me"},
        "secrets": ["headers.X-Api-Key", "password", "query.token"],
    }  # fmt: skip
    pasted = {"kind": "http", "urls": ["https://me:s3cret-word@feeds.example.com/b.csv?token=s3cret-token"]}
    moved = market.ask("PUT", "/suppliers/acme-new/source", json=pasted, headers={"If-Match": '"v1"'})
    assert (moved.status_code, moved.headers["etag"]) == (200, '"v2"')
    assert moved.json()["source"]["options"] == {"urls": ["https://feeds.example.com/b.csv"], "username": "me"}
    again = market.ask("POST", "/suppliers", json=body)
    answers = [made, seen, moved, again, market.ask("GET", "/suppliers"), market.ask("GET", "/audit/entries")]
    assert not [answer for answer in answers if any(secret in answer.text for secret in _SECRETS)]
    assert check_problem(again, 409)["detail"].startswith("there is a supplier 'acme-new' already")


def test_a_file_of_the_server_can_be_named_by_its_operator_only(market: Market) -> None:
    source = {"kind": "file", "paths": ["/etc/passwd"]}
    wrong = check_problem(market.ask("POST", "/suppliers", json={"supplier": "acme-file", "source": source}), 422)
    told = "over the API a feed comes by HTTP (kind http); files of the server are named by its operator alone"
    assert wrong["errors"] == [{"pointer": "/body/source", "detail": told}]
    add_supplier(market.shop.catalog, "acme-file", source={"kind": "file", "paths": ["/srv/feeds/a.csv"]})
    seen = market.ask("GET", "/suppliers/acme-file")
    assert seen.json()["source"] == {"kind": "file", "options": {}, "secrets": []}
    put = market.ask("PUT", "/suppliers/acme-file/source", json=source, headers={"If-Match": '"v1"'})
    assert check_problem(put, 422)["errors"][0]["pointer"] == "/body"


@pytest.mark.parametrize(
    ("source", "pointer"),
    [
        ({"kind": "http"}, "/body/source/urls"),
        ({"kind": "http", "urls": []}, "/body/source/urls"),
        ({"kind": "http", "urls": ["ftp://feeds.example.com/a"]}, "/body/source"),
        ({"kind": "http", "urls": ["https://feeds.example.com/a"], "pasword": "s3cret-word"}, "/body/source/pasword"),
        ({"urls": ["https://feeds.example.com/a"]}, "/body/source/kind"),
    ],
)
def test_a_source_that_cannot_be_is_told_by_its_place(market: Market, source: dict[str, object], pointer: str) -> None:
    answer = market.ask("POST", "/suppliers", json={"supplier": "acme-wrong", "source": source})
    assert [each["pointer"] for each in check_problem(answer, 422)["errors"]] == [pointer]
    assert "s3cret-word" not in answer.text


def test_a_supplier_is_changed_by_who_has_seen_it_as_it_is(market: Market) -> None:
    make(market, "acme-changed", every_minutes=30)
    place = "/suppliers/acme-changed"
    check_problem(market.ask("PATCH", place, json={"active": False}), 428)
    changed = market.ask("PATCH", place, json={"active": False, "every_minutes": None}, headers={"If-Match": '"v1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"v2"')
    assert (changed.json()["active"], changed.json()["every_minutes"]) == (False, None)
    check_problem(market.ask("PATCH", place, json={"name": "B"}, headers={"If-Match": '"v1"'}), 412)
    same = market.ask("PATCH", place, json={"active": False}, headers={"If-Match": '"v2"'})
    assert same.headers["etag"] == '"v2"'
    for wrong in ({"every_minutes": 0}, {"every_minutes": 10**9}, {"slug": "b"}, {"active": None}, {"name": "x" * 300}):
        check_problem(market.ask("PATCH", place, json=wrong, headers={"If-Match": '"v2"'}), 422)
    (noted,) = [each for each in log(market, "catalog:supplier:changed") if each["target"] == "supplier acme-changed"]
    assert '"before":{"active":true,"every_minutes":30}' in noted["body"]


def test_a_profile_is_declared_with_the_version_that_was_seen(market: Market) -> None:
    make(market, "acme-profile")
    place = "/suppliers/acme-profile/profile"
    check_problem(market.ask("GET", place), 404)
    body = {"fields": {"supplier_sku": {"from": ["sku"]}}, "vat_rates": {"18": "20"}}
    first = market.ask("PUT", place, json=body, headers={"If-Match": '"v0"'})
    assert (first.status_code, first.headers["etag"], first.json()["origin"]) == (200, '"v1"', "declared")
    assert first.json()["profile"] == body
    market.shop.sync(goods(3), "acme-profile")
    again = market.ask("PUT", place, json=body | {"gate": {"row_loss": 0.5}}, headers={"If-Match": '"v1"'})
    assert again.json()["version"] == 2
    check_problem(market.ask("PUT", place, json=body, headers={"If-Match": '"v1"'}), 412)
    assert market.ask("GET", place, "viewer").json() == again.json()
    check_problem(market.ask("PUT", place, "viewer", json=body, headers={"If-Match": '"v2"'}), 403)


@pytest.mark.parametrize(
    ("body", "pointer", "told"),
    [
        ({"nonsense": 1}, "/body/nonsense", "Extra inputs"),
        ({"fields": {"supplier_sku": {"from": 1}}}, "/body/fields/supplier_sku/from", "tuple"),
        ({"fields": {"mpn": {"rewrite": [{"match": "(", "to": ""}]}}}, "/body/fields/mpn/rewrite/0", "no regular"),
        ({"currency": "LIRA"}, "/body", "not an ISO 4217 code"),
        ({"derive": {"cost": "lpad(title, 1000000000, 'x')"}}, "/body", "lpad is neither a field of an offer nor"),
        ({"derive": {"cost": "title || title"}}, "/body", "joins texts"),
    ],
)
def test_a_profile_that_cannot_be_is_told_by_its_places(market: Market, body, pointer: str, told: str) -> None:
    market.shop.supplier("acme-odd")
    answer = market.ask("PUT", "/suppliers/acme-odd/profile", json=body, headers={"If-Match": '"v0"'})
    (fault,) = check_problem(answer, 422)["errors"]
    assert fault["pointer"] == pointer
    assert told.removeprefix("no ") in fault["detail"]


@pytest.mark.parametrize(
    ("what", "flow", "more"), [("connection-tests", "test-connection", {}), ("syncs", "sync-catalog", {"force": False})]
)
def test_what_is_heavy_is_left_to_a_flow_once_per_key(market: Market, what: str, flow: str, more) -> None:
    slug = f"acme-{what}"
    make(market, slug)
    place = f"/suppliers/{slug}/{what}"
    assert "has no source yet" in check_problem(market.ask("POST", place), 409)["detail"]
    market.ask("PUT", f"/suppliers/{slug}/source", json=SOURCE, headers={"If-Match": '"v1"'})
    keyed = {"Idempotency-Key": f"once-{what}"}
    first, second, other = (market.ask("POST", place, headers=headers) for headers in (keyed, keyed, {}))
    assert (first.status_code, first.json()["flow"], first.json()["state"]) == (202, flow, "queued")
    assert first.json()["parameters"] == {"supplier": slug, **more}
    assert first.json()["id"] == second.json()["id"] != other.json()["id"]
    assert first.headers["location"] == second.headers["location"] == f"/v1/flow-runs/{first.json()['id']}"
    assert market.get(first.headers["location"].removeprefix("/v1"))["id"] == first.json()["id"]
    reused = market.ask("POST", f"/suppliers/{slug}/syncs", json={"force": True}, headers=keyed)
    check_problem(reused, 422, "idempotency-key-reused")
    check_problem(market.ask("POST", place, headers={"Idempotency-Key": "two words"}), 422)
    for caller, status in (("agency", 202), ("viewer", 403), ("rival", 404)):
        assert market.ask("POST", place, caller).status_code == status


def test_who_sees_which_suppliers(market: Market) -> None:
    for slug in ("acme-one", "acme-two", "bravo"):
        market.shop.supplier(slug)
    everything = [each["supplier"] for each in market.pages("/suppliers", limit=2)]
    assert everything == sorted(everything)
    assert {"acme-one", "acme-two", "bravo"} <= set(everything)
    assert [each["supplier"] for each in market.pages("/suppliers", "agency", limit=2)] == [
        slug for slug in everything if slug.startswith("acme")
    ]
    assert market.pages("/suppliers", "rival") == []
    check_problem(market.ask("GET", "/suppliers/bravo", "agency"), 403)
    check_problem(market.ask("GET", "/suppliers/bravo", "rival"), 404)
    check_problem(market.ask("PATCH", "/suppliers/bravo", "rival", json={}, headers={"If-Match": '"v1"'}), 404)
    check_problem(market.ask("POST", "/suppliers", "agency", json={"supplier": "acme-three"}), 403)
    check_problem(market.ask("POST", "/suppliers", "viewer", json={"supplier": "acme-three"}), 403)
    made = market.ask("POST", "/suppliers", "rival", json={"supplier": "bravo", "name": "Theirs"})
    assert made.status_code == 201
    assert market.get("/suppliers/bravo")["name"] == "bravo"
    assert market.catalog(THEIRS).tenant == THEIRS


def test_a_cursor_of_one_list_or_tenant_is_of_no_use_elsewhere(market: Market) -> None:
    for slug in ("acme-a", "acme-b"):
        market.shop.supplier(slug)
    cursor = market.get("/suppliers", limit=1)["next"]
    for path, caller, given in (
        ("/suppliers", "rival", cursor),
        ("/runs", "owner", cursor),
        ("/suppliers", "owner", "x"),
    ):
        check_problem(market.ask("GET", path, caller, params={"cursor": given}), 422)

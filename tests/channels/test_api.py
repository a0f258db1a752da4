"""Channels over the API: made, listed in pages, changed by who has seen them as they are, seen by who may."""

import pytest

from tests.channels.market import Market
from tests.web.stage import check_problem


def test_a_channel_is_made_and_seen(market: Market) -> None:
    body = {"channel": "trendyol", "name": "Trendyol", "currency": "TL"}
    made = market.ask("POST", "/channels", json=body)
    assert (made.status_code, made.headers["etag"], made.headers["location"]) == (201, '"v1"', "/v1/channels/trendyol")
    seen = market.ask("GET", "/channels/trendyol")
    assert seen.json() == made.json()
    assert seen.headers["etag"] == '"v1"'
    shown = seen.json()
    assert shown.pop("created_at")
    assert shown == {"channel": "trendyol", "name": "Trendyol", "currency": "TRY", "active": True}
    again = check_problem(market.ask("POST", "/channels", json=body), 409, "refused")
    assert again["detail"].startswith("there is a channel 'trendyol' already")
    assert check_problem(market.ask("GET", "/channels/n11"), 404)["detail"] == "there is no channel 'n11'"


@pytest.mark.parametrize(
    "wrong",
    [
        {"channel": "Trendyol"}, {"channel": ""}, {"channel": "a" * 64}, {"channel": "a/b"}, {"channel": None},
        {"currency": "LIRA"}, {"currency": ""}, {"currency": "x" * 41}, {"currency": None}, {"name": "x" * 201},
        {"active": False}, {"version": 1},
    ],
)  # fmt: skip
def test_a_channel_that_cannot_be_is_not_made(market: Market, wrong: dict[str, object]) -> None:
    check_problem(market.ask("POST", "/channels", json={"channel": "shop", "currency": "TRY", **wrong}), 422, "invalid")
    assert market.slugs() == []


def test_a_channel_is_changed_by_who_has_seen_it_as_it_is(market: Market) -> None:
    market.make("trendyol")
    place = "/channels/trendyol"
    check_problem(market.ask("PATCH", place, json={"active": False}), 428)
    changed = market.ask("PATCH", place, json={"active": False}, headers={"If-Match": '"v1"'})
    assert (changed.status_code, changed.headers["etag"], changed.json()["active"]) == (200, '"v2"', False)
    check_problem(
        market.ask("PATCH", place, json={"name": "B"}, headers={"If-Match": '"v1"'}), 412, "changed-meanwhile"
    )
    same = market.ask("PATCH", place, json={"active": False}, headers={"If-Match": '"v2"'})
    assert same.headers["etag"] == '"v2"'
    for wrong in ({"currency": "EUR"}, {"channel": "b"}, {"active": None}, {"active": "no way"}, {"name": "x" * 201}):
        check_problem(market.ask("PATCH", place, json=wrong, headers={"If-Match": '"v2"'}), 422, "invalid")
    assert market.get(place) == same.json()
    check_problem(market.ask("PATCH", "/channels/n11", json={"name": "B"}, headers={"If-Match": '"v1"'}), 404)


def test_who_sees_and_changes_which_channels(market: Market) -> None:
    market.make("n11", "shop-de", "shop-tr", "trendyol", "hepsiburada")
    everything = ["hepsiburada", "n11", "shop-de", "shop-tr", "trendyol"]
    assert market.slugs() == market.slugs("analyst") == everything
    assert market.slugs("agency") == ["shop-de", "shop-tr"]
    assert market.slugs("rival") == []
    tag = {"If-Match": '"v1"'}
    for caller, slug, may_see, may_change in (
        ("analyst", "n11", 200, 403), ("agency", "shop-de", 200, 200), ("agency", "n11", 403, 403),
        ("agency", "nothing", 403, 403), ("agency", "shop-xx", 404, 404), ("viewer", "n11", 403, 403),
        ("buyer", "n11", 403, 403), ("rival", "n11", 404, 404),
    ):  # fmt: skip
        assert market.ask("GET", f"/channels/{slug}", caller).status_code == may_see, (caller, slug)
        changed = market.ask("PATCH", f"/channels/{slug}", caller, json={"name": "Ours"}, headers=tag)
        assert changed.status_code == may_change, (caller, slug)
    for caller in ("viewer", "buyer"):
        check_problem(market.ask("GET", "/channels", caller), 403)
    for caller in ("analyst", "agency", "viewer", "buyer"):
        check_problem(market.ask("POST", "/channels", caller, json={"channel": "shop-x", "currency": "TRY"}), 403)
    theirs = market.ask("POST", "/channels", "rival", json={"channel": "n11", "currency": "EUR"})
    assert (theirs.status_code, market.get("/channels/n11")["currency"]) == (201, "TRY")


def test_a_cursor_of_one_tenant_is_of_no_use_to_another(market: Market) -> None:
    market.make("a", "b")
    cursor = market.get("/channels", limit=1)["next"]
    check_problem(market.ask("GET", "/channels", "rival", params={"cursor": cursor}), 422)
    assert [each["channel"] for each in market.get("/channels", cursor=cursor)["items"]] == ["b"]

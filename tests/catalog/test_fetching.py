"""Syncing from a source: fetched once, asked for conditionally, and read again when something else has changed."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from commerce.errors import Permanent, Refused
from connectors.http.settings import HttpSettings
from meschain.catalog import decisions
from meschain.catalog.runs import list_runs
from meschain.catalog.suppliers import add_supplier, get_supplier
from meschain.catalog.sync import sync_source
from meschain.catalog.tables import Run
from tests.catalog.shop import Shop, as_csv, goods
from tests.connectors.loopback import Reply, Seen, serving

_PROFILE = {
    "layout": {"format": "delimited"},
    "fields": {"supplier_sku": {"from": ["sku"]}, "title": {"from": ["title"]}, "cost": {"from": ["price"]}},
}


@dataclass
class Feed:
    """A feed on a server that knows its version."""

    body: bytes = b""
    version: int = 0
    refuse: bool = False
    asked: list[Seen] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def publish(self, rows: list[dict[str, object]]) -> None:
        self.body, self.version = as_csv(rows).encode(), self.version + 1

    def __call__(self, seen: Seen) -> Reply:
        tag = f'"{self.version}"'
        status = 401 if self.refuse else 304 if seen.headers.get("if-none-match") == tag else 200
        self.asked.append(seen)
        self.answers.append(status)
        return Reply(status, self.body if status == 200 else b"", {"ETag": tag})


@pytest.fixture
def feed(shop: Shop) -> Iterator[Feed]:
    """The feed of the supplier acme, behind a password."""
    published = Feed()
    with serving(published) as server:
        shop.catalog = replace(shop.catalog, http=HttpSettings(allow_private=("127.0.0.1",), rate=1000, attempts=1))
        source = {"kind": "http", "urls": [server.url("/feed.csv")], "username": "ayse", "password": "p4ss"}
        add_supplier(shop.catalog, "acme", source=source)
        yield published


def _sync(shop: Shop, *, force: bool = False) -> Run:
    return sync_source(shop.catalog, get_supplier(shop.catalog, "acme"), lambda _rows: None, force=force)


def test_a_feed_is_fetched_with_its_secret_and_not_sent_again_unchanged(shop: Shop, feed: Feed) -> None:
    feed.publish(goods(30))
    first = _sync(shop)
    assert (first.status, first.counts["new"]) == ("applied", 30)
    assert first.files[0]["name"] == "feed.csv"
    assert feed.asked[0].headers["authorization"].startswith("Basic ")
    again = _sync(shop)
    assert (again.status, again.counts["unchanged"], again.counts["parsed"]) == ("unchanged", 30, 0)
    assert feed.answers == [200, 304]
    feed.publish(goods(31))
    assert _sync(shop).counts["new"] == 1
    assert _sync(shop, force=True).counts["unchanged"] == 31
    assert feed.answers == [200, 304, 200, 200]
    assert not list((shop.catalog.raw / "acme").glob(".incoming/*"))


def test_a_mended_profile_reads_the_unchanged_feed_again(shop: Shop, feed: Feed) -> None:
    feed.publish(goods(30))
    _sync(shop)
    shop.profile({**_PROFILE, "currency": "EUR"})
    run = _sync(shop)
    assert (run.status, run.counts["changed"]) == ("applied", 30)
    assert set(shop.offers("currency").values()) == {"EUR"}


def test_a_feed_that_was_held_is_held_again_when_the_server_says_unchanged(shop: Shop, feed: Feed) -> None:
    feed.publish(goods(30))
    _sync(shop)
    feed.publish(goods(3))
    held = _sync(shop)
    again = _sync(shop)
    assert (held.status, again.status, again.id) == ("held", "held", held.id)
    decisions.reject_run(shop.catalog, held.id)
    assert _sync(shop).status == "held"


def test_a_feed_that_could_not_be_read_is_fetched_again(shop: Shop, feed: Feed) -> None:
    feed.publish([{"name": "nothing to tell it by"}])
    with pytest.raises(Refused, match="cannot be read without a profile"):
        _sync(shop)
    with pytest.raises(Refused, match="cannot be read without a profile"):
        _sync(shop)
    assert feed.answers == [200, 200]


def test_a_fetch_that_fails_is_a_failed_run_that_names_no_secret(shop: Shop, feed: Feed) -> None:
    feed.refuse = True
    with pytest.raises(Permanent, match="answered 401; the credentials are missing or not accepted"):
        _sync(shop)
    [(run, _)] = list_runs(shop.catalog)
    assert run.status == "failed"
    assert "p4ss" not in str(run.error)


def test_a_supplier_without_a_source_says_how_to_give_it_one(shop: Shop) -> None:
    add_supplier(shop.catalog, "acme")
    with pytest.raises(Refused, match="Supplier acme has no source"):
        _sync(shop)

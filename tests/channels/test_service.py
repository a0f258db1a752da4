"""Channels are made once, seen by their tenant alone, changed by who has seen them as they are, and written down."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from sqlalchemy import select

from commerce.errors import BadRecord, MesChainError, Refused
from meschain.access.rules import ChangedMeanwhile, NotFound
from meschain.access.scopes import Scopes
from meschain.audit.rules import Actor
from meschain.audit.tables import Entry
from meschain.channels import service
from meschain.channels.context import Channels
from meschain.store.session import reading
from meschain.wiring import House


def slugs(channels: Channels, **how: object) -> list[str]:
    return [channel.slug for channel in service.list_channels(channels, **how)]


def log(channels: Channels) -> list[tuple[str, str, str, dict[str, object]]]:
    with reading(channels.engine) as session:
        rows = session.scalars(select(Entry).where(Entry.target.startswith("channel ")).order_by(Entry.index)).all()
        told = [(row, json.loads(row.body)) for row in rows]
        return [
            (row.tag, row.actor_id, row.target, {name: body[name] for name in ("before", "after") if body.get(name)})
            for row, body in told
        ]


def at_once(*acts: Callable[[], object]) -> list[str]:
    """What became of several acts that begin together: `done`, or the kind of the error."""
    ready = Barrier(len(acts))

    def run(act: Callable[[], object]) -> str:
        ready.wait()
        try:
            act()
        except MesChainError as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(len(acts)) as threads:
        return sorted(threads.map(run, acts))


def test_a_channel_is_made_and_found(channels: Channels) -> None:
    made = service.add_channel(channels, "trendyol", name="Trendyol", currency="TL")
    assert (made.slug, made.name, made.currency, made.active, made.version) == ("trendyol", "Trendyol", "TRY", True, 1)
    found = service.get_channel(channels, "trendyol")
    assert (found.id, found.currency, found.tenant_id) == (made.id, "TRY", channels.tenant_id)
    assert found.created_at.tzinfo is not None
    assert service.find_channel(channels, "shop") is None
    assert service.add_channel(channels, "shop", currency=" usd ").name == "shop"
    with pytest.raises(NotFound, match=r"no channel 'n11'; there are: shop, trendyol\. Make it with `meschain"):
        service.get_channel(channels, "n11")


@pytest.mark.parametrize("slug", ["", "Trendyol", "a b", "../a", "a/b", "ş", "-a", "a\n", "a" * 64])
def test_a_name_that_cannot_stand_in_an_address_is_refused(channels: Channels, slug: str) -> None:
    with pytest.raises(Refused, match="cannot name a channel; expected small letters, digits and dashes"):
        service.add_channel(channels, slug, currency="TRY")
    assert slugs(channels) == []


@pytest.mark.parametrize(("currency", "told"), [("", "missing"), ("  ", "missing"), ("LIRA", "unknown currency")])
def test_a_currency_that_is_none_is_an_error(channels: Channels, currency: str, told: str) -> None:
    with pytest.raises(BadRecord, match=f"currency: .* is {told}; expected an ISO 4217 code such as TRY"):
        service.add_channel(channels, "trendyol", currency=currency)


def test_of_one_name_there_is_one(channels: Channels) -> None:
    service.add_channel(channels, "trendyol", currency="TRY")
    with pytest.raises(Refused, match="there is a channel 'trendyol' already; see `meschain channel show trendyol`"):
        service.add_channel(channels, "trendyol", currency="EUR")
    assert service.get_channel(channels, "trendyol").currency == "TRY"
    acts = [lambda: service.add_channel(channels, "shop", currency="TRY")] * 4
    assert at_once(*acts) == ["Refused"] * 3 + ["done"]
    assert [target for _, _, target, _ in log(channels)] == ["channel trendyol", "channel shop"]


def test_a_list_begins_after_a_name_and_shows_what_may_be_seen(channels: Channels) -> None:
    for slug in ("trendyol", "n11", "shop-tr", "shop-de"):
        service.add_channel(channels, slug, currency="EUR")
    service.change_channel(channels, "n11", {"active": False})
    assert slugs(channels) == ["n11", "shop-de", "shop-tr", "trendyol"]
    assert slugs(channels, after="n11", limit=2) == ["shop-de", "shop-tr"]
    assert (slugs(channels, active=True, limit=1), slugs(channels, active=False)) == (["shop-de"], ["n11"])
    assert slugs(channels, scopes=Scopes(("shop-*", "n11"), ("*-de",))) == ["n11", "shop-tr"]
    assert slugs(channels, scopes=Scopes(("shop-*",)), after="shop-de") == ["shop-tr"]


def test_a_channel_is_changed_by_who_has_seen_it_as_it_is(channels: Channels) -> None:
    service.add_channel(channels, "trendyol", name="Trendyol", currency="TRY")
    changed = service.change_channel(channels, "trendyol", {"active": False}, version=1)
    assert (changed.active, changed.name, changed.currency, changed.version) == (False, "Trendyol", "TRY", 2)
    with pytest.raises(ChangedMeanwhile, match="trendyol was changed by somebody else meanwhile"):
        service.change_channel(channels, "trendyol", {"name": "T"}, version=1)
    assert service.change_channel(channels, "trendyol", {"active": False}, version=2).version == 2
    assert service.change_channel(channels, "trendyol", {}).version == 2
    assert service.change_channel(channels, "trendyol", {"name": ""}).name == "trendyol"
    assert service.get_channel(channels, "trendyol").version == 3
    with pytest.raises(NotFound, match="there is no channel 'n11'"):
        service.change_channel(channels, "n11", {"active": False})


def test_of_two_who_saw_the_same_one_changes_it(channels: Channels) -> None:
    service.add_channel(channels, "trendyol", currency="TRY")
    acts = [lambda name=name: service.change_channel(channels, "trendyol", {"name": name}, version=1) for name in "AB"]
    assert at_once(*acts) == ["ChangedMeanwhile", "done"]
    found = service.get_channel(channels, "trendyol")
    assert (found.name in {"A", "B"}, found.version) == (True, 2)


def test_of_two_who_change_something_else_both_do(channels: Channels) -> None:
    service.add_channel(channels, "trendyol", currency="TRY")
    changes: list[service.Change] = [{"name": "A"}, {"active": False}]
    acts = [lambda change=change: service.change_channel(channels, "trendyol", change) for change in changes]
    assert at_once(*acts) == ["done", "done"]
    found = service.get_channel(channels, "trendyol")
    assert (found.name, found.active, found.version) == ("A", False, 3)


def test_what_is_done_is_written_down_and_nothing_else(channels: Channels) -> None:
    ayse = replace(channels, actor=Actor("user", "ayse", channels.tenant_id))
    service.add_channel(ayse, "trendyol", currency="TL")
    service.change_channel(ayse, "trendyol", {"active": False})
    service.change_channel(ayse, "trendyol", {"active": False})
    with pytest.raises(Refused):
        service.add_channel(ayse, "trendyol", currency="TL")
    assert log(channels) == [
        (
            "channels:channel:created", "ayse", "channel trendyol",
            {"after": {"name": "trendyol", "currency": "TRY"}},
        ),
        (
            "channels:channel:changed", "ayse", "channel trendyol",
            {"before": {"active": True}, "after": {"active": False}},
        ),
    ]  # fmt: skip


def test_channels_of_one_name_are_two_channels(channels: Channels, house: House) -> None:
    others = house.channels(house.tenant("other", create=True))
    service.add_channel(channels, "trendyol", name="Ours", currency="TRY")
    assert service.find_channel(others, "trendyol") is None
    with pytest.raises(NotFound, match="there are: none yet"):
        service.get_channel(others, "trendyol")
    with pytest.raises(NotFound):
        service.change_channel(others, "trendyol", {"name": "Theirs"})
    service.add_channel(others, "trendyol", name="Theirs", currency="EUR")
    assert [(each.name, each.currency) for each in service.list_channels(channels)] == [("Ours", "TRY")]
    assert [(each.name, each.currency) for each in service.list_channels(others)] == [("Theirs", "EUR")]

"""Whoever decides about a catalog is in the log, together with what was decided, and not when nothing came of it."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from commerce.errors import Refused
from meschain.audit.rules import Actor
from meschain.audit.tables import Entry
from meschain.catalog import decisions, runs, suppliers
from meschain.catalog.context import Catalog
from meschain.store.session import reading
from tests.catalog.shop import Shop, goods


def hold(shop: Shop) -> str:
    shop.sync(goods(40))
    return shop.sync(goods(40, price=lambda number: f"{number}50.00")).id


def acts(catalog: Catalog) -> list[tuple[str, str, str]]:
    with reading(catalog.engine) as session:
        rows = session.scalars(select(Entry).where(Entry.tag.startswith("catalog:run")).order_by(Entry.index))
        return [(row.tag, f"{row.actor_kind}:{row.actor_id}", row.target) for row in rows]


def of(catalog: Catalog, name: str) -> Catalog:
    return replace(catalog, actor=Actor("user", name, catalog.tenant_id, request_id="req-1"))


def test_decisions_are_written_down_with_who_made_them(shop: Shop) -> None:
    first = hold(shop)
    decisions.reject_run(of(shop.catalog, "ayse"), first)
    second = shop.sync(goods(40, price=lambda number: f"{number}50.00"), force=True).id
    approved = decisions.approve_run(of(shop.catalog, "mehmet"), second, note="yes")
    decisions.roll_back(of(shop.catalog, "ayse"), second)
    with pytest.raises(Refused):
        decisions.approve_run(of(shop.catalog, "mehmet"), second)
    assert approved.decided_by == "user:mehmet"
    told = acts(shop.catalog)
    assert [(tag, actor) for tag, actor, _ in told] == [
        ("catalog:run:rejected", "user:ayse"),
        ("catalog:run:approved", "user:mehmet"),
        ("catalog:run:rolled-back", "user:ayse"),
    ]
    assert [target for *_, target in told[:2]] == [f"run {first}", f"run {second}"]


def test_what_a_dead_process_had_approved_is_written_down_by_whoever_puts_it_right(shop: Shop, monkeypatch) -> None:
    held = hold(shop)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(decisions, "_close", die)
    with pytest.raises(KeyboardInterrupt):
        decisions.approve_run(of(shop.catalog, "mehmet"), held)
    assert acts(shop.catalog) == []
    monkeypatch.undo()
    runs.recover(shop.catalog, shop.supplier())
    assert runs.get_run(shop.catalog, held).status == "applied"
    assert [(tag, actor) for tag, actor, _ in acts(shop.catalog)] == [("catalog:run:approved", "user:mehmet")]


def test_a_decision_that_came_to_nothing_is_no_entry(shop: Shop, monkeypatch) -> None:
    held = hold(shop)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(decisions, "_apply_staged", die)
    with pytest.raises(KeyboardInterrupt):
        decisions.approve_run(of(shop.catalog, "mehmet"), held)
    monkeypatch.undo()
    runs.recover(shop.catalog, shop.supplier())
    assert (runs.get_run(shop.catalog, held).status, acts(shop.catalog)) == ("held", [])


def test_suppliers_and_profiles_are_written_down_without_their_secrets(shop: Shop) -> None:
    source = {"kind": "http", "urls": ["https://feeds.example/a.csv"], "username": "me", "password": "s3cret-word"}
    suppliers.add_supplier(shop.catalog, "remote", source=source)
    suppliers.set_source(shop.catalog, "remote", source | {"password": "other-word"})
    with reading(shop.catalog.engine) as session:
        rows = session.scalars(select(Entry).where(Entry.target == "supplier remote").order_by(Entry.index)).all()
    assert [row.tag for row in rows] == ["catalog:supplier:created", "catalog:supplier:changed"]
    assert json.loads(rows[1].body)["after"]["secret"] == "given"
    assert "s3cret-word" not in "".join(row.body for row in rows)
    assert "other-word" not in "".join(row.body for row in rows)

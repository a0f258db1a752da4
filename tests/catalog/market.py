"""A tenant's catalog behind the API, with people who may do much, little, or nothing of it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from meschain.access.grants import GivenRole
from meschain.catalog.context import Catalog
from meschain.wiring import House
from tests.catalog.shop import Shop
from tests.homes import TENANT
from tests.web.stage import Stage, staged

OURS, THEIRS = TENANT, "rival"


@dataclass
class Market:
    """Two tenants; `shop` is the first one's. Callers are `owner`, `viewer`, `agency` (ops of `acme*`) and `rival`."""

    stage: Stage
    shop: Shop
    tokens: dict[str, str]

    def ask(self, method: str, path: str, caller: str = "owner", **more: Any) -> httpx.Response:
        """An answer to a caller, of what is below /v1."""
        return self.stage.ask(method, f"/v1{path}", self.tokens[caller], **more)

    def get(self, path: str, caller: str = "owner", **query: object) -> Any:
        """The body of an answer that has to be good."""
        answer = self.ask("GET", path, caller, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def pages(self, path: str, caller: str = "owner", **query: object) -> list[Any]:
        """Every item of a list, a page after the other."""
        items, cursor = [], None
        while True:
            page = self.get(path, caller, **query, **({"cursor": cursor} if cursor else {}))
            assert len(page["items"]) <= int(query.get("limit", 200))
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                return items

    def catalog(self, tenant: str) -> Catalog:
        """A tenant's catalog."""
        house: House = self.stage.app.state.house
        return house.catalog(house.tenant(tenant))


@contextmanager
def open_market(furnished_home: Path, home: Path, folder: Path, store_url: str) -> Iterator[Market]:
    """A market in a home of its own, on a store with tables and no rows."""
    shutil.copytree(
        furnished_home, home, dirs_exist_ok=True, ignore=shutil.ignore_patterns("store.sqlite*", "vault.key")
    )
    with staged(home, store_url) as stage:
        house: House = stage.app.state.house
        ours, theirs = (house.tenant(slug, create=True) for slug in (OURS, THEIRS))
        people = stage.people
        people.owner(ours.id, "owner@example.com")
        people.member(ours.id, "viewer@example.com", "viewer")
        people.member(ours.id, "agency@example.com", GivenRole("ops", "supplier", "acme*"))
        people.owner(theirs.id, "rival@example.com")
        tokens = {name: stage.token(f"{name}@example.com") for name in ("owner", "viewer", "agency", "rival")}
        catalog = house.catalog(ours)
        with catalog.lake.connect(read_only=True) as reader:
            yield Market(stage, Shop(catalog, reader, folder), tokens)

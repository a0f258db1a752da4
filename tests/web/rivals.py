"""Two tenants on one installation, each with something of everything, and a caller who learns from what it is answered.

Every name, address and secret of a tenant carries its mark: whoever finds the other's mark in an answer has found a
leak. Ids carry none; they are known by having been told to one and never to the other.
"""

import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from commerce.errors import Refused
from meschain.access import api_keys, links, own_roles
from meschain.access.authentication import Authenticator
from meschain.access.grants import GivenRole
from meschain.access.privacy import erase, find_subject
from meschain.access.roles import Rights
from meschain.access.signing import SigningKeys
from meschain.access.tenants import update_tenant
from meschain.audit.rules import OPERATOR
from meschain.catalog.suppliers import add_supplier
from meschain.runs import flows, service
from meschain.runs.tables import Flow
from meschain.settings import Settings
from meschain.store.base import utc_now
from meschain.store.changes import Changes
from meschain.store.ids import new_id
from meschain.wiring import House
from tests.access.people import VISITOR, People
from tests.catalog.shop import Shop, goods
from tests.postgres import fresh_database
from tests.web.document import Operation
from tests.web.stage import Stage, staged

MARKS = ("qxalpha", "qxomega")
SHARED = "agency@shared.example"
"""Somebody who works for both."""
SECRETS = {"access_token", "key", "link", "refresh_token", "secret"}
_SHORTEST = 20
"""Of a secret; what is shorter says that there is one, or is a name."""
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NAMES_OF_MANY_THINGS = {"id", "index", "key", "name"}
_SYNC = {"type": "object", "properties": {"supplier": {"type": "string"}, "tenant": {"type": "string"}}}


def slug_of(mark: str) -> str:
    """The tenant's name in addresses."""
    return f"{mark}-store"


def furnish(settings: Settings, folder: Path) -> None:
    """Make both tenants, with people, keys, suppliers, offers, refused rows, held runs and wishes."""
    house = House(settings)
    house.set_up()
    keys = SigningKeys(house.access)
    people = People(house.access, keys, Authenticator(house.access, keys, Changes(house.engine)))
    for mark in MARKS:
        _add_people(people, mark)
        _add_goods(house, mark, folder)
    announced = Flow(name="sync-catalog", description="", parameters=_SYNC, tags=["needs:catalog:sync"])
    flows.announce(house.engine, [announced])
    house.close()


def _add_people(people: People, mark: str) -> None:
    access, tenant = people.access, people.tenant(slug_of(mark))
    by = OPERATOR.of_tenant(tenant)
    update_tenant(access.engine, slug_of(mark), name=f"{mark} Store", noted=(access.log, by))
    people.owner(tenant, f"owner@{mark}.example", f"{mark} Owner")
    people.member(tenant, f"viewer@{mark}.example", "viewer", name=f"{mark} Viewer")
    own_roles.create_role(access, by, tenant, f"{mark}-watchers", Rights(("catalog:read", "reports:read")))
    gone = people.member(tenant, f"gone@{mark}.example", f"{mark}-watchers", name=f"{mark} Gone")
    erase(access, by, gone, tenant_id=tenant)
    _, link = links.invite(access, by, tenant, SHARED, [GivenRole("ops", "supplier", f"{mark}-*")])
    links.accept(access, VISITOR, link, links.Newcomer("Shared", "yeşil 5 fincan ve bir demlik"))
    links.invite(access, by, tenant, f"guest@{mark}.example", [GivenRole(f"{mark}-watchers")])
    end = utc_now() + timedelta(days=30)
    api_keys.create_api_key(access, by, tenant, f"{mark} robot", [GivenRole("admin")], expires_at=end)


def _add_goods(house: House, mark: str, folder: Path) -> None:
    catalog = house.catalog(house.tenant(slug_of(mark)))
    source = {"kind": "http", "urls": [f"https://feeds.{mark}.example/a.csv"], "password": f"{mark}-p4ss"}
    with catalog.lake.connect(read_only=True) as reader:
        shop = Shop(catalog, reader, folder)
        for supplier in (f"{mark}-toys", f"{mark}-tools"):
            add_supplier(catalog, supplier, name=f"{mark} supplier", source=source)
        named: dict[str, Any] = {"sku": f"{mark}-{{}}".format, "title": f"{mark} thing {{}}".format}
        named["cost"] = "{}.00".format
        shop.sync([*goods(30, **named), {"sku": f"{mark}-BAD", "title": f"{mark} bad", "price": "x"}], f"{mark}-toys")
        shop.sync(goods(30, stock=5, **named), f"{mark}-toys")
        assert shop.sync(goods(3, **named), f"{mark}-toys").status == "held"
    wanted = {"supplier": f"{mark}-toys", "tenant": slug_of(mark)}
    service.trigger(catalog.engine, "sync-catalog", wanted, log=house.log, actor=OPERATOR.of_tenant(catalog.tenant_id))


@dataclass
class Installation:
    """Both tenants, made once and copied for every story."""

    folder: Path
    server: str
    database: str
    number: Any

    @contextmanager
    def copy(self) -> Iterator[Stage]:
        """The API on a copy of it."""
        home = self.folder / f"copy-{next(self.number)}"
        shutil.copytree(self.folder / "home", home)
        try:
            if not self.server:
                with staged(home) as stage:
                    yield stage
            else:
                name = f"test_{new_id()}"
                with fresh_database(self.server, name, template=self.database) as url, staged(home, url) as stage:
                    yield stage
        finally:
            shutil.rmtree(home)


@dataclass
class Party:
    """One of the two, and all that it has learnt."""

    stage: Stage
    mark: str
    common: frozenset[str]
    """Ids that both may know: the installation's own, and that of who works for both."""
    rival: "Party | None" = None
    tokens: dict[str, str] = field(default_factory=dict)
    values: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """What stood in its answers, by name."""
    ids: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    """What it wrote down itself of the other's: that may stand in its answers from then on."""

    def log_in(self, caller: str) -> str:
        """A token of a caller: `owner`, `viewer` or `key`, an API key that may do what an admin may.

        Whoever was sent away has a key with the same role from then on.
        """
        try:
            if caller != "key":
                self.tokens[caller] = self.stage.token(f"{caller}@{self.mark}.example")
                return self.tokens[caller]
        except Refused:
            pass
        tenant = self.stage.app.state.house.tenant(slug_of(self.mark))
        role = "admin" if caller == "key" else caller
        self.tokens[caller] = self.stage.key(tenant.id, role, name=f"{self.mark} {caller}")
        return self.tokens[caller]

    def ask(
        self, operation: Operation, places: Mapping[str, str], caller: str = "owner", **more: Any
    ) -> httpx.Response:
        """An answer, which is learnt from; AssertionError if there is anything of the other's in it."""
        path = re.sub(r"{(\w+)}", lambda found: quote(places[found[1]], safe=""), operation.path)
        token = (self.tokens.get(caller) or self.log_in(caller)) if operation.guarded else None
        answered = self.stage.ask(operation.method, path, token, **more)
        if answered.status_code == 401 and operation.guarded:
            self.tokens.pop(caller)  # it has ended its own session, or itself
        self._check(operation, [*places.values(), *_texts(more)], answered)
        if "application/json" in answered.headers.get("content-type", "") and answered.status_code < 300:
            self._learn(operation, answered.json())
        return answered

    def version(self, operation: Operation, places: Mapping[str, str]) -> dict[str, str]:
        """The header that a change needs: the version of what is there."""
        if not any(each["name"].lower() == "if-match" for each in operation.parameters("header")):
            return {}
        for path in (operation.path, operation.path.rpartition("/")[0]):
            shown = self.ask(Operation("GET", path, {"security": [{}]}, operation.document), places)
            if "etag" in shown.headers:
                return {"If-Match": shown.headers["etag"]}
        return {"If-Match": '"v1"'}

    def own(self, operation: Operation, place: str) -> list[str]:
        """What may stand in that place of the path and is its own, as far as it was told."""
        before = operation.path.partition(f"/{{{place}}}")[0]
        names = [f"{before} {name}" for name in ("id", "index", "name", place)]
        names += [] if place in _NAMES_OF_MANY_THINGS else [place, f"supplier_{place}"]
        return sorted(set().union(*(self.values.get(name, ()) for name in names)))

    def foreign(self, operation: Operation, place: str) -> list[str]:
        """What may stand there and is the other's alone."""
        assert self.rival is not None
        return sorted(set(self.rival.own(operation, place)) - set(self.own(operation, place)))

    def _check(self, operation: Operation, said: Iterable[str], answered: httpx.Response) -> None:
        assert self.rival is not None
        repeated = {each for each in said if self.rival.mark in each or _ID.fullmatch(each)}
        if operation.method != "GET" or answered.status_code == 403:  # an act, or a refusal that is noted in the log
            self.written |= repeated
        text = "\n".join([answered.text, *answered.headers.values()])
        for each in sorted(self.written | repeated, key=len, reverse=True):
            text = text.replace(each, "")
        assert self.rival.mark not in text.lower(), (operation.name, text)
        seen = self.rival.secrets.intersection(re.split(r'["/\s]', text))
        assert not seen, (operation.name, seen)
        told = set(_ID.findall(text)) & (self.rival.ids - self.ids - self.common)
        assert not told, (operation.name, [text[max(0, text.find(each) - 150) :][:250] for each in told])
        assert answered.status_code < 500, (operation.name, answered.text)

    def _learn(self, operation: Operation, body: object) -> None:
        for name, value in _leaves(body):
            if isinstance(value, (str, int)) and not isinstance(value, bool):
                self.values[name].add(str(value))
                self.values[f"{operation.path} {name}"].add(str(value))
                self.ids.update(_ID.findall(str(value)))
                if name in SECRETS and len(str(value)) >= _SHORTEST:
                    self.secrets.add(str(value))
                if name == "target" and str(value).startswith("user "):  # also one that is no member any more
                    self.values["/v1/users id"].add(str(value).removeprefix("user "))


def rivals(stage: Stage) -> tuple[Party, Party]:
    """Both parties."""
    common = frozenset({stage.access.installation.id, find_subject(stage.access, SHARED)})
    one, other = (Party(stage, mark, common) for mark in MARKS)
    one.rival, other.rival = other, one
    return one, other


def _leaves(body: object, name: str = "") -> Iterator[tuple[str, object]]:
    match body:
        case dict():
            for key, value in body.items():
                yield from _leaves(value, key)
        case list():
            for value in body:
                yield from _leaves(value, name)
        case _:
            yield name, body


def _texts(given: object) -> Iterator[str]:
    for _, value in _leaves(given if not isinstance(given, tuple) else list(given)):
        yield str(value)

"""The API on a real home, with people of every kind before it, and short words for what the tests do over and over."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute
from starlette.testclient import TestClient

from meschain.access import api_keys, login, own_roles
from meschain.access.context import Access
from meschain.access.grants import GivenRole
from meschain.access.guard import Guard
from meschain.access.roles import Rights
from meschain.audit.rules import OPERATOR
from meschain.settings import Settings, private_dir
from meschain.store.base import utc_now
from meschain.web import housekeeping
from meschain.web.app import create_app
from meschain.web.console.visits import Entrance
from meschain.web.rates import Rates
from tests.access.people import PASSWORD, VISITOR, People

PROBLEM = "application/problem+json"
PLENTY = 10**9


@dataclass
class Stage:
    """The application, a client, and the rooms behind it."""

    app: FastAPI
    client: TestClient

    @cached_property
    def people(self) -> People:
        """The access room of the application itself."""
        state = self.app.state
        return People(state.house.access, state.signing_keys, state.authenticator)

    @property
    def access(self) -> Access:
        """The access room's context."""
        return self.people.access

    def token(self, email: str, tenant: str | None = None) -> str:
        """An access token of a new session of that person."""
        known = login.check_password(self.access, VISITOR, email, PASSWORD)
        opened = login.log_in(self.access, VISITOR, known.user_id, code=None, tenant=tenant, kind="api")
        return self.people.token(opened)

    def key(self, tenant_id: str, *roles: str | GivenRole, name: str = "robot") -> str:
        """The text of a new API key with these roles."""
        given = [role if isinstance(role, GivenRole) else GivenRole(role) for role in roles]
        end = utc_now() + timedelta(days=1)
        return api_keys.create_api_key(
            self.access, OPERATOR.of_tenant(tenant_id), tenant_id, name, given, expires_at=end
        )[1]  # fmt: skip

    def role(self, tenant_id: str, name: str, *allow: str, deny: tuple[str, ...] = ()) -> str:
        """A role of the tenant's own; its name."""
        own_roles.create_role(self.access, OPERATOR.of_tenant(tenant_id), tenant_id, name, Rights(allow, deny))
        return name

    def ask(self, method: str, path: str, bearer: str | None = None, **more: Any) -> httpx.Response:
        """An answer."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer is not None else {}
        return self.client.request(method, path, headers={**headers, **more.pop("headers", {})}, **more)


@contextmanager
def staged(home: Path, store_url: str = "", *, limited: bool = False, **api: Any) -> Iterator[Stage]:
    """The application in that home; `api` are settings of the API.

    Its rates are out of the way unless `limited`, and it does nothing by itself.
    """
    if not limited:
        api = {"rate_per_minute": PLENTY, "rate_per_minute_tenant": PLENTY, **api}
    settings = Settings.model_validate({"home": private_dir(home), "store": {"url": store_url}, "api": api})
    app = create_app(settings)
    if not limited:
        app.state.rates = Rates(settings.api, visits=PLENTY, probes=PLENTY)
    with (
        patch.object(housekeeping, "EVERY_SECONDS", PLENTY),
        TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client,
    ):
        yield Stage(app, client)


@dataclass(frozen=True)
class Opening:
    """A way in: a method at an address, and the guard before it."""

    method: str
    path: str
    guard: Guard | None

    @property
    def name(self) -> str:
        """Method and path, as the document has them."""
        return f"{self.method} {self.path}"


def openings(routes: Sequence[BaseRoute], before: str = "") -> Iterator[Opening]:
    """Every way in, whether the document knows of it or not: of pages, files and applications mounted here as well."""
    for route in iter_route_contexts(routes):
        if within := getattr(route, "routes", None):
            yield from openings(within, f"{before}{route.path}")
            continue
        for method in sorted(route.methods or ["*"]):
            guard = guard_before(getattr(route, "dependant", None))
            yield Opening(method, f"{before}{route.path_format or route.path}", guard)


def guard_before(dependant: Dependant | None) -> Guard | None:
    """The guard in front of a route, looked for by the test itself."""
    waiting = [dependant] if dependant is not None else []
    while waiting:
        each = waiting.pop()
        if isinstance(each.call, Guard | Entrance):
            return each.call if isinstance(each.call, Guard) else each.call.guard
        waiting.extend(each.dependencies)
    return None


def fill(path: str, value: str = "nobody") -> str:
    """The path with something in the place of each parameter."""
    return "/".join(value if part.startswith("{") else part for part in path.split("/"))


def check_problem(response: httpx.Response, status: int, kind: str | None = None) -> dict[str, Any]:
    """The problem in an answer, which has to be one of that status."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["instance"] == response.headers["x-request-id"]
    assert body["type"].startswith("/problems/")
    assert body["title"]
    assert body["detail"]
    if kind is not None:
        assert body["type"] == f"/problems/{kind}"
    return body

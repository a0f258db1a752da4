"""Every page and act of the console asks who comes and what that may, and takes forms from pages of its own only."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.routing import Mount

from meschain.web.console.places import ACTS, BASE, PAGES
from meschain.web.console.visits import Entrance, arrive
from tests.web.conftest import Owner, owner_of
from tests.web.console.surfer import Surfer
from tests.web.stage import Stage, fill

PUBLIC = {"log_in", "show_login", "give_code", "show_second_factor", "show_link", "use_link", "change_language"}
"""What everybody may see and do."""
OF_ONESELF = {
    "change_name", "change_password", "confirm_second_factor", "disable_second_factor", "end_session",
    "enrol_second_factor", "list_sessions", "log_out", "make_recovery_codes", "show_account", "show_home",
    "show_tenants", "use_tenant",
}  # fmt: skip
"""What everybody may who is logged in: about himself, or as far as he may see."""
BY_FLOW = {"show_flow", "start_flow", "retry_trigger"}
"""What a flow needs depends on the flow; the page asks for that."""


def routes(app: FastAPI) -> Iterator[RouteContext]:
    """Every route of the console but its pictures, styles and scripts."""
    console = next(each.app for each in app.routes if isinstance(each, Mount) and each.path == BASE)
    assert isinstance(console, FastAPI)
    mounted = [route for route in console.routes if isinstance(route, Mount)]
    assert [route.path for route in mounted] == ["/static"]
    for route in iter_route_contexts(console.routes):
        if isinstance(route.original_route, APIRoute):
            yield route


def calls(dependant: Dependant) -> Iterator[object]:
    """Everything that is asked before a route."""
    for each in dependant.dependencies:
        yield each.call
        yield from calls(each)


def test_every_route_has_a_permission_or_stands_on_a_list(stage: Stage) -> None:
    unguarded = set()
    for route in routes(stage.app):
        entrances = [call for call in calls(route.dependant) if isinstance(call, Entrance)]
        if route.name in PUBLIC:
            assert arrive in list(calls(route.dependant)), route.name
            continue
        assert len(entrances) == 1, route.name
        if entrances[0].guard.permission is None:
            unguarded.add(route.name)
    assert unguarded == OF_ONESELF | BY_FLOW


def test_every_address_is_served_and_no_other(stage: Stage) -> None:
    served = {(method, route.path) for route in routes(stage.app) for method in route.methods or ()}
    assert served == {("GET", path) for path in PAGES.values()} | {("POST", path) for path in ACTS.values()}


@pytest.fixture(scope="module")
def acme(stage: Stage) -> Owner:
    return owner_of(stage)


@pytest.fixture(scope="module")
def surfer(stage: Stage, acme: Owner) -> Surfer:
    """The owner, logged in."""
    return Surfer(stage).log_in("ayse@example.com")


@pytest.mark.parametrize("act", sorted(ACTS))
def test_a_form_from_elsewhere_is_refused(stage: Stage, surfer: Surfer, act: str) -> None:
    """Whoever sends it: without the token, with another one's, and from another site's page."""
    address = fill(BASE + ACTS[act])
    token, other = surfer.token, Surfer(stage).go("/console/login").token
    for given in ({}, {"csrf_token": ""}, {"csrf_token": other}, {"csrf_token": token[:-1]}):
        answer = stage.client.post(address, data=given, headers=_cookie(surfer))
        assert answer.status_code == 403, given
        assert "text/html" in answer.headers["content-type"]
    crossed = stage.client.post(
        address, data={"csrf_token": token}, headers={**_cookie(surfer), "sec-fetch-site": "cross-site"}
    )
    assert crossed.status_code == 403
    assert Surfer(stage, surfer.cookies).go("/console/account").answer.status_code == 200, "nothing was done"


@pytest.mark.parametrize("page", sorted(set(PAGES) - {"login", "second-factor", "link"}))
def test_nobody_sees_a_page_without_logging_in(stage: Stage, page: str) -> None:
    answer = stage.client.get(fill(BASE + PAGES[page]), params={"query": "x"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/console/login?next=%2Fconsole%2F")
    dead = stage.client.get(fill(BASE + PAGES[page]), headers={"cookie": "meschain-session=meschain_refresh_nothing"})
    assert dead.status_code == 303


def _cookie(surfer: Surfer) -> dict[str, str]:
    surfer.stage.client.cookies.clear()
    return {"cookie": "; ".join(f"{name}={value}" for name, value in surfer.cookies.items())}

"""Every route has a guard or stands on a short list; the document says who may do what, and what can go wrong."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from fastapi import APIRouter, FastAPI, Response
from schemathesis.specs.openapi.definitions import OPENAPI_31
from starlette.applications import Starlette
from starlette.staticfiles import StaticFiles

from meschain.access.guard import Allow
from meschain.access.permissions import Permission
from tests.web.conftest import Owner
from tests.web.document import example_of, operations_of
from tests.web.stage import Stage, check_problem, fill, openings

PUBLIC = {
    "* /console/static/{path}",
    "GET /",
    "GET /console",
    "GET /console/links/{token}",
    "GET /console/login",
    "GET /console/login/code",
    "GET /health/live",
    "GET /health/ready",
    "GET /v1/auth/jwks",
    "GET /v1/openapi.json",
    "POST /console/language",
    "POST /console/links/{token}",
    "POST /console/login",
    "POST /console/login/code",
    "POST /v1/auth/invitations/acceptance",
    "POST /v1/auth/password-reset",
    "POST /v1/auth/refresh",
    "POST /v1/auth/token",
}
API = "/v1/"
"""Other addresses are of pages, whose guards answer in their own way: only the walk is about them as well."""
ABOUT_ONESELF = "/v1/me/"
DEPENDS_ON_THE_FLOW = {
    "GET /v1/flows",
    "POST /v1/flow-runs/{run}/retry",
    "POST /v1/flows/{flow}/runs",
}


def guarded(stage: Stage) -> Iterator[tuple[str, str, Permission | None]]:
    """Every guarded route of the API: method, path, permission (None: whoever is logged in)."""
    for each in openings(stage.app.routes):
        if each.guard is not None and each.path.startswith(API):
            yield each.method, each.path, each.guard.permission


def operations(stage: Stage) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation of the document, with its name."""
    for each in operations_of(stage.client.get("/v1/openapi.json").json()):
        yield each.name, each.said


def test_the_walk_finds_whatever_answers(tmp_path: Path) -> None:
    app, within, room = FastAPI(openapi_url=None, docs_url=None, redoc_url=None), Starlette(), APIRouter()
    room.get("/{code:path}", dependencies=[Allow(Permission.AUDIT_READ)])(lambda: None)
    room.mount("/static", StaticFiles(directory=tmp_path))
    within.add_route("/page", lambda _: Response(), methods=["POST"])
    app.include_router(room, prefix="/room", include_in_schema=False)
    app.mount("/within", within)
    found = {(each.name, each.guard and each.guard.permission) for each in openings(app.routes)}
    expected = {
        ("GET /room/{code}", Permission.AUDIT_READ),
        ("* /room/static/{path}", None),
        ("POST /within/page", None),
    }
    assert found == expected


def test_what_is_open_to_everybody_is_on_this_list(stage: Stage) -> None:
    assert {each.name for each in openings(stage.app.routes) if each.guard is None} == PUBLIC


def test_what_needs_no_permission_is_about_oneself_or_asks_for_that_of_the_flow(stage: Stage) -> None:
    free = {(method, path) for method, path, permission in guarded(stage) if permission is None}
    elsewhere = {f"{method} {path}" for method, path in free if not f"{path}/".startswith(ABOUT_ONESELF)}
    assert len(free) > len(elsewhere)
    assert elsewhere == DEPENDS_ON_THE_FLOW


@pytest.mark.parametrize(
    "credentials",
    [
        None,
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer meschain_key_abc",
        "Bearer a.b.c",
        "Basic YTpi",
        "Bearer Bearer x",
        "Bearer \xff\xfe",
        "Negotiate x",
    ],
)
def test_without_credentials_every_route_answers_401_and_nothing_else(stage: Stage, credentials: str | None) -> None:
    headers = {"authorization": credentials.encode("latin-1")} if credentials is not None else {}
    for method, path, _ in guarded(stage):
        response = stage.client.request(method, fill(path), headers=headers)
        check_problem(response, 401, "unauthenticated")
        assert response.headers["www-authenticate"] == "Bearer"


def test_who_lacks_the_permission_is_refused_and_who_has_nothing_else_is_let_in(stage: Stage, owner: Owner) -> None:
    tenant = owner.tenant_id
    for permission in Permission:
        name = permission.replace(":", "-")
        without = stage.key(tenant, stage.role(tenant, f"all-but-{name}", "*", deny=(permission,)))
        alone = stage.key(tenant, stage.role(tenant, f"only-{name}", permission))
        for method, path, needed in guarded(stage):
            if needed is permission:
                check_problem(stage.ask(method, fill(path), without), 403, "forbidden")
                assert stage.ask(method, fill(path), alone).status_code not in {401, 403, 500}, (method, path)


def test_an_api_key_has_no_account(stage: Stage, owner: Owner) -> None:
    key = stage.key(owner.tenant_id, "owner")
    assert stage.ask("GET", "/v1/me", key).json()["kind"] == "api_key"
    for method, path, permission in guarded(stage):
        if permission is None and path.startswith(ABOUT_ONESELF):
            assert stage.ask(method, fill(path), key).status_code in {403, 422}, (method, path)


def test_the_document_is_valid(stage: Stage) -> None:
    document = stage.client.get("/v1/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    jsonschema_rs.validator_for(OPENAPI_31).validate(document)
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.Draft202012Validator(schema | {"components": document["components"]})
    names = [operation["operationId"] for _, operation in operations(stage)]
    assert len(names) == len(set(names))


def test_the_document_has_every_route_of_the_api(stage: Stage) -> None:
    here = {each.name for each in openings(stage.app.routes) if each.path.startswith((API, "/health/"))}
    assert {name for name, _ in operations(stage)} == here - {"GET /v1/openapi.json"}


def test_every_operation_says_what_it_is_and_who_may_do_it(stage: Stage) -> None:
    needed = {f"{method} {path}": permission for method, path, permission in guarded(stage)}
    for name, operation in operations(stage):
        assert operation["summary"], name
        assert operation["description"], name
        assert operation["security"] == ([{"bearer": []}] if name in needed else []), name
        permission = needed.get(name)
        assert (f"`{permission}`" in operation["description"]) == (permission is not None), name


def test_every_operation_says_what_can_go_wrong(stage: Stage) -> None:
    for name, operation in operations(stage):
        said = set(operation["responses"])
        parameters = operation.get("parameters", [])
        expected = {"429", "500", "503"}
        expected |= {"401", "403"} if operation["security"] else set()
        expected |= {"404"} if "{" in name else set()
        expected |= {"409"} if not name.startswith("GET ") else set()
        expected |= {"422"} if parameters or "requestBody" in operation else set()
        expected |= {"400", "408", "413", "415"} if "requestBody" in operation else set()
        expected |= {"412", "428"} if any(each["name"].lower() == "if-match" for each in parameters) else set()
        assert expected <= said, (name, expected - said)
        for status in said - {"200", "201", "202", "204"}:
            if (name, status) != ("GET /health/ready", "503"):
                assert set(operation["responses"][status]["content"]) == {"application/problem+json"}, (name, status)


def test_every_body_that_is_sent_has_an_example_that_is_valid(stage: Stage) -> None:
    document = stage.client.get("/v1/openapi.json").json()
    for name, operation in operations(stage):
        for media in operation.get("requestBody", {"content": {}})["content"].values():
            schema = media["schema"] | {"components": document["components"]}
            example = media.get("example", example_of(media["schema"], document, name))
            assert jsonschema_rs.Draft202012Validator(schema).is_valid(example), (name, example)


def test_every_number_and_text_of_an_address_has_bounds(stage: Stage) -> None:
    for name, operation in operations(stage):
        for each in operation.get("parameters", []):
            kinds = [each["schema"], *each["schema"].get("anyOf", [])]
            for kind in kinds:
                if kind.get("type") in {"integer", "number"}:
                    assert "maximum" in kind or "exclusiveMaximum" in kind, (name, each["name"])

"""The API's OpenAPI document: what FastAPI knows of the routes, and what follows from how each of them is guarded.

Which errors an operation can give follows from its parts; a route adds only what its own use case refuses.
"""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from fastapi.routing import RouteContext, iter_route_contexts

from meschain.access.guard import Guard
from meschain.web.problems import Problem, documented

router = APIRouter(include_in_schema=False)
_SCHEMAS = "#/components/schemas/{model}"
_SECONDS = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
_BEARER = {"type": "http", "scheme": "bearer", "description": "An access token or an API key."}


@router.get("/openapi.json")
def get_document(request: Request) -> JSONResponse:
    """The document of the whole API."""
    return JSONResponse(request.app.openapi())


def describe_api(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, summary=app.summary, routes=app.routes, openapi_version="3.1.0",
            servers=[{"url": "/"}],
        )  # fmt: skip
        for route in iter_route_contexts(app.routes):
            for method in route.methods or ():
                operation = document["paths"].get(route.path_format, {}).get(method.lower())
                if operation is not None:
                    _complete(operation, route, method)
        parts = document.setdefault("components", {})
        schemas = parts.setdefault("schemas", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        problem = Problem.model_json_schema(ref_template=_SCHEMAS)
        schemas |= problem.pop("$defs", {}) | {"Problem": problem}
        parts["securitySchemes"] = {"bearer": _BEARER}
        app.openapi_schema = document
    return app.openapi_schema


def guard_of(dependant: Dependant | None) -> Guard | None:
    """The guard that stands before a route; None if it is open."""
    if dependant is None:
        return None
    if isinstance(dependant.call, Guard):
        return dependant.call
    return next(filter(None, map(guard_of, dependant.dependencies)), None)


def _complete(operation: dict[str, Any], route: RouteContext, method: str) -> None:
    """Say who may do it and what can go wrong."""
    guard = guard_of(route.dependant)
    operation["security"] = [{"bearer": []}] if guard is not None else []
    if guard is not None and guard.permission is not None:
        told = operation.get("description", ""), f"Needs the permission `{guard.permission}`."
        operation["description"] = "\n\n".join(filter(None, told))
    answers = operation["responses"]
    wrong = documented(*_errors(operation, method, guarded=guard is not None))
    answers.update({str(status): told for status, told in wrong.items() if str(status) not in answers or status == 422})
    for status in ("429", "503"):
        answers[status] = {**answers[status], "headers": {"Retry-After": _SECONDS}}
    operation["responses"] = dict(sorted(answers.items()))


def _errors(operation: dict[str, Any], method: str, *, guarded: bool) -> Iterator[int]:
    """What can go wrong with whatever is made of such parts."""
    parameters = operation.get("parameters", [])
    body = "requestBody" in operation
    yield from (429, 500, 503)
    if guarded:
        yield from (401, 403)
    if any(each["in"] == "path" for each in parameters):
        yield 404
    if method != "GET":
        yield 409
    if any(each["name"].lower() == "if-match" for each in parameters):
        yield from (412, 428)
    if body:
        yield from (400, 408, 413, 415)
    if parameters or body:
        yield 422

"""Every error as a problem (RFC 9457): what is wrong, in words, and what to do; never what only we should know."""

import json
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from commerce.errors import BadRecord, MesChainError, Permanent, Refused, Transient
from meschain.access.rules import ChangedMeanwhile, Forbidden, NotFound, SecondFactorNeeded, Unauthenticated
from meschain.runs.flows import BadParameters
from meschain.runs.service import KeyReused
from meschain.store.exclusion import Busy

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2
_MOST_PROBLEMS = 50
UNFORESEEN = "Something unforeseen happened. It is written down; tell the operator the id of this request."
_STORE_AWAY = "The store is busy or away; try again in a few seconds."


class BadRequest(Refused):
    """What was sent cannot be taken; `status` and `kind` say how."""

    def __init__(self, status: int, kind: str, text: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status, self.kind, self.headers = status, kind, dict(headers or {})

    def __reduce__(self) -> tuple[type["BadRequest"], tuple[int, str, str]]:
        """Keep all three when the error crosses a process."""
        return type(self), (self.status, self.kind, str(self))


class FieldProblem(BaseModel):
    """What is wrong with one part of a request."""

    pointer: str = Field(description="Where: `/query/limit`, `/body/roles/0/role`.", examples=["/body/email"])
    detail: str


class Problem(BaseModel):
    """An error."""

    type: str = Field(description="Kind of the error.", examples=["/problems/not-found"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(description="What is wrong, and what to do.", examples=["there is no supplier 'acme'"])
    instance: str = Field(description="Id of the request.", examples=["01a21e25-4f8e-743b-a896-4b66542a4cdc"])
    errors: list[FieldProblem] | None = Field(default=None, description="Part by part, where a request is malformed.")


TITLES = {
    400: "Bad request",
    401: "Not logged in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    408: "Too slow",
    409: "Conflict",
    412: "Changed meanwhile",
    413: "Too large",
    415: "Unsupported media type",
    422: "Cannot be processed",
    428: "Precondition required",
    429: "Too many requests",
    431: "Head too large",
    500: "Unforeseen",
    503: "Not now",
}
_KINDS: tuple[tuple[type[MesChainError], int, str], ...] = (
    (SecondFactorNeeded, 401, "second-factor-needed"),
    (Unauthenticated, 401, "unauthenticated"),
    (Forbidden, 403, "forbidden"),
    (NotFound, 404, "not-found"),
    (ChangedMeanwhile, 412, "changed-meanwhile"),
    (KeyReused, 422, "idempotency-key-reused"),
    (BadParameters, 422, "invalid"),
    (BadRecord, 422, "invalid"),
    (Busy, 409, "busy"),
    (Refused, 409, "refused"),
    (Transient, 503, "not-now"),
    (Permanent, 500, "permanent"),
)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These errors as FastAPI's `responses`; what follows from a route's parts is documented by itself."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": TITLES[status], "content": content} for status in statuses}


def install(app: FastAPI) -> None:
    """Let the application answer with problems."""
    app.add_exception_handler(MesChainError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _of_framework)


def problem(
    request_id: str,
    status: int,
    kind: str,
    detail: str,
    *,
    errors: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer."""
    body = {
        "type": f"/problems/{kind}",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "instance": request_id,
    } | ({"errors": errors} if errors else {})
    text = json.dumps(body, ensure_ascii=False).encode(errors="replace")  # it may repeat what was sent
    return Response(text, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def id_of(request: Request) -> str:
    """The request's id."""
    return str(getattr(request.state, "request_id", ""))


def describe(error: MesChainError) -> tuple[int, str]:
    """Status and kind of an error of ours."""
    if isinstance(error, BadRequest):
        return error.status, error.kind
    return next((status, kind) for known, status, kind in _KINDS if isinstance(error, known))


async def _ours(request: Request, error: Exception) -> Response:
    if not isinstance(error, MesChainError):
        raise TypeError("only errors of ours come here") from error
    status, kind = describe(error)
    headers = dict(error.headers) if isinstance(error, BadRequest) else {}
    headers |= {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    headers |= {"Retry-After": str(RETRY_SECONDS)} if status == 503 else {}
    errors = None
    if isinstance(error, BadParameters):
        told = ((("body", "parameters", *name.split(".")), text) for name, text in error.problems)
        errors = [field_problem(place, text) for place, text in told]
    return problem(id_of(request), status, kind, shown_text(error, status), errors=errors, headers=headers)


async def _invalid(request: Request, error: Exception) -> Response:
    errors = error.errors() if isinstance(error, RequestValidationError) else []
    problems = [field_problem(each["loc"], str(each["msg"])) for each in errors[:_MOST_PROBLEMS]]
    told = "; ".join(f"{each['pointer']}: {each['detail']}" for each in problems[:5])
    return problem(id_of(request), 422, "invalid", told or "the request cannot be understood", errors=problems)


async def _of_framework(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise TypeError("only errors of the framework come here") from error
    kinds = {400: "bad-request", 404: "not-found", 405: "method-not-allowed", 408: "too-slow", 413: "too-large"}
    detail, headers = str(error.detail), dict(error.headers or {})
    if error.status_code == 404:
        detail = "there is nothing at this address"
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_methods(request))
        detail = f"{request.method} cannot be done here; expected one of {headers['Allow']}"
    return problem(id_of(request), error.status_code, kinds.get(error.status_code, "error"), detail, headers=headers)


def field_problem(place: Iterable[object], detail: str) -> dict[str, str]:
    """What is wrong with the part at this place, which is named as a JSON pointer (RFC 6901)."""
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in place)
    return {"pointer": "/" + "/".join(parts), "detail": detail}


def shown_text(error: MesChainError, status: int) -> str:
    """The error's text, unless it speaks of the house itself: of its database, its files, its keys."""
    if status == 500:
        shown = UNFORESEEN
    elif status == 503 and isinstance(error.__cause__, SQLAlchemyError):
        shown = _STORE_AWAY
    else:
        return str(error)
    log.error("%s", error)
    return shown


def _methods(request: Request) -> list[str]:
    """What can be done at the request's address."""
    here = (
        route.methods or ()
        for route in iter_route_contexts(request.app.routes)
        if route.path_regex.match(request.scope["path"])
    )
    found = set[str]().union(*here)
    return sorted(found | {"HEAD"} if "GET" in found else found)

"""Every error as a problem (RFC 9457): what is wrong, in words, and what to do; never what only we should know."""

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from commerce.errors import BadRecord, MesChainError, Permanent, Refused, Transient
from meschain.access.rules import ChangedMeanwhile, Forbidden, NotFound, SecondFactorNeeded, Unauthenticated
from meschain.runs.flows import BadParameters
from meschain.runs.service import KeyReused
from meschain.store.exclusion import Busy

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
_RETRY_SECONDS = "2"
_UNFORESEEN = "Something unforeseen happened. It is written down; tell the operator the id of this request."


class BadRequest(Refused):
    """What was sent cannot be taken; `status` and `kind` say how."""

    def __init__(self, status: int, kind: str, text: str) -> None:
        super().__init__(text)
        self.status, self.kind = status, kind

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
    409: "Conflict",
    412: "Changed meanwhile",
    413: "Too large",
    415: "Unsupported media type",
    422: "Cannot be processed",
    428: "Precondition required",
    429: "Too many requests",
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
    """These errors as FastAPI's `responses`; 401, 422, 429, 500 and 503 can happen anywhere and need not be named."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": TITLES[status], "content": content}
        for status in sorted({401, 422, 429, 500, 503, *statuses})
    }


def install(app: FastAPI) -> None:
    """Let the application answer with problems."""
    app.add_exception_handler(MesChainError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _of_framework)
    app.add_exception_handler(Exception, _unforeseen)


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
    return JSONResponse(body, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


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
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    headers |= {"Retry-After": _RETRY_SECONDS} if status == 503 else {}
    if status == 500:
        log.error("Request %s: %s", id_of(request), error)
    errors = None
    if isinstance(error, BadParameters):
        errors = [
            {"pointer": f"/body/parameters/{name.replace('.', '/')}", "detail": text} for name, text in error.problems
        ]
    return problem(id_of(request), status, kind, str(error), errors=errors, headers=headers)


async def _invalid(request: Request, error: Exception) -> Response:
    errors = error.errors() if isinstance(error, RequestValidationError) else []
    problems = [
        {"pointer": "/" + "/".join(str(part) for part in each["loc"]), "detail": str(each["msg"])}
        for each in jsonable_encoder([{"loc": e["loc"], "msg": e["msg"]} for e in errors])
    ]
    told = "; ".join(f"{each['pointer']}: {each['detail']}" for each in problems[:5])
    return problem(id_of(request), 422, "invalid", told or "the request cannot be understood", errors=problems)


async def _of_framework(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise TypeError("only errors of the framework come here") from error
    kinds = {404: "not-found", 405: "method-not-allowed", 400: "bad-request"}
    detail = "there is nothing at this address" if error.status_code == 404 else str(error.detail)
    headers = error.headers or {}
    return problem(id_of(request), error.status_code, kinds.get(error.status_code, "error"), detail, headers=headers)


async def _unforeseen(request: Request, error: Exception) -> Response:
    log.error("Request %s failed", id_of(request), exc_info=error)
    return problem(id_of(request), 500, "unforeseen", _UNFORESEEN)

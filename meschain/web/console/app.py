"""The console put together: an application of its own within the API's, which answers with pages, errors too."""

import logging

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from commerce.errors import MesChainError
from meschain.web.console.assets import FOLDER
from meschain.web.console.cookies import SESSION, VISITOR, cookie_of
from meschain.web.console.pages import (
    account,
    api_keys,
    audit,
    channels,
    entry,
    flows,
    home,
    margins,
    offers,
    people,
    price_rules,
    prices,
    quarantine,
    quote,
    rates,
    refused_prices,
    roles,
    runs,
    suppliers,
    tariffs,
    tenant,
    terms,
    what_ifs,
)
from meschain.web.console.places import BASE, url
from meschain.web.console.views.entry import Problem, ProblemKind
from meschain.web.console.visits import LoginNeeded, Visit, language_of
from meschain.web.problems import UNFORESEEN, describe, shown_text
from meschain.web.wellformed import check_request

log = logging.getLogger(__name__)
ROUTERS = (
    entry.router, home.router, account.router, tenant.router, people.router, roles.router, api_keys.router,
    audit.router, suppliers.router, runs.router, quarantine.router, offers.router, channels.router, rates.router,
    flows.router,
    margins.router, prices.router, refused_prices.router, quote.router, what_ifs.router, price_rules.router,
    terms.router, tariffs.router,
)  # fmt: skip
_STATUSES: dict[int, ProblemKind] = {
    400: 400, 401: 401, 403: 403, 404: 404, 405: 404, 408: 400, 409: 409, 410: 410, 412: 409, 413: 413, 415: 400,
    422: 422, 428: 409, 429: 429, 503: 503,
}  # fmt: skip


def mount_console(app: FastAPI) -> None:
    """Let the application serve the console, and lead there whoever comes without an address."""
    console = FastAPI(
        openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, dependencies=[Depends(check_request)]
    )
    console.state = app.state
    for router in ROUTERS:
        console.include_router(router)
    console.mount("/static", StaticFiles(directory=FOLDER))
    console.add_exception_handler(LoginNeeded, _to_login)
    for kind in (MesChainError, RequestValidationError, ValidationError, HTTPException, Exception):
        console.add_exception_handler(kind, _tell)
    for path in ("/", BASE):
        app.add_api_route(path, _to_console, include_in_schema=False)
    app.mount(BASE, console)


async def _to_console() -> Response:
    return RedirectResponse(url("home"), 307)


async def _to_login(_request: Request, error: Exception) -> Response:
    target = error.target if isinstance(error, LoginNeeded) else None
    return RedirectResponse(url("login", next=target), 303)


async def _tell(request: Request, error: Exception) -> Response:
    """An error as a page."""
    if isinstance(error, MesChainError):
        status, _ = describe(error)
        detail = shown_text(error, status)
    elif isinstance(error, RequestValidationError | ValidationError):
        status, detail = 422, ""
    elif isinstance(error, HTTPException):
        status, detail = error.status_code, ""
    else:
        log.error("A page failed", exc_info=error)
        status, detail = 500, UNFORESEEN
    kind = _STATUSES.get(status, 500)
    cookie = cookie_of(request, SESSION) or cookie_of(request, VISITOR)
    answer = Visit(request, {}, cookie, None, language_of(request)).show(Problem(status=kind, detail=detail), kind)
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer

"""The API put together: every room's routes under /v1, what each request passes, health, the document of it all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware.cors import CORSMiddleware

from meschain.access.api import account, api_keys, people, roles, tenant, tokens
from meschain.access.authentication import Authenticator
from meschain.access.signing import SigningKeys
from meschain.settings import Settings, load_settings
from meschain.store.changes import Changes
from meschain.web import health
from meschain.web.answers import Answers
from meschain.web.gate import Gate
from meschain.web.problems import Problem, documented, install
from meschain.web.rates import Rates, count_visitor
from meschain.wiring import House

ROUTERS: tuple[APIRouter, ...] = (account.router, people.router, roles.router, api_keys.router, tenant.router)
"""Routes for who has said who it is."""
OPEN: tuple[APIRouter, ...] = (tokens.router, account.open_router)
"""Routes for everybody, counted by address."""
PROBLEMS = documented(400, 403, 404, 405, 409, 412, 413, 415, 428)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application for these settings, or for those of the environment; it opens the house when it starts."""
    given = settings or load_settings()
    app = FastAPI(
        title="MesChain",
        version="1",
        summary="The back office of a marketplace seller.",
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        responses=PROBLEMS,
        separate_input_output_schemas=False,
        strict_content_type=True,
    )
    app.state.settings = given
    app.state.public_url = given.public_url
    app.state.rates = Rates(given.api)
    for router in OPEN:
        app.include_router(router, prefix="/v1", dependencies=[Depends(count_visitor)])
    for router in ROUTERS:
        app.include_router(router, prefix="/v1")
    app.include_router(health.router)
    install(app)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]  FastAPI's documented way
    origins = [origin for origin in given.api.cors_origins.split(",") if origin]
    if origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=["authorization", "content-type"]
        )
    app.add_middleware(Gate, settings=given)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    house = House(app.state.settings)
    house.set_up()
    changes = Changes(house.engine)
    app.state.house = house
    app.state.answers = Answers(changes)
    app.state.signing_keys = SigningKeys(house.access)
    app.state.authenticator = Authenticator(house.access, app.state.signing_keys, changes)
    try:
        yield
    finally:
        changes.close()
        house.close()


def _document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with how one says who one is."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, summary=app.summary, routes=app.routes, openapi_version="3.1.0"
        )
        parts = document.setdefault("components", {})
        parts.setdefault("schemas", {}).pop("HTTPValidationError", None)
        parts["schemas"].pop("ValidationError", None)
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        parts["schemas"] |= problem.pop("$defs", {}) | {"Problem": problem}
        parts["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer", "description": "An access token or an API key."}
        }
        app.openapi_schema = document
    return app.openapi_schema

"""The API put together: every room's routes under /v1, what each request passes, health, the document of it all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware.cors import CORSMiddleware

from meschain.access.api import account, api_keys, people, privacy, roles, tenant, tokens
from meschain.access.authentication import Authenticator
from meschain.access.signing import SigningKeys
from meschain.audit import api as audit
from meschain.catalog.api import offers, profiles, quarantine, suppliers
from meschain.catalog.api import runs as catalog_runs
from meschain.channels import api as channels
from meschain.pricing.api import approvals, margins, price_rules, prices, quotes, rates, tariffs, terms, what_ifs
from meschain.runs import api as runs
from meschain.settings import Settings, load_settings
from meschain.web import document, health
from meschain.web.answers import Answers
from meschain.web.console.app import mount_console
from meschain.web.gate import Gate, parse_networks
from meschain.web.housekeeping import keep_house
from meschain.web.problems import install
from meschain.web.rates import Rates, count_visitor
from meschain.web.wellformed import check_request
from meschain.wiring import House
from warehouse.readers import Readers

ROUTERS: tuple[APIRouter, ...] = (
    account.router, people.router, privacy.router, roles.router, api_keys.router, tenant.router, audit.router,
    runs.router, suppliers.router, profiles.router, catalog_runs.router, quarantine.router, offers.router,
    channels.router, rates.router,
    quotes.router, margins.router, terms.router, tariffs.router, price_rules.router, prices.router, approvals.router,
    what_ifs.router,
)  # fmt: skip
"""Routes for who has said who it is."""
OPEN: tuple[APIRouter, ...] = (tokens.router, account.open_router, document.router)
"""Routes for everybody, counted by address."""
_SENT = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "X-Request-Id")
_SHOWN = ("ETag", "Link", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id")
"""Headers that pages elsewhere may send, and read."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application for these settings, or for those of the environment; it opens the house when it starts."""
    given = settings or load_settings()
    app = FastAPI(
        title="MesChain",
        version="1",
        summary="The back office of a marketplace seller.",
        openapi_url=None,  # FastAPI's own would make the document on the event loop
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        dependencies=[Depends(check_request)],
        redirect_slashes=False,
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
    mount_console(app)
    install(app)
    app.openapi = lambda: document.describe_api(app)  # type: ignore[method-assign]  # FastAPI's documented way
    origins = [origin for origin in given.api.cors_origins.split(",") if origin]
    if origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=_SENT, expose_headers=_SHOWN
        )
    app.add_middleware(Gate, settings=given, proxies=parse_networks(given.api.trusted_proxies))
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    house = House(app.state.settings, readers=Readers())
    house.set_up()
    app.state.house = house
    app.state.answers = Answers(house.changes)
    app.state.signing_keys = SigningKeys(house.access)
    app.state.authenticator = Authenticator(house.access, app.state.signing_keys, house.changes)
    keeping = asyncio.create_task(keep_house(house))
    try:
        yield
    finally:
        keeping.cancel()
        house.close()

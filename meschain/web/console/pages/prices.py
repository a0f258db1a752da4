"""Pages of prices: what is out, and what happened to one. What the floor refused has pages of its own."""

from typing import Annotated

from fastapi import APIRouter, Response

from meschain.access.permissions import Permission
from meschain.access.rules import NotFound
from meschain.web.console.pages.desk import CHANNEL, ask, following, made, place_of, pricing_of, seen_of
from meschain.web.console.pages.rows import paging
from meschain.web.console.places import ACTS, PAGES
from meschain.web.console.views import prices as views
from meschain.web.console.visits import Entered, Visit
from warehouse import published

router = APIRouter()
_LIMIT, _EVENTS = 50, 100


@router.get(PAGES["prices"])
def list_prices(visit: Annotated[Visit, Entered(Permission.PRICING_READ, CHANNEL, partly=True)]) -> Response:
    """The prices that are out."""
    pricing = pricing_of(visit)
    with pricing.lake.read() as connection:
        rows = published.prices(connection, _LIMIT + 1, channels=seen_of(visit, pricing), after=place_of(visit))
    shown = tuple(made(views.PriceRow, row) for row in rows[:_LIMIT])
    return visit.show(views.Prices(rows=shown, paging=paging(visit, following(visit, rows, _LIMIT))))


@router.post(ACTS["refresh-prices"])
def refresh_prices(visit: Annotated[Visit, Entered(Permission.PRICING_REFRESH)]) -> Response:
    """Have every price made anew by the active rules, and what keeps its floor let out."""
    asked = ask(visit, "refresh-prices")
    return visit.go("trigger", "flow-started", trigger=asked.id)


@router.get(PAGES["price"])
def show_price(visit: Annotated[Visit, Entered(Permission.PRICING_READ, CHANNEL)], channel: str) -> Response:
    """What happened to the price of an offer; its supplier and code stand in the query: a code may hold anything."""
    supplier, code = visit.asked("supplier"), visit.request.query_params.get("code", "")
    with pricing_of(visit).lake.read() as connection:
        history = published.history(connection, channel, supplier, code, _EVENTS)
        refused = published.refusal_of(connection, channel, supplier, code)
    if not history and refused is None:
        raise NotFound(f"there is no price of {supplier[:63]} {code[:80]!r} on {channel[:63]}")
    view = views.Price(
        channel=channel, supplier=supplier, supplier_sku=code,
        history=tuple(made(views.PriceChange, row) for row in history),
        refused=made(views.RefusedRow, refused) if refused is not None else None,
    )  # fmt: skip
    return visit.show(view)

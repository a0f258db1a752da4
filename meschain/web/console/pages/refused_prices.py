"""Pages of prices that were not let out: which, why, and the word of a person that one below its floor may go out."""

from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated

from fastapi import APIRouter, Response

from commerce.errors import MesChainError
from meschain.access.permissions import Permission
from meschain.access.rules import NotFound
from meschain.pricing import prices
from meschain.pricing.context import Pricing
from meschain.pricing.tables import PriceApproval
from meschain.store.base import utc_now
from meschain.web.console.language import N_, Message
from meschain.web.console.pages.desk import CHANNEL, following, made, place_of, pricing_of, seen_of
from meschain.web.console.pages.rows import paging
from meschain.web.console.places import ACTS, PAGES
from meschain.web.console.typed import Typed
from meschain.web.console.views import prices as views
from meschain.web.console.views.page import EMPTY, Form
from meschain.web.console.visits import Entered, Visit
from meschain.web.problems import BadRequest
from warehouse import published

router = APIRouter()
_LIMIT = 50
_PROPOSED = timedelta(days=7)
_OVER = Message(N_("This day is over; give today or a later one."))


@router.get(PAGES["refused-prices"])
def list_refused(visit: Annotated[Visit, Entered(Permission.PRICING_READ, CHANNEL, partly=True)]) -> Response:
    """Prices that were not let out by the last run, and the approvals that hold."""
    pricing = pricing_of(visit)
    seen, today = seen_of(visit, pricing), pricing.day_of(utc_now())
    with pricing.lake.read() as connection:
        rows = published.refusals(connection, _LIMIT + 1, channels=seen, after=place_of(visit))
    approvals = prices.list_approvals(pricing, day=today)
    view = views.RefusedPrices(
        rows=tuple(made(views.RefusedRow, row) for row in rows[:_LIMIT]),
        approvals=tuple(_approval(visit, each) for each in approvals if seen is None or each.channel in seen),
        paging=paging(visit, following(visit, rows, _LIMIT)),
    )  # fmt: skip
    return visit.show(view)


@router.get(PAGES["refused-price"])
def show_refused(visit: Annotated[Visit, Entered(Permission.PRICING_READ, CHANNEL)], channel: str) -> Response:
    """One price that was not let out; its supplier and code stand in the query."""
    supplier, code = visit.asked("supplier"), visit.request.query_params.get("code", "")
    return visit.show(_refused(pricing_of(visit), channel, supplier, code))


@router.post(ACTS["approve-price"])
def approve_price(visit: Annotated[Visit, Entered(Permission.PRICING_APPROVE, CHANNEL)], channel: str) -> Response:
    """Let it go out below its floor."""
    pricing, typed = pricing_of(visit), Typed(visit.posted)
    supplier, code = visit.given("supplier"), visit.posted.get("code", "")
    note, until = typed.text("note", 500, needed=True), typed.day("until", needed=True)
    if until is not None and until < pricing.day_of(utc_now()):
        typed.errors["until"] = _OVER
    try:
        if until is None or typed.errors:
            return visit.show(_refused(pricing, channel, supplier, code, visit.form_with(typed.errors)), 422)
        prices.approve_price(pricing, channel, supplier, code, note=note, valid_until=until, price=_price(visit))
    except MesChainError as error:
        form, status = visit.form(error)
        return visit.show(_refused(pricing, channel, supplier, code, form), status)
    return visit.go("refused-prices", "price-approved")


def _price(visit: Visit) -> Decimal:
    """The price that was looked at, as the page wrote it; BadRequest for anything else."""
    text = visit.given("price")[:40]
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise BadRequest(422, "invalid", f"price: expected the price that was looked at, not {text!r}")
    return found


def _refused(pricing: Pricing, channel: str, supplier: str, code: str, form: Form = EMPTY) -> views.RefusedPrice:
    with pricing.lake.read() as connection:
        row = published.refusal_of(connection, channel, supplier, code)
    if row is None:
        raise NotFound(f"no price of {supplier[:63]} {code[:80]!r} is refused on {channel[:63]}")
    today = pricing.day_of(utc_now())
    return views.RefusedPrice(row=made(views.RefusedRow, row), today=today, until=today + _PROPOSED, form=form)


def _approval(visit: Visit, each: PriceApproval) -> views.ApprovalRow:
    return views.ApprovalRow(
        channel=each.channel, supplier=each.supplier, supplier_sku=each.supplier_sku, price=Decimal(each.price),
        currency=each.currency, note=each.note, valid_until=each.valid_until, approved_at=each.approved_at,
        approved_by=visit.name_of(each.approved_by),
    )  # fmt: skip

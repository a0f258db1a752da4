"""The page of a quote: what one sale earns, by what is said of it, was stated for such sales, or taken for granted."""

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Response

from commerce.currency import ISO_4217
from commerce.errors import Refused
from meschain.access.permissions import Permission
from meschain.channels.tables import Channel
from meschain.pricing import quotes
from meschain.pricing.context import Pricing
from meschain.pricing.quoting import quote_sale
from meschain.pricing.resolution import Sale
from meschain.pricing.terms import Term, Terms
from meschain.store.base import utc_now
from meschain.web.console.language import N_, Message
from meschain.web.console.pages.desk import CHANNEL, channels_of, pricing_of
from meschain.web.console.places import PAGES
from meschain.web.console.term_kinds import kind_of, read_term, shown
from meschain.web.console.typed import Typed
from meschain.web.console.views import margins as views
from meschain.web.console.views.page import Choice, Form
from meschain.web.console.visits import Entered, Visit
from warehouse.margins import Grid, Target

router = APIRouter()
_FOLDED = (
    "supplier", "desi", "currency", "day", "cost_vat_rate", "target_rate", "commission_base", "commission_vat",
    "service_vat_rate", "export_fee_rate", "other_costs", "financing_rate", "payment_days", "withholding_rate",
    "vat_credit", "return_cargo", "commission_refunded", "service_fee_refunded", "resaleable",
)  # fmt: skip
"""Fields that few have to fill in."""
_SHOWN = ("price", "cost", "channel", "category", "brand", "target", "ending", *Terms.model_fields)
_FIELDS = frozenset((*_FOLDED, *_SHOWN))
_CHARGED = ("cost", "commission", "service_fee", "cargo", "export_fee", "other_costs")
_TAKEN = ("financing", "withholding", "payable_vat")
_POSITIVE = Message(N_("Give more than 0."))


@router.get(PAGES["quote"])
def show_quote(visit: Annotated[Visit, Entered(Permission.PRICING_READ, CHANNEL, partly=True)]) -> Response:
    """The form, and the answer if something was asked."""
    pricing = pricing_of(visit)
    channels = {each.slug: each for each in channels_of(visit, pricing)}
    given = {name: visit.asked(name) for name in _FIELDS if visit.asked(name)}
    typed = Typed(given)
    answer, refused = _answer(visit, pricing, channels, typed) if given else (None, "")
    view = views.Quote(
        form=Form(values=given, errors=typed.errors, refused=refused), answer=answer,
        channels=tuple(Choice(slug, each.name) for slug, each in channels.items()),
        currencies=tuple(sorted(ISO_4217)), more_given=any(name in given for name in _FOLDED),
    )  # fmt: skip
    return visit.show(view, 422 if typed.errors or refused else 200)


def _answer(
    visit: Visit, pricing: Pricing, channels: dict[str, Channel], typed: Typed
) -> tuple[views.Answer | None, str]:  # fmt: skip
    """What the question comes to, or why it cannot be answered."""
    asked, sale, desi = _question(visit, pricing, channels, typed)
    if asked is None:
        return None, ""
    try:
        return _told(quote_sale(pricing, asked, sale, desi)), ""
    except Refused as error:
        return None, str(error)


def _question(
    visit: Visit, pricing: Pricing, channels: dict[str, Channel], typed: Typed
) -> tuple[quotes.Asked | None, Sale, Decimal | None]:
    """What is asked, of which sale, and of how large a parcel; nothing while something has to be mended."""
    price, cost = typed.number("price", needed=True), typed.number("cost", needed=True)
    if price is not None and price <= 0:
        typed.errors["price"] = _POSITIVE
    whole = visit.who.scopes(Permission.PRICING_READ, CHANNEL) is None
    channel = typed.choice("channel", channels, needed=not whole)
    texts = {name: typed.text(name) for name in ("supplier", "brand", "category")}
    desi = typed.number("desi")
    if desi is not None and not 0 < desi <= 10**6:
        typed.errors["desi"] = _POSITIVE
    currency = typed.choice("currency", ISO_4217)
    terms = {name: read_term(typed, name, name) for name in Terms.model_fields}
    more: dict[str, Any] = {
        "cost_vat_rate": typed.rate("cost_vat_rate"), "day": typed.day("day") or pricing.day_of(utc_now()),
        "target": _target(typed), "grid": _grid(typed),
    }  # fmt: skip
    sale = Sale(channel, **texts)
    if typed.errors or price is None or cost is None:
        return None, sale, desi
    money = channels[channel].currency if channel else currency or pricing.home_currency
    said = {name: value for name, value in terms.items() if value}
    return quotes.Asked(price=price, cost=cost, terms=said, currency=money, **more), sale, desi


def _target(typed: Typed) -> Target | None:
    amount, rate = typed.number("target", signed=True), typed.rate("target_rate", least=-90, most=99)
    if amount is None and rate is None:
        return None
    return Target(amount or Decimal(0), rate or Decimal(0))


def _grid(typed: Typed) -> Grid | None:
    """Prices that end so: 0.90 stands in every unit, 9.90 in every ten."""
    ending = typed.number("ending")
    if ending is None:
        return None
    return Grid(Decimal(10) ** max(0, ending.adjusted() + 1 if ending else 0), ending)


def _told(found: quotes.Quote) -> views.Answer:
    parts = found.components
    names = ("sale", *(name for name in (*_CHARGED, *_TAKEN) if parts[name]), "net_cash")
    terms = [("stated", each) for each in found.stated] + [("assumed", each) for each in found.assumed]
    return views.Answer(
        currency=found.currency, rows=tuple(_row(found, name) for name in names),
        net_cash=parts["net_cash"] or Decimal(0), net_economic=parts["net_economic"] or Decimal(0),
        net_margin=parts["net_margin"], return_on_cost=parts["return_on_cost"],
        vat_carried_forward=parts["vat_carried_forward"], return_rate=found.terms.return_rate,
        return_loss=parts["return_loss"], expected_profit=parts["expected_profit"],
        break_even_price=found.break_even_price, target=found.target.amount if found.target else None,
        target_rate=found.target.rate if found.target else None, price=found.price,
        terms=tuple(_term(standing, each) for standing, each in terms),
    )  # fmt: skip


def _row(found: quotes.Quote, name: str) -> views.QuoteRow:
    amount, net = found.components[name], found.components.get(f"{name}_net")
    vat = amount - net if amount is not None and net is not None else None
    sign = "−" if name in _CHARGED + _TAKEN else "=" if name == "net_cash" else ""
    return views.QuoteRow(part=name, sign=sign, amount=amount, net=net, vat=vat)


def _term(standing: str, term: Term) -> views.HeldTerm:
    return views.HeldTerm(
        name=term.name, value=shown(term.name, term.value), kind=kind_of(term.name), standing=standing,
        since=term.since, source=term.source,
    )  # fmt: skip

"""The page of margins: what the catalogue earns on each channel, what loses, what could not be computed."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Response

from commerce.currency import minor_digits
from meschain.access.permissions import Permission
from meschain.pricing.margins import list_losers
from meschain.web.console.pages.desk import CHANNEL, ask, made, pricing_of, seen_of, typed
from meschain.web.console.places import ACTS, PAGES, url
from meschain.web.console.price_words import REMEDIES, Remedy
from meschain.web.console.views import margins as views
from meschain.web.console.visits import Entered, Visit
from warehouse import published

router = APIRouter()
Reader = Annotated[Visit, Entered(Permission.PRICING_READ, CHANNEL, partly=True)]
_LOSERS, _MOST_LOSERS = 20, 200
_NEEDS = {"suppliers": Permission.SUPPLIERS_READ}
"""What the page of a remedy needs, if it is not the same as this one."""


@router.get(PAGES["margins"])
def show_margins(visit: Reader) -> Response:
    """Sums by channel, the losers, and what could not be computed."""
    pricing = pricing_of(visit)
    seen = seen_of(visit, pricing)
    limit = _MOST_LOSERS if visit.asked("losers") == "all" else _LOSERS
    losers = list_losers(pricing, limit + 1, seen)
    with pricing.lake.read() as connection:
        channels, gaps = published.margins_by_channel(connection), published.gaps(connection, seen)
    more = len(losers) > limit and limit < _MOST_LOSERS
    view = views.Margins(
        channels=tuple(made(views.ChannelMargin, row) for row in channels if seen is None or row["channel"] in seen),
        losers=tuple(made(views.Loser, row, quote_url=quote_of(row)) for row in losers[:limit]),
        gaps=tuple(_gap(visit, row) for row in gaps), more_url=url("margins", losers="all") if more else None,
    )  # fmt: skip
    return visit.show(view)


@router.post(ACTS["compute-margins"])
def compute_margins(visit: Annotated[Visit, Entered(Permission.PRICING_REFRESH)]) -> Response:
    """Have every margin computed anew."""
    asked = ask(visit, "compute-margins")
    return visit.go("trigger", "flow-started", trigger=asked.id)


def quote_of(row: Mapping[str, Any]) -> str:
    """The quote of that sale: whatever its terms, its tariff and its taxes depend on.

    The VAT that the feed names is that of the cost; it is that of the sale as well unless a term says another.
    """
    rate = row["vat_rate"]
    vat_rate = typed(rate) if rate is not None else None
    half_a_coin = Decimal(5).scaleb(-minor_digits(row["currency"]) - 1)
    taxed = rate is not None and abs(row["sale"] / (1 + rate / 100) - row["sale_net"]) <= half_a_coin
    return url(
        "quote", price=typed(row["sale"]), cost=typed(row["cost"]), channel=row["channel"], supplier=row["supplier"],
        brand=row["brand"], category=row["category"], desi=row["desi"], vat_rate=vat_rate if taxed else None,
        cost_vat_rate=vat_rate,
    )  # fmt: skip


def _gap(visit: Visit, row: dict[str, Any]) -> views.Gap:
    remedy = REMEDIES.get(row["reason"], Remedy(""))
    seen = visit.who.policy.allows(_NEEDS.get(remedy.place, Permission.PRICING_READ))
    return made(
        views.Gap, row, **row["example"], remedy=remedy.text, place=remedy.place if seen else ""
    )  # fmt: skip

"""Pages of cargo tariffs: what carriers ask for a parcel, added as a table that is pasted, and removed."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Response

from commerce.currency import ISO_4217
from commerce.errors import MesChainError, Permanent
from connectors.tariffs.reading import read_tariff
from meschain.access.permissions import Permission
from meschain.access.rules import NotFound
from meschain.pricing import tariffs
from meschain.pricing.api.scope import seen
from meschain.pricing.context import Pricing
from meschain.pricing.tables import CargoTariff
from meschain.store.base import utc_now
from meschain.web.console.language import N_, Message
from meschain.web.console.pages.desk import CHANNEL, channels_of, made, pricing_of, states_of
from meschain.web.console.places import ACTS, PAGES
from meschain.web.console.typed import Typed
from meschain.web.console.views import terms as views
from meschain.web.console.views.page import EMPTY, Choice, Form
from meschain.web.console.visits import Entered, Visit

router = APIRouter()
Reader = Annotated[Visit, Entered(Permission.PRICING_READ, CHANNEL, partly=True)]
Writer = Annotated[Visit, Entered(Permission.PRICING_WRITE)]
_LONGEST = 500_000
_HOME_CURRENCY = "TRY"
_UNDATED = Message(N_("Give the day from which it holds; the table does not say it."))
_TOO_EARLY = Message(N_("It would end before it begins."))


@router.get(PAGES["tariffs"])
def list_tariffs(visit: Reader) -> Response:
    """The tariffs for the channels that one may see, and for all of them."""
    return visit.show(views.Tariffs(rows=tuple(row for row, _ in _listed(visit))))


@router.get(PAGES["new-tariff"])
def show_new_tariff(visit: Writer) -> Response:
    """A tariff to be added."""
    return visit.show(_new(visit, pricing_of(visit)))


@router.post(ACTS["add-tariff"])
def add_tariff(visit: Writer) -> Response:
    """Let the tariff of a pasted table hold, until another follows."""
    pricing, typed = pricing_of(visit), Typed(visit.posted)
    try:
        if not _add(typed, pricing, [each.slug for each in channels_of(visit, pricing)]):
            return visit.show(_new(visit, pricing, visit.form_with(typed.errors)), 422)
    except MesChainError as error:
        form, status = visit.form(error)
        return visit.show(_new(visit, pricing, form), status)
    return visit.go("tariffs", "tariff-added")


@router.get(PAGES["tariff"])
def show_tariff(visit: Reader, tariff: str) -> Response:
    """One tariff, row by row."""
    row, found = next(((row, each) for row, each in _listed(visit) if each.id == tariff), (None, None))
    if row is None or found is None:
        raise NotFound(f"there is no tariff {tariff[:80]!r}")
    lines = tuple(made(views.TariffLine, {**rate, **_exact(rate)}) for rate in found.rates)
    added_by = visit.name_of(found.created_by)
    return visit.show(views.Tariff(row=row, lines=lines, added_at=found.created_at, added_by=added_by))


@router.post(ACTS["remove-tariff"])
def remove_tariff(visit: Writer, tariff: str) -> Response:
    """Take it back as if it had never been."""
    tariffs.remove_tariff(pricing_of(visit), tariff)
    return visit.go("tariffs", "tariff-removed")


def _add(typed: Typed, pricing: Pricing, channels: list[str]) -> bool:
    """Add what the form gives; false while something has to be mended."""
    table, source = typed.text("table", _LONGEST, needed=True), typed.text("source", 500, needed=True)
    channel, currency = typed.choice("channel", channels), typed.choice("currency", ISO_4217, needed=True)
    since, until = typed.day("since"), typed.day("until")
    if typed.errors:
        return False
    try:
        read = read_tariff(table.encode(), "the table")
    except Permanent as error:
        typed.errors["table"] = str(error)
        return False
    since = since or read.day
    if since is None:
        typed.errors["since"] = _UNDATED
    elif until is not None and until <= since:
        typed.errors["until"] = _TOO_EARLY
    if typed.errors or since is None:
        return False
    tariffs.add_tariff(
        pricing, read.rates, since=since, until=until, source=source, channel=channel, currency=currency
    )  # fmt: skip
    return True


def _new(visit: Visit, pricing: Pricing, form: Form = EMPTY) -> views.NewTariff:
    default = visit.house.tenant(visit.who.tenant).default_currency or _HOME_CURRENCY
    channels = tuple(Choice(each.slug, each.name) for each in channels_of(visit, pricing))
    return views.NewTariff(channels=channels, currencies=tuple(sorted(ISO_4217)), currency=default, form=form)


def _listed(visit: Visit) -> list[tuple[views.TariffRow, CargoTariff]]:
    """Every tariff that the reader may see, as it stands today."""
    pricing = pricing_of(visit)
    found = tariffs.list_tariffs(pricing, scopes=seen(visit.who))
    dated = ((each.id, (each.channel, each.currency), each.since, each.until) for each in found)
    states = states_of(dated, pricing.day_of(utc_now()))
    return [(_row(each, states[each.id]), each) for each in found]


def _row(tariff: CargoTariff, state: views.State) -> views.TariffRow:
    return views.TariffRow(
        id=tariff.id, channel=tariff.channel, currency=tariff.currency, since=tariff.since, until=tariff.until,
        source=tariff.source, carriers=tuple(sorted({rate["carrier"] for rate in tariff.rates})),
        heaviest=max((rate["desi"] for rate in tariff.rates), default=0), state=state,
    )  # fmt: skip


def _exact(rate: dict[str, object]) -> dict[str, Decimal | None]:
    """The amounts of a row as numbers."""
    names = ("price_from", "price_below", "amount")
    return {name: None if rate[name] is None else Decimal(str(rate[name])) for name in names}

"""Use cases around cargo tariffs: they are added, listed and removed; and which rows of them hold for a channel."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from sqlalchemy import delete, or_, select, tuple_
from sqlalchemy.exc import IntegrityError

from commerce.currency import parse_currency
from commerce.errors import Refused
from connectors.tariffs.tariff import TariffRate, cargo_bands, carrier_key
from meschain.access.rules import NotFound
from meschain.access.scopes import Scopes
from meschain.access.visibility import visible
from meschain.audit.rules import Tag
from meschain.channels.tables import Channel
from meschain.pricing.context import Pricing
from meschain.pricing.resolution import holding
from meschain.pricing.service import check_channel
from meschain.pricing.tables import CargoTariff
from meschain.pricing.terms import Term
from meschain.store.session import reading, transaction
from warehouse.margin_lines import NO_PRICE, Row
from warehouse.margins import Band

MOST_ROWS, HEAVIEST = 5_000, 1_000
"""A table of ten carriers has some thousand rows, of a hundred desi."""


def add_tariff(
    pricing: Pricing,
    rates: Sequence[TariffRate],
    *,
    since: date,
    source: str,
    channel: str = "",
    currency: str = "TRY",
    until: date | None = None,
) -> CargoTariff:
    """Let a tariff hold from a day on, until another follows; of a carrier in several spellings the first stands.

    Refused when one begins on that day already, or when it is too large.
    """
    _check_size(rates)
    names: dict[str, str] = {}
    rates = [replace(rate, carrier=names.setdefault(carrier_key(rate.carrier), rate.carrier)) for rate in rates]
    code = parse_currency(currency)
    if code is None or not source.strip():
        raise Refused("a tariff needs its currency, and its source: the contract or price list that says so")
    if until is not None and until <= since:
        raise Refused(f"the tariff would end on {until}, before it begins on {since}")
    stored = CargoTariff(
        channel=channel, currency=code, since=since, until=until, source=source, created_by=str(pricing.actor),
        rates=[_kept(rate) for rate in rates],
    )  # fmt: skip
    try:
        with transaction(pricing.engine) as session:
            check_channel(pricing, session, channel)
            session.add(stored)
            pricing.record(session, Tag.TARIFF_ADDED, _named(stored), after=_told(stored))
    except IntegrityError:
        raise Refused(f"a tariff in {code} begins on {since} already; remove it first") from None
    return stored


def _check_size(rates: Sequence[TariffRate]) -> None:
    heaviest = max((rate.desi for rate in rates), default=0)
    if len(rates) > MOST_ROWS or heaviest > HEAVIEST:
        raise Refused(
            f"a tariff has {MOST_ROWS} rows and goes to {HEAVIEST} desi at most, this one has {len(rates)} and goes to "
            f"{heaviest}; leave out what is never sent"
        )


def remove_tariff(pricing: Pricing, tariff_id: str) -> None:
    """Take a tariff back as if it had never been; NotFound if there is none."""
    with transaction(pricing.engine) as session:
        query = select(CargoTariff).where(CargoTariff.tenant_id == pricing.tenant_id, CargoTariff.id == tariff_id)
        stored = _there(session.scalars(query.with_for_update()).one_or_none(), tariff_id)
        pricing.record(session, Tag.TARIFF_REMOVED, _named(stored), before=_told(stored))
        session.execute(delete(CargoTariff).where(CargoTariff.id == stored.id))


def get_tariff(pricing: Pricing, tariff_id: str) -> CargoTariff:
    """The tariff with its rows; NotFound if there is none."""
    query = select(CargoTariff).where(CargoTariff.tenant_id == pricing.tenant_id, CargoTariff.id == tariff_id)
    with reading(pricing.engine) as session:
        return _there(session.scalars(query).one_or_none(), tariff_id)


def list_tariffs(
    pricing: Pricing,
    *,
    place: tuple[str, str] | None = None,
    scopes: Scopes | None = None,
    after: tuple[str, str, date] | None = None,
    limit: int | None = None,
) -> list[CargoTariff]:
    """The tenant's tariffs by channel, currency and day, beginning after such a place.

    Of a place, only those for a channel of a currency; with scopes, those of channels that may be seen, and those of
    every channel.
    """
    order = (CargoTariff.channel, CargoTariff.currency, CargoTariff.since)
    query = select(CargoTariff).where(CargoTariff.tenant_id == pricing.tenant_id)
    if place is not None:
        query = query.where(CargoTariff.channel.in_(["", place[0]]), CargoTariff.currency == place[1])
    if scopes is not None:
        query = query.where(or_(CargoTariff.channel == "", visible(CargoTariff.channel, scopes)))
    query = query.where(tuple_(*order) > after) if after is not None else query
    with reading(pricing.engine) as session:
        return list(session.scalars(query.order_by(*order).limit(limit)))


def tariff_rows(tariffs: Sequence[CargoTariff], channel: Channel, day: date) -> list[Row]:
    """The amount of every whole desi and price band on that channel that day, as `warehouse.margin_lines` takes it.

    TermFault when two tariffs hold at once.
    """
    found = _holding(tariffs, (channel.slug, channel.currency), day)
    return [{"channel": channel.slug, **row} for row in _spread(found.rates if found else ())]


def bands_of(tariffs: Sequence[CargoTariff], place: tuple[str, str], day: date, carrier: str, desi: int) -> list[Band]:
    """What a parcel costs at which price, on a channel of a currency. Refused when no tariff says it."""
    found = _holding(tariffs, place, day)
    if found is None:
        raise Refused(f"no cargo tariff in {place[1]} holds on {day}; add one with `meschain tariff import`")
    return [Band(*band) for band in cargo_bands([_rate(row) for row in found.rates], carrier, desi)]


def _holding(tariffs: Sequence[CargoTariff], place: tuple[str, str], day: date) -> CargoTariff | None:
    """The tariff that holds on a channel (or on none) of a currency: its own before that of all channels."""
    channel, currency = place
    for slug in (channel, ""):
        fitting = {each.id: each for each in tariffs if each.channel == slug and each.currency == currency}
        terms = [Term("tariff", each.id, each.since, each.source, each.until) for each in fitting.values()]
        found = holding(terms, day)
        if found is not None:
            return fitting[found.value]
    return None


def _there(found: CargoTariff | None, tariff_id: str) -> CargoTariff:
    if found is None:
        raise NotFound(f"there is no tariff {tariff_id!r}")
    return found


def _spread(rates: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Each row for every desi above the row before it: a parcel is charged as the next heavier one of the table."""
    ordered = sorted(rates, key=lambda rate: (rate["carrier"], rate["desi"]))
    for carrier, rows in groupby(ordered, key=lambda rate: rate["carrier"]):
        lighter = 0
        for desi, bands in groupby(rows, key=lambda rate: rate["desi"]):
            for band in list(bands):
                below = Decimal(band["price_below"]) if band["price_below"] is not None else NO_PRICE
                amounts = {
                    "price_from": Decimal(band["price_from"]),
                    "price_below": below,
                    "amount": Decimal(band["amount"]),
                }
                yield from ({"carrier": carrier, "desi": each, **amounts} for each in range(lighter + 1, desi + 1))
            lighter = desi


def _rate(row: Mapping[str, Any]) -> TariffRate:
    """A row as it was read."""
    below = Decimal(row["price_below"]) if row["price_below"] is not None else None
    return TariffRate(row["carrier"], row["desi"], Decimal(row["price_from"]), below, Decimal(row["amount"]))


def _kept(rate: TariffRate) -> dict[str, Any]:
    below = str(rate.price_below) if rate.price_below is not None else None
    return {
        "carrier": rate.carrier, "desi": rate.desi, "price_from": str(rate.price_from), "price_below": below,
        "amount": str(rate.amount),
    }  # fmt: skip


def _named(tariff: CargoTariff) -> str:
    return f"cargo tariff since {tariff.since}"


def _told(tariff: CargoTariff) -> dict[str, Any]:
    carriers = sorted({rate["carrier"] for rate in tariff.rates})
    told = {
        "channel": tariff.channel,
        "currency": tariff.currency,
        "source": tariff.source,
        "carriers": ", ".join(carriers),
    }
    return told | {"until": str(tariff.until) if tariff.until else None, "rows": len(tariff.rates)}

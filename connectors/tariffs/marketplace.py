"""Tariffs as a Turkish marketplace publishes them, in JSON: prices by desi, and lower ones (barem) for what is cheap.

The lower prices hold for parcels up to `baremDesiLimit` and for prices below `baremPriceLimit`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any, NoReturn

from commerce.desi import DIVISOR
from commerce.errors import BadRecord, Permanent
from connectors.tariffs.bands import Row
from connectors.tariffs.faults import HEAVIEST, Faults, read_amount, read_carrier, read_desi, read_price
from connectors.tariffs.tariff import TariffRate, carrier_key

_PENNY = Decimal("0.01")
_SETTINGS = "metadata.settings"
_MOST_DIGITS = 40
_LONGEST_VALUE = 80


@dataclass(frozen=True, slots=True)
class _Barem:
    """One table of lower prices, by carrier's key: for prices from `start` to `end`, which is `salesMax`."""

    place: str
    start: Decimal
    end: Decimal
    amounts: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class _Limits:
    """Up to which desi, and below which price, the lower prices hold."""

    desi: int
    price: Decimal


def read_marketplace(text: str, shown: str, faults: Faults) -> tuple[list[Row], date | None]:
    """The rows that can be read, and the day of the last change; what is wrong with the others is kept.

    Permanent when it is no such document, or counts desi in another way than `commerce.desi`.
    """
    document = _parsed(text, shown)
    metadata = _object(document.get("metadata"), "metadata", shown)
    settings = _object(metadata.get("settings"), _SETTINGS, shown)
    _check_divisor(settings, shown)
    day = None
    with faults.at("metadata"):
        day = _day(metadata.get("lastUpdate"))
    prices = _object(document.get("desiRates"), "desiRates", shown)
    rows = _by_desi(prices, settings, faults)
    tables = document.get("baremPricing") or []
    if not isinstance(tables, list):
        raise Permanent(f"{shown}: baremPricing is no list; expected tables with salesMin, salesMax and prices")
    if not tables or not rows:
        return rows, day
    limits = _limits(settings, faults)
    barems = _barems(tables, _carriers(prices), faults)
    faults.check()  # what follows needs all of them
    _check_barems(barems, limits, faults)
    rows += _up_to_limit(rows, limits.desi)
    return [Row(row.place, rate) for row in rows for rate in _split(row.rate, barems, limits)], day


def _by_desi(given: Mapping[str, Any], settings: Mapping[str, Any], faults: Faults) -> list[Row]:
    """A row for each desi and carrier, whatever the price."""
    rows = list[Row]()
    heaviest = HEAVIEST
    with faults.at(_SETTINGS):
        heaviest = read_desi(_number(settings, "maxDesiLimit"), "maxDesiLimit", ".")
    for desi_text, prices in given.items():
        place = f"desiRates {desi_text}"
        with faults.at(place):
            desi = read_desi(desi_text, "desi", ".")
            if desi > heaviest:
                raise BadRecord("too_heavy", "desi", desi_text, f"at most maxDesiLimit, which is {heaviest}")
            for carrier, amount in _amounts(prices, place, faults):
                rows.append(Row(place, TariffRate(carrier, desi, Decimal(0), None, amount)))
    return rows


def _carriers(given: Mapping[str, Any]) -> set[str]:
    """The keys of all carriers that are named, whether their amounts can be read or not."""
    names = {name for prices in given.values() if isinstance(prices, dict) for name in prices}
    return {carrier_key(" ".join(name.split())) for name in names}


def _amounts(prices: object, place: str, faults: Faults) -> Iterator[tuple[str, Decimal]]:
    """What each carrier asks, as far as it can be read."""
    if not isinstance(prices, dict) or not prices:
        raise BadRecord("missing", "prices", _text(prices), "an amount for each carrier")
    for name in prices:
        with faults.at(place):
            yield read_carrier(name, "carrier"), read_amount(_number(prices, name), name, ".")


def _limits(settings: Mapping[str, Any], faults: Faults) -> _Limits:
    desi, price = 0, Decimal(0)
    with faults.at(_SETTINGS):
        desi = read_desi(_number(settings, "baremDesiLimit"), "baremDesiLimit", ".")
    with faults.at(_SETTINGS):
        price = read_amount(_number(settings, "baremPriceLimit"), "baremPriceLimit", ".")
    return _Limits(desi, price)


def _barems(tables: Sequence[Any], carriers: set[str], faults: Faults) -> list[_Barem]:
    """The tables of lower prices, the lowest prices first."""
    found = []
    for number, table in enumerate(tables, start=1):
        place = f"baremPricing {number}"
        with faults.at(place):
            if not isinstance(table, dict):
                raise BadRecord("no_table", "baremPricing", _text(table), "salesMin, salesMax and prices")
            start = read_price(_number(table, "salesMin"), "salesMin", ".")
            end = read_amount(_number(table, "salesMax"), "salesMax", ".")
            amounts = dict[str, Decimal]()
            for carrier, amount in _amounts(table.get("prices"), place, faults):
                with faults.at(place):
                    _check_carrier(carrier, carriers, amounts)
                amounts[carrier_key(carrier)] = amount
            found.append(_Barem(place, start, end, amounts))
    return sorted(found, key=lambda barem: barem.start)


def _check_carrier(carrier: str, known: set[str], before: Mapping[str, Decimal]) -> None:
    if carrier_key(carrier) not in known:
        raise BadRecord("unknown", "carrier", carrier, "a carrier that desiRates name, too")
    if carrier_key(carrier) in before:
        raise BadRecord("repeated", "carrier", carrier, "each carrier once")


def _check_barems(barems: Sequence[_Barem], limits: _Limits, faults: Faults) -> None:
    """Keep what does not touch: from one table to the next there may be a penny, as from 149.99 to 150."""
    if barems[0].start:
        faults.add(barems[0].place, BadRecord("behind_a_gap", "salesMin", str(barems[0].start), "0"))
    nexts = [(after.start, f"salesMin of {after.place}") for _, after in pairwise(barems)]
    nexts.append((limits.price, "baremPriceLimit"))
    for barem, (following, name) in zip(barems, nexts, strict=True):
        if following <= barem.start or following < barem.end:
            reason = "an_overlap"
        elif barem.end <= barem.start or following - barem.end > _PENNY:
            reason = "before_a_gap"
        else:
            continue
        expected = f"an end at {following}, which is the {name}, or {_PENNY} below it"
        faults.add(barem.place, BadRecord(reason, "salesMax", str(barem.end), expected))


def _up_to_limit(rows: Sequence[Row], limit: int) -> list[Row]:
    """A row that ends at the limit, for each carrier whose next one is heavier: up to there a parcel may cost less."""
    nearest = dict[str, Row]()
    for row in sorted(rows, key=lambda row: row.rate.desi):
        if row.rate.desi >= limit:
            nearest.setdefault(carrier_key(row.rate.carrier), row)
    return [Row(row.place, replace(row.rate, desi=limit)) for row in nearest.values() if row.rate.desi > limit]


def _split(rate: TariffRate, barems: Sequence[_Barem], limits: _Limits) -> Iterator[TariffRate]:
    """The rate for each band of prices; a carrier without lower prices has one band."""
    key = carrier_key(rate.carrier)
    if rate.desi > limits.desi or not any(key in barem.amounts for barem in barems):
        yield rate
        return
    ends = [barem.start for barem in barems[1:]] + [limits.price]
    for barem, end in zip(barems, ends, strict=True):
        amount = barem.amounts.get(key, rate.amount)
        yield replace(rate, price_from=barem.start, price_below=end, amount=amount)
    yield replace(rate, price_from=limits.price)


def _check_divisor(settings: Mapping[str, Any], shown: str) -> None:
    given = _text(settings.get("desiDivisor"))
    try:
        same = Decimal(given) == DIVISOR
    except InvalidOperation:
        same = False
    if not same:
        raise Permanent(
            f"{shown}: {_SETTINGS}.desiDivisor is {given or 'missing'}, expected {DIVISOR}: a desi is {DIVISOR} cm³; "
            "by another divisor every parcel would be of another row"
        )


def _day(given: object) -> date | None:
    if given is None or given == "":
        return None
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        raise BadRecord("no_day", "lastUpdate", str(given), "a day such as 2026-09-18, or nothing") from None


def _parsed(text: str, shown: str) -> dict[str, Any]:
    """The document, its numbers exact; Permanent when it is none."""
    try:
        document = json.loads(
            text, parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse, object_pairs_hook=_without_repeats
        )
    except (ValueError, RecursionError, InvalidOperation) as error:
        raise Permanent(f"{shown}: this is no JSON that can be read: {error}") from None
    return _object(document, "the document", shown)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice[:_LONGEST_VALUE]!r} stands twice in one object")
    return dict(pairs)


def _object(value: object, place: str, shown: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Permanent(
            f"{shown}: {place} is no object; expected metadata, desiRates and baremPricing of a marketplace"
        )
    return value


def _number(values: Mapping[str, Any], name: str) -> str:
    """A number of an object, as text; BadRecord when something else stands there."""
    value = values.get(name)
    if value is not None and not isinstance(value, Decimal):
        raise BadRecord("no_number", name, _text(value), "a number without quotes, such as 83.93")
    return _text(value)


def _text(value: object) -> str:
    """A value of the document as it could have been written: exact, and short."""
    if value is None:
        return ""
    if (
        isinstance(value, Decimal)
        and abs(value.adjusted()) < _MOST_DIGITS
        and len(value.as_tuple().digits) < _MOST_DIGITS
    ):
        return f"{value:f}"
    return str(value)[:_LONGEST_VALUE]

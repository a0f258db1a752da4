"""What one unit of a currency is worth in another on a day, from the rates that were accepted. Changes nothing.

The side is the bank's, and about the currency `base`: at `buying` the bank takes it, at `selling` it gives it. Who has
dollars and wants lira gets the buying rate of the dollar. Who has lira and wants euros sells lira to the bank, which
sells him euros: so the bank's buying rate of the lira in euros is 1 / (the selling rate of the euro in lira), and its
selling rate of the lira is 1 / (the buying rate of the euro). From one foreign currency to another the way leads over
the currency in which the bank counts, and each of the two steps takes the bank's side: the result never flatters.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.fx.bulletin import Bulletin, Rate
from meschain.pricing.banks import BANKS, LONGEST_HOLIDAY, bank_of
from meschain.pricing.bulletins import Pair, by_pair, in_force, reference
from meschain.pricing.context import Pricing
from meschain.pricing.publication import IN_FORCE
from meschain.pricing.tables import RateBulletin
from meschain.store.session import reading

Side = Literal["buying", "selling"]
_OTHER: Mapping[Side, Side] = {"buying": "selling", "selling": "buying"}
_DIVISION = Context(prec=18, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What one unit of a currency is worth in another."""

    rate: Decimal
    """As published, or with 18 significant digits where it had to be divided."""
    bulletin: str
    """Where it stands (`tcmb 2015/231 of 2015-12-04`); empty where nothing was exchanged."""


def exchanges(
    pricing: Pricing, pairs: Iterable[Pair], day: date, source: str, side: Side
) -> dict[Pair, Exchange | str]:
    """The rate of each pair by the newest bulletin that may be used on that day, which is read once for all of them.

    Where there is none that is young enough, or it lacks a currency: a sentence that says why, and what to do.
    """
    pivot = bank_of(source).pivot
    with reading(pricing.engine) as session:
        bulletin = _newest(session, pricing, source, day)
        why = "" if bulletin is not None else _why_none(session, pricing, source, day)
    known = by_pair(bulletin) if bulletin is not None else {}
    found: dict[Pair, Exchange | str] = {}
    for base, quote in pairs:
        if base == quote:
            found[base, quote] = Exchange(Decimal(1), "")
        elif bulletin is None:
            found[base, quote] = f"{source} has no rate of {base} in {quote} for {day}: {why}"
        else:
            rate = rate_of(known, pivot, (base, quote), side)
            found[base, quote] = Exchange(rate, reference(bulletin)) if rate else _unknown(bulletin, base, quote, day)
    return found


def rate_of(known: Mapping[Pair, Rate], pivot: str, pair: Pair, side: Side) -> Decimal | None:
    """The rate of a pair by the rates of a bulletin, directly or over its pivot; None if it lacks one of the two."""
    if pair in known:
        return known[pair].buying if side == "buying" else known[pair].selling
    base, quote = pair
    steps = [pair] if pivot in pair else [(base, pivot), (pivot, quote)]
    whole = Fraction(1)
    for step in steps:
        part = _step(known, step, side)
        if part is None:
            return None
        whole *= part
    return _DIVISION.divide(Decimal(whole.numerator), Decimal(whole.denominator))


def _step(known: Mapping[Pair, Rate], pair: Pair, side: Side) -> Fraction | None:
    """One step, exactly."""
    if pair in known:
        return Fraction(known[pair].buying if side == "buying" else known[pair].selling)
    turned = known.get((pair[1], pair[0]))
    if turned is None:
        return None
    return 1 / Fraction(turned.selling if side == "buying" else turned.buying)


def _newest(session: Session, pricing: Pricing, source: str, day: date) -> Bulletin | None:
    """What may be used on that day."""
    query = select(RateBulletin).where(
        RateBulletin.tenant_id == pricing.tenant_id, RateBulletin.source == source, RateBulletin.day <= day,
        RateBulletin.day >= _eldest(day), IN_FORCE,
    )  # fmt: skip
    found = session.scalars(query.order_by(RateBulletin.day.desc()).limit(1)).one_or_none()
    return in_force(found) if found is not None else None


def _eldest(day: date) -> date:
    """The day of the eldest bulletin that may be used on that one."""
    return date.fromordinal(max(date.min.toordinal(), day.toordinal() - LONGEST_HOLIDAY.days))


def _why_none(session: Session, pricing: Pricing, source: str, day: date) -> str:
    """What there is instead, and what to do."""
    of_source = select(RateBulletin.day).where(
        RateBulletin.tenant_id == pricing.tenant_id, RateBulletin.source == source, RateBulletin.day <= day
    )
    held = of_source.where(RateBulletin.status == "held", RateBulletin.day >= _eldest(day))
    waiting = session.scalar(held.order_by(RateBulletin.day.desc()).limit(1))
    if waiting is not None:
        return f"its bulletin of {waiting} is held; look with `meschain rate show {source} {waiting}`, then approve it"
    last = session.scalar(of_source.where(IN_FORCE).order_by(RateBulletin.day.desc()).limit(1))
    there = f"the last accepted bulletin is of {last}" if last is not None else "no bulletin was accepted yet"
    return f"{there}; fetch it with `meschain rate fetch --source {source} --day {day}`"


def _unknown(bulletin: Bulletin, base: str, quote: str, day: date) -> str:
    others = ", ".join(source for source in BANKS if source != bulletin.source)
    return (
        f"{bulletin.source} has no rate of {base} in {quote} for {day}: {reference(bulletin)} lacks one of the two; "
        f"take the rates of another bank ({others}), or another currency"
    )

"""What a bulletin of rates is to a tenant: how it is stored and called, and what speaks against it. Pure; no store."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, TypedDict

from connectors.fx.bulletin import Bulletin, Rate
from meschain.pricing.tables import RateBulletin

SIDES = ("buying", "selling")
Pair = tuple[str, str]
_EXACT = Context(prec=60)
_SHOWN = Decimal("0.0001")


class Finding(TypedDict):
    """One rate of a bulletin that has to be looked at. Numbers are texts, as the store and the log keep them."""

    base: str
    quote: str
    side: str | None
    """Which of the two rates moved most; None where the bank names one rate."""
    before: str | None
    """None: the earlier bulletin does not have it."""
    after: str | None
    """None: this bulletin does not have it any more."""
    change: str | None
    """In per cent of the rate before."""
    than: str
    """The day of the bulletin it is compared with; its own day, if this one corrects it."""


def opened(source: str, number: str, day: date, rates: Iterable[Mapping[str, str]]) -> Bulletin:
    """A bulletin from what is stored of it."""
    found = (Rate(each["base"], each["quote"], *(Decimal(each[side]) for side in SIDES)) for each in rates)
    return Bulletin(source, number, day, tuple(found))


def stored(rates: Iterable[Rate]) -> list[dict[str, Any]]:
    """Rates as they are stored: numbers as texts, with every digit."""
    return [
        {"base": rate.base, "quote": rate.quote, "buying": f"{rate.buying:f}", "selling": f"{rate.selling:f}"}
        for rate in rates
    ]


def newest(row: RateBulletin) -> Bulletin:
    """What the bank said last of that day."""
    return opened(row.source, row.number, row.day, row.rates)


def in_force(row: RateBulletin) -> Bulletin | None:
    """What may be used of that day; None if nothing may."""
    found = stored_in_force(row)
    return opened(row.source, found[0], row.day, found[1]) if found is not None else None


def stored_in_force(row: RateBulletin) -> tuple[str, list[dict[str, Any]]] | None:
    """The same as it is stored: number and rates."""
    if row.status == "accepted":
        return row.number, row.rates
    return (row.former["number"], row.former["rates"]) if row.former is not None else None


def same(one: Bulletin, other: Bulletin) -> bool:
    """Whether two bulletins say the same, in whatever order."""
    return (one.source, one.number, one.day, by_pair(one)) == (other.source, other.number, other.day, by_pair(other))


def by_pair(bulletin: Bulletin) -> dict[Pair, Rate]:
    """Its rates by base and quote."""
    return {(rate.base, rate.quote): rate for rate in bulletin.rates}


def reference(bulletin: Bulletin) -> str:
    """What a bulletin is called: `tcmb 2015/231 of 2015-12-04`; `ecb of 2020-01-02`, whose number is its day."""
    number = "" if bulletin.number == bulletin.day.isoformat() else f"{bulletin.number} "
    return f"{bulletin.source} {number}of {bulletin.day}"


def find_jumps(before: Bulletin, after: Bulletin, limit: Decimal) -> list[Finding]:
    """The rates that moved by more than `limit` per cent; a currency that came or went is none."""
    known = by_pair(before)
    moved = [_compared(known[pair], rate, before.day) for pair, rate in by_pair(after).items() if pair in known]
    return [finding for change, finding in moved if abs(change) > limit]


def find_corrections(before: Bulletin, after: Bulletin) -> list[Finding]:
    """Every rate in which two bulletins of one day differ, also one that only one of them has."""
    old, new = by_pair(before), by_pair(after)
    found = []
    for pair in old.keys() | new.keys():
        if pair in old and pair in new:
            if old[pair] != new[pair]:
                found.append(_compared(old[pair], new[pair], before.day)[1])
        else:
            found.append(_lonely(pair, old.get(pair), new.get(pair), before.day))
    return sorted(found, key=lambda finding: (finding["base"], finding["quote"]))


def describe(findings: Sequence[Mapping[str, Any]], most: int = 5) -> str:
    """The findings in a sentence: `USD in TRY 2.8921 → 3.5 (+21.0193 % since 2015-12-03)`, so many of them."""
    told = [_described(finding) for finding in findings[:most]]
    more = len(findings) - most
    return "; ".join([*told, f"and {more} more"] if more > 0 else told)


def _compared(before: Rate, after: Rate, than: date) -> tuple[Decimal, Finding]:
    """By how many per cent the side moved that moved most, and what is told of it."""
    changes = {side: _change(getattr(before, side), getattr(after, side)) for side in SIDES}
    side = max(SIDES, key=lambda each: abs(changes[each]))
    one_rate = before.buying == before.selling and after.buying == after.selling
    finding = Finding(
        base=after.base, quote=after.quote, side=None if one_rate else side, before=f"{getattr(before, side):f}",
        after=f"{getattr(after, side):f}", change=_shown(changes[side]), than=than.isoformat(),
    )  # fmt: skip
    return changes[side], finding


def _change(before: Decimal, after: Decimal) -> Decimal:
    return _EXACT.divide(_EXACT.multiply(_EXACT.subtract(after, before), Decimal(100)), before)


def _shown(change: Decimal) -> str:
    """With four digits behind the mark: fewer could say that a rate moved by just as much as it may."""
    return f"{change.quantize(_SHOWN, ROUND_HALF_UP, _EXACT).normalize():+f}"


def _lonely(pair: Pair, before: Rate | None, after: Rate | None, than: date) -> Finding:
    return Finding(
        base=pair[0], quote=pair[1], side=None, before=f"{before.selling:f}" if before else None,
        after=f"{after.selling:f}" if after else None, change=None, than=than.isoformat(),
    )  # fmt: skip


def _described(finding: Mapping[str, Any]) -> str:
    pair = f"{finding['base']} in {finding['quote']}"
    if finding["before"] is None:
        return f"{pair} is new"
    if finding["after"] is None:
        return f"{pair} is gone"
    side = f" {finding['side']}" if finding["side"] else ""
    return f"{pair}{side} {finding['before']} → {finding['after']} ({finding['change']} % since {finding['than']})"

"""Checks that the rows of a tariff fit together: for each carrier and desi, bands of prices from zero without end."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from commerce.errors import BadRecord, Permanent
from connectors.tariffs.faults import Faults
from connectors.tariffs.tariff import Tariff, TariffRate, carrier_key


@dataclass(frozen=True, slots=True)
class Row:
    """A rate, and where in the file it stands."""

    place: str
    rate: TariffRate


def whole_tariff(rows: Sequence[Row], day: date | None, faults: Faults) -> Tariff:
    """The rows as a tariff, by carrier, desi and price; of a carrier's name the first spelling stands.

    Permanent when rows could not be read, or do not fit together.
    """
    faults.check()  # bands with holes where a row could not be read would be told as gaps
    if not rows:
        raise Permanent(f"{faults.shown}: this tariff has no rows; expected one for each carrier and desi")
    names, groups = dict[str, str](), defaultdict[tuple[str, int], list[Row]](list)
    for row in rows:
        name = names.setdefault(carrier_key(row.rate.carrier), row.rate.carrier)
        groups[name, row.rate.desi].append(replace(row, rate=replace(row.rate, carrier=name)))
    for group in groups.values():
        group.sort(key=lambda row: row.rate.price_from)
        _check(group, faults)
    faults.check()
    return Tariff(tuple(row.rate for key in sorted(groups) for row in groups[key]), day)


def _check(bands: Sequence[Row], faults: Faults) -> None:
    """Keep what is wrong with the bands of one carrier and desi, the lowest first."""
    lowest, highest = bands[0], bands[-1]
    whose = f"{lowest.rate.carrier} at {lowest.rate.desi} desi"
    if lowest.rate.price_from:
        expected = f"0, where the lowest band of {whose} begins"
        faults.add(lowest.place, BadRecord("behind_a_gap", "price_from", str(lowest.rate.price_from), expected))
    for before, row in pairwise(bands):
        if fault := _misfit(before, row, whose):
            faults.add(row.place, fault)
    if highest.rate.price_below is not None:
        expected = f"nothing, for the highest band of {whose} has no end"
        faults.add(highest.place, BadRecord("an_end", "price_below", str(highest.rate.price_below), expected))


def _misfit(before: Row, row: Row, whose: str) -> BadRecord | None:
    """Why a band does not follow upon the one before."""
    end, start = before.rate.price_below, row.rate.price_from
    if start == before.rate.price_from:
        return BadRecord("repeated", "price_from", str(start), f"one row of {whose} from there; see {before.place}")
    if end is None or start < end:
        till = "has no end" if end is None else f"ends at {end}"
        return BadRecord(
            "within_another_band", "price_from", str(start), f"no overlap: {before.place} of {whose} {till}"
        )
    if start > end:
        return BadRecord("behind_a_gap", "price_from", str(start), f"{end}, where {before.place} of {whose} ends")
    return None

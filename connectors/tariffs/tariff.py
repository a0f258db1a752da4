"""What carriers ask for a parcel, by desi and by the price of what is in it, wherever it was read. Keeps nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache
from unicodedata import normalize

from commerce.errors import Refused

_LATIN_I = str.maketrans("Iİı", "iii")
_PROPOSED, _NAMED = 3, 12


@dataclass(frozen=True, slots=True)
class TariffRate:
    """What a carrier asks for a parcel of at most `desi` whose price is from `price_from` and below `price_below`.

    A `price_below` of None is no limit.
    """

    carrier: str
    desi: int
    price_from: Decimal
    price_below: Decimal | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Tariff:
    """A whole tariff, by carrier, desi and price; `day` is that of its last change, where it says so."""

    rates: tuple[TariffRate, ...]
    day: date | None


@lru_cache(maxsize=1024)
def carrier_key(name: str) -> str:
    """The name as carriers are compared: capitals, of Turkish letters too, make no other carrier."""
    return normalize("NFC", name).translate(_LATIN_I).casefold()


def cargo_bands(
    rates: Sequence[TariffRate], carrier: str, desi: Decimal | int
) -> list[tuple[Decimal, Decimal | None, Decimal]]:
    """What a parcel of so many desi costs: `price_from`, `price_below` and amount of each band, the lowest first.

    A parcel between two rows is charged as the heavier one. Refused for an unknown carrier or too heavy a parcel.
    """
    wanted = carrier_key(carrier)
    rows = [rate for rate in rates if carrier_key(rate.carrier) == wanted]
    if not rows:
        raise Refused(f"there is no carrier {carrier!r} for a parcel of {desi} desi; {_others(rates, carrier)}")
    charged = min((rate.desi for rate in rows if rate.desi >= desi), default=None)
    if charged is None:
        heaviest = max(rate.desi for rate in rows)
        carrying = dict.fromkeys(rate.carrier for rate in rates if rate.desi >= desi)
        told = f"up to that weight there are: {_listed(list(carrying))}" if carrying else "no other carrier takes it"
        raise Refused(f"{rows[0].carrier} takes parcels up to {heaviest} desi, not one of {desi}; {told}")
    bands = sorted((rate for rate in rows if rate.desi == charged), key=lambda rate: rate.price_from)
    return [(rate.price_from, rate.price_below, rate.amount) for rate in bands]


def _others(rates: Sequence[TariffRate], carrier: str) -> str:
    names = {carrier_key(rate.carrier): rate.carrier for rate in rates}
    near = get_close_matches(carrier_key(carrier), names, n=_PROPOSED)
    near += [key for key in names if key.startswith(f"{carrier_key(carrier)} ") and key not in near]
    if near:
        return f"did you mean {' or '.join(names[key] for key in near[:_PROPOSED])}?"
    return f"there are: {_listed(list(names.values())) or 'none'}"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")

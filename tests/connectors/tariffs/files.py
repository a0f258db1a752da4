"""Files of tariffs, written by hand: what a seller would save, and what a marketplace would publish."""

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from decimal import Decimal
from typing import Any

from commerce.errors import Permanent
from connectors.tariffs.reading import read_tariff
from connectors.tariffs.tariff import TariffRate

ENGLISH = ("carrier", "desi", "price_from", "price_below", "amount")
TURKISH = ("taşıyıcı", "desi", "fiyat_alt", "fiyat_ust", "tutar")
DOCUMENT: Mapping[str, Any] = {
    "metadata": {
        "lastUpdate": "2026-09-18",
        "settings": {"desiDivisor": 3000, "maxDesiLimit": 30, "baremDesiLimit": 2, "baremPriceLimit": 300},
    },
    "desiRates": {"1": {"Aras": 80.5, "PTT": 70}, "2": {"Aras": 90, "PTT": 75}, "5": {"ARAS": 120, "PTT": 99.99}},
    "baremPricing": [
        {"salesMin": 0, "salesMax": 149.99, "prices": {"aras": 40}},
        {"salesMin": 150.0, "salesMax": 299.99, "prices": {"Aras": 60, "PTT": 50}},
    ],
}
"""One that can be used."""


def table(*rows: Sequence[object], headings: Sequence[str] = ENGLISH, delimiter: str = ";") -> bytes:
    """A table of these rows."""
    return "".join(f"{delimiter.join(map(str, row))}\n" for row in (headings, *rows)).encode()


def document(**changed: object) -> bytes:
    """The document with other values at these places: `metadata__lastUpdate`, or whole parts; `...` takes one away."""
    body = deepcopy(dict(DOCUMENT))
    for place, value in changed.items():
        *parts, last = place.split("__")
        within: Any = body
        for part in parts:
            within = within[int(part) if part.isdigit() else part]
        if value is ...:
            del within[last]
        else:
            within[int(last) if isinstance(within, list) else last] = value
    return json.dumps(body, ensure_ascii=False).encode()


def rate(carrier: str, desi: int, price_from: object, price_below: object | None, amount: object) -> TariffRate:
    """A rate of these numbers."""
    below = None if price_below is None else Decimal(str(price_below))
    return TariffRate(carrier, desi, Decimal(str(price_from)), below, Decimal(str(amount)))


def outcome(data: bytes, shown: str) -> str:
    """`read` if the file holds a tariff, else what speaks against it."""
    try:
        return "read" if read_tariff(data, shown).rates else "no rates"
    except Permanent as refused:
        return str(refused)

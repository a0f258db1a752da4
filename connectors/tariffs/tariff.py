"""Temporary."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class TariffRate:
    """One row."""

    carrier: str
    desi: int
    price_from: Decimal
    price_below: Decimal | None
    amount: Decimal

"""Temporary."""

from dataclasses import dataclass
from datetime import date

from connectors.tariffs.tariff import TariffRate


@dataclass
class Tariff:
    """T."""

    rates: list[TariffRate]
    day: date | None


def read_tariff(data: bytes, shown: str) -> Tariff:
    """T."""
    raise NotImplementedError

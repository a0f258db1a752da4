"""How values are written for people: numbers, money, moments and sizes by the language and the tenant's time zone.

Nothing here knows HTML. Texts from outside are shown, never obeyed: see `plain`.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

import babel
from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision
from babel.units import format_unit

from meschain.access.tables import HOME_TIME_ZONE, Locale

NOTHING = "–"
"""Stands where there is no value."""
_MOST_DIGITS = 4
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))
_SIZES = ((1_000_000_000, "gigabyte"), (1_000_000, "megabyte"), (1_000, "kilobyte"))
_UNSEEN = (
    *range(0x80, 0xA0),
    0xAD,
    0x61C,
    *range(0x200B, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2060, 0x2070),
    0xFEFF,
)
_PICTURES = {**{code: chr(0x2400 + code) for code in range(32)}, 0x7F: "\u2421"}
_SHOWN = {**_PICTURES, **{code: f"‹U+{code:04X}›" for code in _UNSEEN}}
_LINES = {code: sign for code, sign in _SHOWN.items() if code not in {0x09, 0x0A}}


def plain(value: object, longest: int = 600, *, lines: bool = False) -> str:
    """A text from outside on one line (or with its `lines`), cut to length.

    Characters that cannot be seen or that turn the text around them are named, so that nobody is shown something else
    than what is there. Escaping is the template's affair.
    """
    text = str(value)
    text = text if len(text) <= longest else f"{text[:longest]}…"
    return text.translate(_LINES if lines else _SHOWN)


@dataclass(frozen=True, slots=True)
class Formats:
    """The ways of writing of one language and time zone."""

    language: Locale
    zone_name: str = HOME_TIME_ZONE
    locale: babel.Locale = field(init=False, repr=False)
    zone: tzinfo = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "locale", babel.Locale(self.language))  # frozen for everybody else
        object.__setattr__(self, "zone", ZoneInfo(self.zone_name))

    def moment(self, value: datetime | None) -> str:
        """`27 Kas 2026 17:30`."""
        return NOTHING if value is None else format_datetime(value, "d MMM y HH:mm", self.zone, self.locale)

    def exactly(self, value: datetime | None) -> str:
        """`27 Kasım 2026 17:30:05 GMT+03:00`."""
        return NOTHING if value is None else format_datetime(value, "d MMMM y HH:mm:ss ZZZZ", self.zone, self.locale)

    def clock(self, value: datetime | None) -> str:
        """`17:30:05`."""
        return NOTHING if value is None else format_datetime(value, "HH:mm:ss", self.zone, self.locale)

    def day(self, value: datetime | None) -> str:
        """`27 Kas 2026`."""
        return NOTHING if value is None else format_datetime(value, "d MMM y", self.zone, self.locale)

    def calendar_day(self, value: date | None) -> str:
        """A day of the calendar, wherever: `27 Kas 2026`."""
        return NOTHING if value is None else format_date(value, "d MMM y", self.locale)

    def number(self, value: float | Decimal | None) -> str:
        """With the marks of the language; every digit that is there stays."""
        return NOTHING if value is None else format_decimal(value, locale=self.locale, decimal_quantization=False)

    def percent(self, share: float) -> str:
        """A share from 0 to 1 with one digit behind the mark, if it is not 0."""
        return format_percent(share, "#,##0.#%" if self.language != "tr" else "%#,##0.#", self.locale)

    def rate(self, value: Decimal | None) -> str:
        """A value in per cent with every digit that it has: `%18,5`."""
        if value is None:
            return NOTHING
        pattern = "%#,##0.####" if self.language == "tr" else "#,##0.####%"
        return format_percent(value / 100, pattern, self.locale)

    def money(self, amount: Decimal | None, currency: str | None) -> str:
        """An amount at the scale it has, with at least the digits of its currency's minor unit."""
        if amount is None:
            return NOTHING
        if currency is None:
            return self.number(amount)
        digits = get_currency_precision(currency)
        behind = "0" * digits + "#" * (_MOST_DIGITS - digits)
        pattern = f"¤#,##0.{behind}" if self.language == "tr" else f"¤¤ #,##0.{behind}"
        return format_currency(amount, currency, pattern, self.locale, currency_digits=False)

    def seconds(self, value: float | None) -> str:
        """A span in its two largest units: `2 min 5 sec`, `1.3 sec`."""
        if value is None:
            return NOTHING
        if value < _UNITS[-1][0]:
            return self._unit(round(Decimal(str(value)), 1), "duration-second")
        size, name = next(unit for unit in _UNITS if value >= unit[0])
        smaller, below = {"day": (3_600, "hour"), "hour": (60, "minute"), "minute": (1, "second")}[name]
        parts = [self._unit(int(value // size), f"duration-{name}")]
        if rest := int(value % size // smaller):
            parts.append(self._unit(rest, f"duration-{below}"))
        return " ".join(parts)

    def size(self, value: int | None) -> str:
        """Bytes, as `3.4 MB`."""
        if value is None:
            return NOTHING
        size, name = next((unit for unit in _SIZES if value >= unit[0]), (1, "byte"))
        return self._unit(round(Decimal(value) / size, 1), f"digital-{name}")

    def names(self, values: list[str]) -> str:
        """`a, b and c`."""
        return format_list(values, locale=self.locale) if values else NOTHING

    def _unit(self, value: Decimal | int, name: str) -> str:
        return format_unit(value, name, "short", locale=self.locale)

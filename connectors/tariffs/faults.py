"""What is wrong with a tariff's file: collected row by row and told at once; and the numbers of a row, checked."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from commerce.currency import strip_currency
from commerce.errors import BadRecord, Permanent
from commerce.numbers import DecimalMark, parse_decimal
from commerce.visible import visible

MOST = 20
"""So many faults are told; of the others, how many there are."""
HEAVIEST = 999_999
"""No parcel has more desi."""
_LONGEST_NAME = 80


class Faults:
    """The faults of one file, which `shown` names."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        self._told: list[str] = []

    def add(self, place: str, fault: BadRecord) -> None:
        """Keep one, with where in the file it is."""
        value = fault.value if len(fault.value) <= _LONGEST_NAME else f"{fault.value[:_LONGEST_NAME]}…"
        fault = BadRecord(fault.reason, visible(fault.field, _LONGEST_NAME), value, fault.expected)
        self._told.append(f"In {visible(place, _LONGEST_NAME)}: {visible(fault)}.")

    @contextmanager
    def at(self, place: str) -> Iterator[None]:
        """Keep what is wrong there, and go on behind it."""
        try:
            yield
        except BadRecord as fault:
            self.add(place, fault)

    def check(self) -> None:
        """Permanent, telling them, if there are any."""
        if self._told:
            more = len(self._told) - MOST
            told = " ".join(self._told[:MOST]) + (f" And {more} more." if more > 0 else "")
            raise Permanent(f"{self.shown} is no cargo tariff that can be used. {told}")


def read_number(text: str, field: str, decimal: DecimalMark | None = None) -> Decimal | None:
    """A number that is not negative; None if it is blank. BadRecord for anything else."""
    if strip_currency(text) != text.strip():
        raise BadRecord("with_a_currency", field, text, "the number alone: a tariff is in one currency")
    try:
        return parse_decimal(text, field, decimal)
    except BadRecord as fault:
        if fault.reason != "ambiguous_number":
            raise
        certain = "a number whose decimal mark is certain, such as 1299,90 or 1.299,90"
        raise BadRecord(fault.reason, field, text, certain) from None


def read_amount(text: str, field: str, decimal: DecimalMark | None = None) -> Decimal:
    """An amount above zero; BadRecord for anything else."""
    number = read_number(text, field, decimal)
    if number is None or number == 0:
        raise BadRecord("missing" if number is None else "not_positive", field, text, "an amount above zero")
    return number


def read_price(text: str, field: str, decimal: DecimalMark | None = None) -> Decimal:
    """A price, which may be zero; BadRecord for anything else."""
    number = read_number(text, field, decimal)
    if number is None:
        raise BadRecord("missing", field, text, "a price, such as 0 or 150")
    return number


def read_desi(text: str, field: str, decimal: DecimalMark | None = None) -> int:
    """A whole number of desi, one at least; BadRecord for anything else."""
    number = read_number(text, field, decimal)
    if number is None or number % 1 or not 1 <= number <= HEAVIEST:
        reason = "missing" if number is None else "no_number_of_desi"
        raise BadRecord(reason, field, text, f"a whole number from 1 to {HEAVIEST:,}")
    return int(number)


def read_carrier(text: str, field: str) -> str:
    """A carrier's name in one line; BadRecord for anything else."""
    name = " ".join(text.split())
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        reason = "no_name" if name else "missing"
        raise BadRecord(reason, field, text, f"a name of 1 to {_LONGEST_NAME} characters")
    return name

"""Reads what a person typed into the fields of a page, and gathers what is wrong of it, field by field. Pure.

Numbers are read as people write them, 1299,90 or 1,299.90; one that could be two numbers is asked for again.
"""

import re
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal

from commerce.errors import BadRecord
from commerce.numbers import parse_decimal
from meschain.web.console.language import N_, Message

MISSING = Message(N_("This is needed."))
NO_CHOICE = Message(N_("Choose one of what is offered."))
NO_DAY = N_("Give a day, such as 2026-11-27.")
_LARGEST = Decimal(10) ** 9
_FIRST, _LAST = date(2000, 1, 1), date(2999, 12, 31)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBER = N_("Give a number, such as 2.5.")
_WRONG: Mapping[str, str] = {
    "ambiguous_number": N_("This can be read in two ways; write 1299,90 or 1.299,90."),
    "negative_number": N_("Give a number that is not negative."),
    "number_too_large": N_("This number is too large."),
    "number_too_precise": N_("Give at most four digits behind the mark."),
}


class Typed:
    """The fields of a form or of an address; `errors` is what has to be mended of what was read so far."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values
        self.errors: dict[str, Message | str] = {}

    def text(self, name: str, longest: int = 300, *, needed: bool = False) -> str:
        """A text without blanks around it."""
        found = self.values.get(name, "").strip()
        if needed and not found:
            self.errors[name] = MISSING
        if len(found) > longest:
            self.errors[name] = Message(N_("Give at most %(limit)s characters."), {"limit": longest})
        return found

    def number(self, name: str, *, needed: bool = False, signed: bool = False) -> Decimal | None:
        """A number; None if there is none, or none that can be."""
        text = self.text(name, 60, needed=needed)
        try:
            found = parse_decimal(text, signed=signed) if name not in self.errors else None
        except BadRecord as error:
            self.errors[name] = Message(_WRONG.get(error.reason, _NUMBER))
            return None
        if found is not None and abs(found) >= _LARGEST:
            self.errors[name] = Message(_WRONG["number_too_large"])
            return None
        return found

    def rate(self, name: str, *, needed: bool = False, least: int = 0, most: int = 100) -> Decimal | None:
        """A number in per cent, with at most two digits behind the mark."""
        found = self.number(name, needed=needed, signed=least < 0)
        if found is None:
            return None
        if not least <= found <= most or found != round(found, 2):
            told = N_("Give %(least)s to %(most)s, with at most two digits behind the mark.")
            self.errors[name] = Message(told, {"least": least, "most": most})
            return None
        return round(found, 2)

    def whole(self, name: str, most: int, *, needed: bool = False) -> int | None:
        """A whole number that is not negative."""
        found = self.number(name, needed=needed)
        if found is None:
            return None
        if found != int(found) or found > most:
            self.errors[name] = Message(N_("Give a whole number of at most %(limit)s."), {"limit": most})
            return None
        return int(found)

    def choice(self, name: str, choices: Collection[str], *, needed: bool = False) -> str:
        """One of what is offered; empty for none."""
        found = self.text(name, needed=needed)
        if found and found not in choices:
            self.errors[name] = NO_CHOICE
            return ""
        return found

    def day(self, name: str, *, needed: bool = False) -> date | None:
        """A day as a browser sends it."""
        text = self.text(name, needed=needed)
        if not text:
            return None
        try:
            found = date.fromisoformat(text) if _DAY.fullmatch(text) else None
        except ValueError:
            found = None
        if found is None or not _FIRST <= found <= _LAST:
            self.errors[name] = NO_DAY
            return None
        return found

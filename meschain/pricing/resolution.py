"""Which stated term holds for a sale on a day: the most specific one whose conditions fit. Pure decisions, no store."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import zip_longest
from typing import NamedTuple

from commerce.errors import Refused
from meschain.pricing.terms import Term

_SEPARATORS = ">/|,;»"


class Sale(NamedTuple):
    """What the conditions of terms are held against; empty where it is not known or no term mentions it."""

    channel: str = ""
    supplier: str = ""
    brand: str = ""
    category: str = ""


class TermFault(Refused):
    """A term has no value, or two, where one is needed; `code` names which: `term_gap` or `term_overlap`."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Mentions:
    """What the conditions of some terms mention."""

    suppliers: Sequence[str]
    brands: Sequence[str]
    categories: Sequence[str]

    @classmethod
    def of(cls, terms: Iterable[Term]) -> "Mentions":
        """All that the terms mention, each once."""
        found = [(term.supplier, term.brand, term.category) for term in terms]
        suppliers, brands, categories = zip(*found, strict=True) if found else ((), (), ())
        return cls(*(sorted({name for name in names if name}) for names in (suppliers, brands, categories)))


def resolve(stated: Sequence[Term], sale: Sale, day: date) -> dict[str, Term]:
    """Of each name that was stated for such a sale, the value that holds on that day.

    A term for a supplier counts before one for a brand, that before one for a category (the longer path first), and
    that before one for a channel. What is more specific may lapse: then the more general holds again. TermFault when
    values of one and the same condition overlap, or when some ended and none holds. Before its first value a name
    counts as not stated.
    """
    named: dict[str, dict[tuple[object, ...], list[Term]]] = {}
    for term in stated:
        if _fits(term, sale):
            conditions = (bool(term.supplier), bool(term.brand), len(term.category), bool(term.channel))
            named.setdefault(term.name, {}).setdefault(conditions, []).append(term)
    held = {name: _holding(name, groups, day) for name, groups in named.items()}
    return {name: term for name, term in held.items() if term is not None}


def holding(terms: Sequence[Term], day: date) -> Term | None:
    """The one of several values of one term that holds on that day: an open one ends where the next begins.

    TermFault when two hold.
    """
    ordered = sorted(terms, key=lambda term: term.since)
    found: Term | None = None
    for term, following in zip_longest(ordered, ordered[1:]):
        if day < term.since or (term.until is not None and day >= term.until):
            continue
        if term.until is None and following is not None and term.since < following.since <= day:
            continue
        if found is not None:
            raise TermFault(
                "term_overlap",
                f"{term.name}: two values hold on {day}, {_told(found)} and {_told(term)}; end one earlier",
            )
        found = term
    return found


@lru_cache(maxsize=1024)
def folded(word: str) -> str:
    """A word as it is compared: without capitals, accents and blanks around it, the Turkish ı as an i."""
    plain = unicodedata.normalize("NFD", word.strip())
    return "".join(mark for mark in plain if not unicodedata.combining(mark)).lower().replace("ı", "i")


def within(category: str, path: str) -> bool:
    """Whether a category is that of the path or below it: `Toys > Dolls` is within `Toys`, `Toys & Games` is not."""
    whole, start = folded(category), folded(path)
    rest = whole.removeprefix(start).lstrip() if whole.startswith(start) else "-"
    return not rest or rest[0] in _SEPARATORS


def _fits(term: Term, sale: Sale) -> bool:
    return (
        term.channel in {"", sale.channel}
        and term.supplier in {"", sale.supplier}
        and (not term.brand or folded(term.brand) == folded(sale.brand))
        and (not term.category or within(sale.category, term.category))
    )


def _holding(name: str, groups: Mapping[tuple[object, ...], list[Term]], day: date) -> Term | None:
    """The value that holds; None while all are still to begin."""
    for conditions in sorted(groups, reverse=True):
        found = holding(groups[conditions], day)
        if found is not None:
            return found
    every = [term for group in groups.values() for term in group]
    if all(term.since > day for term in every):
        return None
    later = min((term.since for term in every if term.since > day), default=None)
    ended = max((term.until for term in every if term.until is not None and term.until <= day), default=None)
    told = [f"the last one ended before {ended}"] if ended else []
    told += [f"the next one begins on {later}"] if later else []
    raise TermFault("term_gap", f"{name}: no value holds on {day}; {' and '.join(told)}")


def _told(term: Term) -> str:
    until = f" until {term.until}" if term.until else ""
    return f"{term.value} (since {term.since}{until}, {term.source})"

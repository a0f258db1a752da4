"""Whether a password can be guessed: what is left of it without everything that guessing begins with. Pure.

No reason repeats a part of the password or of a name: reasons are shown, and may be logged.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import yaml

from commerce.errors import Refused
from meschain.access.passwords import LONGEST, SHORTEST, normal

PRODUCT = "meschain"
LEAST_LEFT = 8
"""Characters that have to be left; what is guessed as one piece counts for one, however long it is."""

_RUN = 4
_PERSONAL = 4
_BETWEEN = re.compile(r"(?![@$!])[\s!-/:-@\[-`{-~]")
"""Blanks and signs that divide words, without those that stand for letters."""
_REPEATED = re.compile(r"(.)\1{2,}|(..+?)\2+", re.DOTALL)
_YEAR = re.compile(r"(?:19|20)\d\d")
_LETTERS = tuple(str.maketrans("013457@$!", letters) for letters in ("oieastasi", "oleastasl"))
"""What digits and signs stand for: 1 and ! are an i or an l."""
_UNSTABLE = {"Cc", "Cn", "Cs"}


def check_strength(password: str, words: Iterable[str] = ()) -> None:
    """Refused, with every reason, unless the password is good enough; `words` as for `weaknesses`."""
    found = weaknesses(password, words)
    if found:
        raise Refused(f"this password will not do: {'; '.join(found)}. Four words that have nothing in common are good")


def weaknesses(password: str, words: Iterable[str] = ()) -> list[str]:
    """What is wrong with a password, in words; empty if nothing is.

    `words` are what somebody who knows the person tries first: the person's name and e-mail address, the tenant's name.
    """
    if len(password) > LONGEST:
        return [f"it has {len(password)} characters, at most {LONGEST} are expected"]
    if any(unicodedata.category(sign) in _UNSTABLE for sign in password):
        return ["it holds a control character, or one that is not known here; leave it out"]
    text, found = normal(password), []
    if len(text) < SHORTEST:
        found.append(f"it has {len(text)} characters, at least {SHORTEST} are expected")
    bare = _bare(text)
    if not bare:
        return [*found, "it has nothing but blanks and punctuation"]
    if bare.isdecimal():
        return [*found, "it is a number: dates, telephone and identity numbers are tried first"]
    plain, *swapped = _views(bare)
    personal = _personal(words)
    if any(word in plain or (len(word) > _PERSONAL and any(word in view for view in swapped)) for word in personal):
        found.append("it contains your name or e-mail address, or the name of the tenant or of the product")
    left = _left(bare) + len(set(_BETWEEN.findall(text)))
    if left < LEAST_LEFT <= len(text):
        found.append(
            "with common words, years, repetitions and runs such as 1234 or qwerty counted as one character each it "
            f"has {left}, at least {LEAST_LEFT} are expected"
        )
    return found


def _bare(text: str) -> str:
    """The text in small letters without accents and what stands between words; ı is i, as when names must be plain."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("ı", "i"))
    return _BETWEEN.sub("", "".join(sign for sign in plain if not unicodedata.combining(sign)))


def _personal(words: Iterable[str]) -> set[str]:
    """Each word whole and each of its parts, if it is long enough not to be met by chance."""
    parts = {_bare(part) for word in words for part in (word, *re.split(r"[\W_]+", normal(word)))}
    return {part for part in {PRODUCT, *parts} if len(part) >= _PERSONAL}


def _views(bare: str) -> Iterator[str]:
    """The text as it stands, and with digits and signs read as the letters they look like; each of the same length."""
    yield bare
    yield from (bare.translate(letters) for letters in _LETTERS)


def _left(bare: str) -> int:
    """How many characters are left, a piece that is guessed as one counting for one; pieces that overlap are one."""
    left, end = len(bare), 0
    for start, stop in sorted(_pieces(bare)):
        if start >= end:
            left += 1
        left -= max(0, stop - max(start, end))
        end = max(end, stop)
    return left


def _pieces(bare: str) -> Iterator[tuple[int, int]]:
    """Start and end of everything that is guessed as one."""
    known = _guessable()
    yield from (found.span() for view in _views(bare) for found in known.words.finditer(view))
    yield from (found.span() for found in _YEAR.finditer(bare))
    yield from ((at, at + _RUN) for at in range(len(bare) - _RUN + 1) if bare[at : at + _RUN] in known.runs)
    for found in _REPEATED.finditer(bare):
        again = len(found[2] or "")  # what is repeated counts once as what it is
        yield found.start() + again, found.end()


class _Guessable(NamedTuple):
    runs: frozenset[str]
    words: re.Pattern[str]


@cache
def _guessable() -> _Guessable:
    found = yaml.safe_load(files("meschain.access").joinpath("guessable.yml").read_text(encoding="utf-8"))
    rows = [way for row in found["rows"] for way in (row, row[::-1])]
    runs = frozenset(row[at : at + _RUN] for row in rows for at in range(len(row) - _RUN + 1))
    words = sorted(found["words"].split(), key=len, reverse=True)
    return _Guessable(runs, re.compile("|".join(map(re.escape, words))))

"""Scopes of a grant or an act: a kind of thing (supplier, channel) and which of them. Pure decisions, no store.

A pattern is text in which `*` stands for any characters, as in `acme-*`; nothing else in it is special. That is all: an
expression that can be slow, or that people read differently from the machine, cannot be written.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from commerce.errors import Refused

ScopeKind = Literal["channel", "supplier"]
Scope = tuple[str, str]
"""A kind and a name, such as ("supplier", "acme-toys"); of a grant: a kind and a pattern."""

ANY = "*"
_PATTERN = re.compile(r"[a-z0-9*-]{1,63}")


def check_scope(kind: str, pattern: str) -> Scope:
    """Both as they are; Refused unless there is that kind and the pattern can name something of it."""
    if kind not in get_args(ScopeKind):
        raise Refused(f"{kind[:80]!r} is no kind of scope; expected one of {', '.join(get_args(ScopeKind))}")
    if not _PATTERN.fullmatch(pattern):
        raise Refused(
            f"{pattern[:80]!r} is no pattern of {kind}s; expected 1 to 63 of a-z, 0-9, dash and *, such as acme-*"
        )
    return kind, pattern


def matches(pattern: str, value: str) -> bool:
    """Whether the pattern names the value. Takes time in proportion to the value, whatever the pattern.

    With a pattern in the place of the value: whether everything that one names is named by this one.
    """
    return _fits(pattern.split(ANY), value)


def overlap(one: str, other: str) -> bool:
    """Whether some value is named by both patterns."""
    if ANY not in one:
        return matches(other, one)
    if ANY not in other:
        return matches(one, other)
    start, longer_start = sorted((one.partition(ANY)[0], other.partition(ANY)[0]), key=len)
    end, longer_end = sorted((one.rpartition(ANY)[2], other.rpartition(ANY)[2]), key=len)
    # What stands between start and end can be put one behind the other: it never contradicts.
    return longer_start.startswith(start) and longer_end.endswith(end)


def as_like(pattern: str) -> str:
    r"""The pattern for SQL's LIKE with `ESCAPE '\'`."""
    return re.sub(r"([\\%_])", r"\\\1", pattern).replace(ANY, "%")


class Matcher:
    """Several patterns of one kind; put apart by how fast they can be told, when the first name is asked for."""

    __slots__ = ("_apart", "patterns")

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = tuple(patterns)
        self._apart: _Apart | None = None

    def covers(self, value: str) -> bool:
        """Whether any of the patterns names the value."""
        if self._apart is None:
            self._apart = _put_apart(self.patterns)
        exact, starts, ends, inner, others = self._apart
        return (
            value in exact
            or value.startswith(starts)
            or value.endswith(ends)
            or any(part in value for part in inner)
            or any(_fits(parts, value) for parts in others)
        )


@dataclass(frozen=True, slots=True)
class Scopes:
    """What a list may show: what an `allowed` pattern names and no `denied` one does. False if that is nothing."""

    allowed: tuple[str, ...]
    denied: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.allowed)

    def covers(self, value: str) -> bool:
        """Whether it may be shown."""
        named = any(matches(pattern, value) for pattern in self.allowed)
        return named and not any(matches(pattern, value) for pattern in self.denied)


_Apart = tuple[set[str], tuple[str, ...], tuple[str, ...], list[str], list[list[str]]]


def _put_apart(patterns: Iterable[str]) -> _Apart:
    """What has no star; starts of `a*`; ends of `*a`; what stands in `*a*`; the parts of all others."""
    exact, starts, ends, inner, others = set[str](), list[str](), list[str](), list[str](), list[list[str]]()
    for pattern in patterns:
        match pattern.split(ANY):
            case [whole]:
                exact.add(whole)
            case [start, ""]:
                starts.append(start)
            case ["", end]:
                ends.append(end)
            case ["", part, ""]:
                inner.append(part)
            case parts:
                others.append(parts)
    return exact, tuple(starts), tuple(ends), inner, others


def _fits(parts: list[str], value: str) -> bool:
    """Whether the parts stand in the value one behind the other, the first at its start and the last at its end."""
    if len(parts) == 1:
        return parts[0] == value
    first, *middle, last = parts
    at, end = len(first), len(value) - len(last)
    if at > end or not value.startswith(first) or not value.endswith(last):
        return False
    for part in middle:
        found = value.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True

"""What a verification of the log finds wrong: each finding says where it is and, in words, what was done. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

MOST = 1_000
"""So many findings are told; of the rest, the number."""


class Kind(StrEnum):
    """What was done to the log."""

    ALTERED = "altered"
    """What belongs to the log, and is no entry: its head, hashes, checkpoints, keys."""
    CHANGED = "changed"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "reordered"
    RESIGNED = "re-signed"
    TRUNCATED = "truncated"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `first` and `last` are entries' indexes, None for what concerns no single entry."""

    kind: Kind
    table: str
    text: str
    first: int | None = None
    last: int | None = None
    pattern: str = field(default="", repr=False)
    """Findings of one kind and pattern that follow on each other are told as one."""

    @property
    def where(self) -> str:
        """The place in words."""
        if self.first is None:
            return self.table
        return f"entry {self.first}" if self.last == self.first else f"entries {self.first} to {self.last}"


class Findings:
    """Collects findings; the same found at one entry after the other becomes one of them all."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self._places: dict[tuple[Kind, str, str], int] = {}
        """Where the last finding of each pattern stands."""
        self.untold = 0

    def add(
        self, kind: Kind, table: str, text: str, first: int | None = None, last: int | None = None, pattern: str = ""
    ) -> None:
        """One more; `last` is `first` unless it is given."""
        new = Finding(kind, table, text, first, first if last is None else last, pattern)
        place = self._places.get((kind, table, pattern), -1) if pattern else -1
        if place >= 0 and self._found[place].last == (first or 0) - 1:
            self._found[place] = replace(self._found[place], last=new.last)
        elif len(self._found) < MOST:
            self._places[kind, table, pattern] = len(self._found)
            self._found.append(new)
        else:
            self.untold += 1

    def any_within(self, first: int, last: int) -> bool:
        """Whether something was found at one of these entries."""
        return any(
            one.first is not None and one.last is not None and one.first <= last and one.last >= first
            for one in self._found
        )

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found) + self.untold

    def __bool__(self) -> bool:
        return bool(self._found)

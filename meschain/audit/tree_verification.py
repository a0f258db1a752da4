"""Verifying that all entries together are the ones the log had: against stored hashes, checkpoints and the head. Pure.

Two readings of the log are kept side by side: its tree as computed from the entries, and the same with the stored
hashes of subtrees wherever these differ. A checkpoint tells which of them is right, and so what was altered: entries,
or what is stored of them. Nothing but hashes on the way to the root is remembered.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from meschain.audit.findings import Findings, Kind
from meschain.audit.leaf_verification import TABLE
from meschain.audit.merkle import TILE_HEIGHT, Frontier, node_hash

CHECKPOINTS, HEAD, NODES = "audit_checkpoints", "audit_head", "audit_nodes"
_TILE = 1 << TILE_HEIGHT
Reading = list[bytes | None]
"""Hashes of perfect subtrees, the largest first; None where nothing is known."""


class Authority(NamedTuple):
    """What somebody vouches for: the root of the log at a size."""

    size: int
    root: bytes
    what: str
    outside: bool = False
    """Whether it was kept where nobody who can write to the store could alter it."""


class _Doubt(NamedTuple):
    """A stored hash that is not that of its entries, until it is known which of them was altered."""

    first: int
    last: int
    level: int
    number: int


class _Contradiction(NamedTuple):
    """Entries among which some are not what a checkpoint confirms, until it is known better which."""

    first: int
    last: int
    text: str


class TreeVerification:
    """Takes the entries' hashes in order, and authorities in order of size."""

    def __init__(
        self, stored: Callable[[int, int], bytes | None], authorities: Iterable[Authority], findings: Findings
    ) -> None:
        self._stored = stored
        self._authorities = iter(authorities)
        self._findings = findings
        self.size = 0
        self.confirmed = 0
        """The largest size at which an authority confirmed the log."""
        self._vouched = 0
        """The same for authorities from outside: what the store holds may have been signed anew."""
        self._computed: Reading = []
        self._believed: Reading = []
        self._doubts: list[_Doubt] = []
        self._contradictions: list[_Contradiction] = []
        self._begin_tile()
        self._due = next(self._authorities, None)
        self._confirm_due()

    def take(self, index: int, stored: bytes, computed: bytes) -> None:
        """The next entry's hash as it is stored, and as its body has it. What is missing before it is passed over."""
        while self.size < index:
            self._put(None, None)
        self._put(stored, computed)

    def finish(self, head: Frontier | None) -> None:
        """Compare with the head, and look for what should come after the last entry."""
        if head is None:
            self._findings.add(Kind.ALTERED, HEAD, "there is no head that can be read")
        elif head.size > self.size:
            self._tell_truncated(head.size, f"the log's head counts {head.size}")
        elif head.size < self.size:
            text = f"behind the log's head, which counts {head.size}: put in past it, or the head was set back"
            self._findings.add(Kind.INSERTED, TABLE, text, head.size, self.size - 1)
        else:
            self._compare_head(head)
        largest = None
        while self._due is not None:
            largest, self._due = self._due, next(self._authorities, None)
        if largest is not None:
            self._tell_truncated(largest.size, f"{largest.what} is of {largest.size} entries")
        self._settle(None)

    def _put(self, stored: bytes | None, computed: bytes | None) -> None:
        self._leaves.append(stored)
        self._bodies.append(computed)
        if stored is None:
            self._whole = False
        else:
            self._tile.append(stored)
        self.size += 1
        if len(self._leaves) == _TILE:
            self._close_tile()
        self._confirm_due()

    def _begin_tile(self) -> None:
        self._leaves: list[bytes | None] = []
        self._bodies: list[bytes | None] = []
        self._tile = Frontier()
        self._whole = True

    def _close_tile(self) -> None:
        number = self.size // _TILE - 1
        hashed = self._tile.root() if self._whole else None
        if hashed is not None and self._bodies != self._leaves:
            of_bodies = _tile_of(self._bodies)
            if of_bodies is not None and of_bodies.root() == self._stored(TILE_HEIGHT, number):
                hashed = of_bodies.root()  # the entries are right, and the hashes beside them are not
        self._begin_tile()
        level, computed, believed = TILE_HEIGHT, hashed, hashed
        computed, believed = self._compare(level, number, computed, believed)
        while number & 1:
            number, level = number >> 1, level + 1
            computed, believed = _joined(self._computed.pop(), computed), _joined(self._believed.pop(), believed)
            if level % TILE_HEIGHT == 0:
                computed, believed = self._compare(level, number, computed, believed)
        self._computed.append(computed)
        self._believed.append(believed)

    def _compare(
        self, level: int, number: int, computed: bytes | None, believed: bytes | None
    ) -> tuple[bytes | None, bytes | None]:
        """Both readings of a subtree, once its stored hash has been looked at."""
        stored = self._stored(level, number)
        first, last = number << level, (number + 1 << level) - 1
        if stored is None:
            self._findings.add(Kind.DELETED, NODES, f"the hash over entries {first} to {last} is missing")
            return computed, believed
        if stored not in {computed, believed} and computed is not None:
            self._doubts.append(_Doubt(first, last, level, number))
        return computed if computed is not None else stored, stored

    def _confirm_due(self) -> None:
        while self._due is not None and self._due.size <= self.size:
            authority, self._due = self._due, next(self._authorities, None)
            if not self._fits(authority.root):
                self._contradict(authority)
            else:
                self.confirmed = self.size
                self._vouched = self.size if authority.outside else self._vouched

    def _fits(self, root: bytes) -> bool:
        """Whether either reading leads to this root; if so, all doubts are settled."""
        if root in self._roots(self._computed):
            self._settle(entries=False)
            self._believed = list(self._computed)
        elif root in self._roots(self._believed):
            self._settle(entries=True)
            self._computed = list(self._believed)
        else:
            return False
        return True

    def _roots(self, reading: Reading) -> Iterator[bytes]:
        """Roots at the present size: with the stored hashes of the last entries, and with those of their bodies."""
        tiles = [self._tile if self._whole else None]
        if self._bodies != self._leaves:
            tiles.append(_tile_of(self._bodies))
        for tile in tiles:
            hashes = [*reading, *(tile.hashes if tile is not None else [None])]
            known = [each for each in hashes if each is not None]
            if len(known) == len(hashes):
                yield Frontier(self.size, known).root()

    def _contradict(self, authority: Authority) -> None:
        """Nothing fits: tell of the entries since the last that was confirmed, unless something was found there."""
        first, last = self._vouched if authority.outside else self.confirmed, self.size - 1
        if first > last:
            text = f"{authority.what} is not of these entries, which another one confirms"
            self._findings.add(Kind.ALTERED, CHECKPOINTS, text)
            return
        text = f"one or more of them not what {authority.what} confirms: the log was rewritten"
        if authority.outside:
            self._findings.add(Kind.CHANGED, TABLE, text, first, last)
        elif not self._contradictions:  # what comes after a wrong root is wrong, too
            self._contradictions.append(_Contradiction(first, last, text))

    def _settle(self, entries: bool | None) -> None:  # noqa: FBT001  three answers to one question
        """Tell what was altered where a stored hash did not fit: the entries, the hash, or nobody knows which."""
        doubts, self._doubts = self._doubts, []
        contradictions, self._contradictions = self._contradictions, []
        for one in contradictions:
            within = [each for each in doubts if each.first <= one.last and each.last >= one.first]
            parts = [(max(each.first, one.first), min(each.last, one.last)) for each in within if entries is not False]
            for first, last in parts or [(one.first, one.last)]:
                if not self._findings.any_within(first, last):
                    self._findings.add(Kind.CHANGED, TABLE, one.text, first, last)
        for doubt in doubts:
            if entries is False:
                text = f"the hash over entries {doubt.first} to {doubt.last} (level {doubt.level}) is not theirs"
                self._findings.add(Kind.ALTERED, NODES, text)
            elif not self._findings.any_within(doubt.first, doubt.last):
                text = "one or more of them changed together with its hash: what is stored over them all is another"
                self._findings.add(Kind.CHANGED, TABLE, text, doubt.first, doubt.last)

    def _doubted(self, first: int, last: int) -> bool:
        places = [(one.first, one.last) for one in self._doubts]
        places += [(one.first, one.last) for one in self._contradictions]
        return any(begin <= last and end >= first for begin, end in places)

    def _compare_head(self, head: Frontier) -> None:
        """The head is signed by nobody: where it differs, it may be the head itself that was altered."""
        if self._fits(head.root()):
            return
        for first, last in self._differing(head.hashes):
            if last < self.confirmed:
                self._findings.add(Kind.ALTERED, HEAD, f"its hash over entries {first} to {last} is not theirs")
            elif not (self._findings.any_within(first, last) or self._doubted(first, last)):
                text = "they and the log's head do not fit together: one or the other was altered"
                self._findings.add(Kind.CHANGED, TABLE, text, first, last)

    def _differing(self, hashes: Sequence[bytes]) -> Iterator[tuple[int, int]]:
        """First and last entry of each of the head's subtrees that is not that of the entries."""
        mine: Reading = [*self._computed, *(self._tile.hashes if self._whole else [])]
        begin = 0
        for place, hashed in enumerate(mine):
            level = (self.size - begin).bit_length() - 1
            if hashed != hashes[place]:
                yield begin, begin + (1 << level) - 1
            begin += 1 << level

    def _tell_truncated(self, size: int, why: str) -> None:
        if not self._findings.any_within(self.size, size - 1):
            self._findings.add(Kind.TRUNCATED, TABLE, f"missing: the end was cut off; {why}", self.size, size - 1)


def _tile_of(leaves: Sequence[bytes | None]) -> Frontier | None:
    tile = Frontier()
    for leaf in leaves:
        if leaf is None:
            return None
        tile.append(leaf)
    return tile


def _joined(left: bytes | None, right: bytes | None) -> bytes | None:
    return node_hash(left, right) if left is not None and right is not None else None

"""The Merkle tree of RFC 6962: hashes, a log's frontier, and the proofs that an entry is in it and that it only grew.

Pure: where hashes are kept is the caller's affair. Proofs are checked as RFC 9162 §2.1.3.2 and §2.1.4.2 say.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, Self

from commerce.errors import Permanent, Refused

HASH_BYTES = 32
TILE_HEIGHT = 8
"""Perfect subtrees are stored at every eighth level (8, 16, 24, …)."""
EMPTY_ROOT = hashlib.sha256().digest()
_TILE = 1 << TILE_HEIGHT
_CACHED_TILES = 64  # some 3 MB: those near the root serve every proof, those of leaves their neighbours

SubtreeHash = Callable[[int, int], bytes]
"""Hash of the perfect subtree over 2^level leaves, by level and by its number within the level."""


class BadProof(Refused):
    """A proof does not show what it should; by itself it says nothing against the log."""


class Rewritten(BadProof):
    """The proof belongs to the new root, and that root holds other first entries than the former one."""


class Subtree(NamedTuple):
    """A perfect subtree: the one of that number, from 0, among those of its level. It has 2^level leaves."""

    level: int
    number: int
    hash: bytes


def leaf_hash(data: bytes) -> bytes:
    """Hash of one entry."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of the node above two."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class Frontier:
    """All that a log must remember to grow: its size, and the hashes of its perfect subtrees, largest first."""

    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> list[Subtree]:
        """Add a leaf by its hash; gives those subtrees it completed that are to be stored (level 8, 16, …)."""
        level, completed = 0, []
        while self.size >> level & 1:
            leaf, level = node_hash(self.hashes.pop(), leaf), level + 1
            if level % TILE_HEIGHT == 0:
                completed.append(Subtree(level, self.size >> level, leaf))
        self.hashes.append(leaf)
        self.size += 1
        return completed

    def root(self) -> bytes:
        """The log's root at this size."""
        return _folded(self.hashes) if self.hashes else EMPTY_ROOT

    def to_bytes(self) -> bytes:
        """The size as eight bytes, big-endian, then the hashes."""
        return self.size.to_bytes(8, "big") + b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """What `to_bytes` gave; Permanent if it is not that."""
        size, hashes = int.from_bytes(data[:8], "big"), data[8:]
        if len(data) < 8 or len(hashes) != size.bit_count() * HASH_BYTES:
            raise Permanent(
                f"the log's frontier is damaged: {len(data)} bytes do not fit a log of {size} entries; restore a backup"
            )
        return cls(size, [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)])


def root_of(size: int, subtree: SubtreeHash) -> bytes:
    """Root of the first `size` entries."""
    return _range_hash(0, size, subtree) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, subtree: SubtreeHash) -> list[bytes]:
    """That entry `index` (from 0) is in the log of `size` entries: PATH of RFC 9162 §2.1.3.1."""
    if not 0 <= index < size:
        raise Refused(f"entry {index} is not in a log of {size} entries; expected 0 to {size - 1}")
    begin, end = 0, size
    path = []
    while end - begin > 1:
        split = begin + _split(end - begin)
        if index < split:
            path.append((split, end))
            end = split
        else:
            path.append((begin, split))
            begin = split
    return [_range_hash(*part, subtree) for part in reversed(path)]


def consistency_proof(old: int, new: int, subtree: SubtreeHash) -> list[bytes]:
    """That the log of `new` entries begins with the log of `old`: PROOF of RFC 9162 §2.1.4.1.

    Empty where there is nothing to prove: from the empty log, and from a log to itself.
    """
    if not 0 <= old <= new:
        raise Refused(f"a log of {new} entries cannot have grown from {old}; expected 0 to {new}")
    if old in {0, new}:
        return []
    begin, end = 0, new
    path = []
    while old != end:
        split = begin + _split(end - begin)
        if old <= split:
            path.append((split, end))
            end = split
        else:
            path.append((begin, split))
            begin = split
    if begin:  # otherwise the last part is the old tree itself, whose root the verifier has
        path.append((begin, end))
    return [_range_hash(*part, subtree) for part in reversed(path)]


def stored_subtrees(
    leaves: Callable[[int, int], Sequence[bytes]], nodes: Callable[[int, int, int], Sequence[bytes]]
) -> SubtreeHash:
    """Subtree hashes from what is stored. To be made anew for each transaction: it remembers what it has read.

    `leaves(begin, end)` gives the leaf hashes of that range and `nodes(level, begin, end)` the stored hashes of a
    level 8, 16, …, in order and as far as they are there. Both are asked for the 256 of one tile at a time, at most
    for two tiles of a level for one proof: the one on the way to the entry and the one at the log's end.
    """

    @lru_cache(maxsize=_CACHED_TILES)
    def tile(base: int, number: int) -> list[list[bytes]]:
        begin = number << TILE_HEIGHT
        rows = [list(nodes(base, begin, begin + _TILE) if base else leaves(begin, begin + _TILE))]
        while len(rows[-1]) > 1:
            pairs = zip(rows[-1][::2], rows[-1][1::2], strict=False)  # an odd one out is in no perfect subtree
            rows.append([node_hash(left, right) for left, right in pairs])
        return rows

    def subtree(level: int, index: int) -> bytes:
        height = level % TILE_HEIGHT
        number, place = divmod(index, _TILE >> height)
        rows = tile(level - height, number)
        if height >= len(rows) or place >= len(rows[height]):
            first, last = index << level, (index + 1 << level) - 1
            raise Permanent(f"the log lacks hashes of entries {first} to {last}: it was cut or damaged")
        return rows[height][place]

    return subtree


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """BadProof unless `proof` shows that the entry with this leaf hash is number `index` under `root`."""
    what = f"the inclusion proof of entry {index} in a log of {size}"
    if not 0 <= index < size:
        raise BadProof(f"entry {index} is not in a log of {size} entries")
    _check_hashes(leaf, root, *proof)
    for hash_, is_left in zip(proof, _sides(index, size - 1, len(proof), what), strict=True):
        leaf = node_hash(hash_, leaf) if is_left else node_hash(leaf, hash_)
    if leaf != root:
        raise BadProof(f"{what} leads to another root: the log holds something else there, or the proof is not its own")


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """BadProof unless `proof` shows that the log under `new_root` begins with the whole log under `old_root`.

    Rewritten if it shows the contrary: the proof is right for the new root, and the old one is none of its beginnings.
    """
    what = f"the consistency proof from {old} to {new} entries"
    if not 0 <= old <= new:
        raise BadProof(f"a log of {new} entries cannot have grown from {old}")
    _check_hashes(old_root, new_root, *proof)
    if old in {0, new}:
        _verify_trivial(old, old_root, new_root if old == new else EMPTY_ROOT, proof)
        return
    if not proof:
        raise BadProof(f"{what} is empty")
    first, *rest = [old_root, *proof] if old.bit_count() == 1 else proof
    whole = (old & -old).bit_length() - 1  # level of the smallest perfect subtree of the old log
    before = after = first
    for hash_, is_left in zip(rest, _sides(old - 1 >> whole, new - 1 >> whole, len(rest), what), strict=True):
        if is_left:
            before, after = node_hash(hash_, before), node_hash(hash_, after)
        else:
            after = node_hash(after, hash_)
    if after != new_root:
        raise BadProof(f"{what} does not lead to the new root: the log was rewritten, or the proof is not its own")
    if before != old_root:
        raise Rewritten(f"the first {old} entries of the log of {new} are not those of the former log of {old}")


def _verify_trivial(old: int, old_root: bytes, expected: bytes, proof: Sequence[bytes]) -> None:
    """From the empty log to any, and from a log to itself, there is nothing to prove but that the roots are right."""
    if proof:
        raise BadProof("a consistency proof was given where there is nothing to prove; expected none")
    if old_root != expected:
        raise Rewritten(f"two logs of {old} entries have different roots")


def _sides(place: int, last: int, count: int, what: str) -> list[bool]:
    """Of each hash on the way from a node to the root, whether it is joined from the left.

    `place` is the node's index in its level and `last` that of the level's last. BadProof unless there are `count`.
    """
    sides: list[bool] = []
    for _ in range(count):
        if not last:
            raise BadProof(f"{what} is too long: {count} hashes, expected {len(sides)}")
        is_left = place & 1 == 1 or place == last
        while is_left and place and not place & 1:
            place, last = place >> 1, last >> 1
        sides.append(is_left)
        place, last = place >> 1, last >> 1
    if last:
        raise BadProof(f"{what} is too short: {count} hashes")
    return sides


def _split(size: int) -> int:
    """The largest power of two below `size`: how many leaves are to the left."""
    return 1 << (size - 1).bit_length() - 1


def _range_hash(begin: int, end: int, subtree: SubtreeHash) -> bytes:
    """Hash over the entries of a range that is a node of some log: its perfect subtrees, joined from the right."""
    hashes = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        hashes.append(subtree(level, begin >> level))
        begin += 1 << level
    return _folded(hashes)


def _folded(hashes: Sequence[bytes]) -> bytes:
    result = hashes[-1]
    for left in reversed(hashes[:-1]):
        result = node_hash(left, result)
    return result


def _check_hashes(*hashes: bytes) -> None:
    """A node's hash is one of exactly 64 bytes: anything longer or shorter could be cut in two ways."""
    for hash_ in hashes:
        if len(hash_) != HASH_BYTES:
            raise BadProof(f"a hash of {len(hash_)} bytes is none of this tree; expected {HASH_BYTES}")

"""The Merkle tree as RFC 6962 §2.1 defines it, word by word and slowly: what the quick one is held against."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any


def leaf(data: bytes) -> bytes:
    return sha256(b"\0" + data).digest()


def leaves(size: int) -> list[bytes]:
    """Leaf hashes of a log of that many different entries."""
    return [leaf(f"entry {number}".encode()) for number in range(size)]


def split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def root(hashes: Sequence[bytes]) -> bytes:
    """MTH(D[n])."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return sha256(b"\1" + root(hashes[:k]) + root(hashes[k:])).digest()


def path(m: int, hashes: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n])."""
    if len(hashes) == 1:
        return []
    k = split(len(hashes))
    if m < k:
        return [*path(m, hashes[:k]), root(hashes[k:])]
    return [*path(m - k, hashes[k:]), root(hashes[:k])]


def proof(m: int, hashes: Sequence[bytes]) -> list[bytes]:
    """PROOF(m, D[n])."""
    return _subproof(m, hashes, whole=True)


def _subproof(m: int, hashes: Sequence[bytes], *, whole: bool) -> list[bytes]:
    if m == len(hashes):
        return [] if whole else [root(hashes)]
    k = split(len(hashes))
    if m <= k:
        return [*_subproof(m, hashes[:k], whole=whole), root(hashes[k:])]
    return [*_subproof(m - k, hashes[k:], whole=False), root(hashes[:k])]


class Store:
    """What a log keeps: leaf hashes, and perfect subtrees at every eighth level. It notes what is read."""

    def __init__(self, hashes: Sequence[bytes]) -> None:
        self.hashes = list(hashes)
        self.nodes: dict[int, dict[int, bytes]] = {}
        self.reads: list[tuple[int, int, int]] = []

    def keep(self, completed: Sequence[tuple[int, int, bytes]]) -> None:
        for level, index, hash_ in completed:
            self.nodes.setdefault(level, {})[index] = hash_

    def read_leaves(self, begin: int, end: int) -> list[bytes]:
        self.reads.append((0, begin, end))
        return self.hashes[begin:end]

    def read_nodes(self, level: int, begin: int, end: int) -> list[bytes]:
        self.reads.append((level, begin, end))
        kept: Any = self.nodes.get(level, {})
        return [kept[index] for index in range(begin, end) if index in kept]

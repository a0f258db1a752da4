"""Recognises records that were accepted before, by the digest of their bytes, so that only changed ones are parsed.

The digest may skip work, never a check: a record is known only if these very bytes, under the same heading,
layout and profile, went through every check in the last accepted feed.
"""

import numpy as np
import numpy.typing as npt
import xxhash

Digests = npt.NDArray[np.uint64]
Highs = npt.NDArray[np.uint32]


class KnownRecords:
    """The record digests of a supplier's last accepted feed, 15 bytes each.

    A digest is the lower 96 bits of xxh3-128: 32 (high) and 64 (low). That two of ten million records share one has a
    chance of 10⁻¹⁵. `seed` stands for everything beside the bytes that decides what they mean.
    """

    def __init__(self, hi: Highs | None = None, lo: Digests | None = None, seed: int = 0) -> None:
        hi = np.empty(0, np.uint32) if hi is None else hi
        lo = np.empty(0, np.uint64) if lo is None else lo
        if ((lo[1:] < lo[:-1]) | ((lo[1:] == lo[:-1]) & (hi[1:] < hi[:-1]))).any():  # from the lake they come in order
            order = np.lexsort((hi, lo))
            lo, hi = lo[order], hi[order]
        again = (lo[1:] == lo[:-1]) & (hi[1:] == hi[:-1])
        if again.any():  # a record with variants stands several times
            first = np.append([True], ~again)
            lo, hi = lo[first], hi[first]
        self._lo, self._hi = lo, hi
        bits = max(len(lo).bit_length() - 2, 1)
        self._shift = np.uint64(64 - bits)
        self._bounds = np.searchsorted(lo, np.arange(1 << bits, dtype=np.uint64) << self._shift).astype(np.int32)
        self._seen = np.zeros(len(lo), np.bool_)
        self._recognised = np.empty(0, np.int64)
        self._seed = seed

    def __len__(self) -> int:
        return len(self._lo)

    def seed(self, context: bytes) -> int:
        """Seed for the digests of records whose meaning also depends on `context` (heading line, root element)."""
        return xxhash.xxh3_64_intdigest(context, seed=self._seed)

    def digests(self, records: list[bytes], seed: int) -> Digests:
        """Digests of `records` as an array of shape (n, 2): high part, low part."""
        digest = xxhash.xxh3_128_digest
        joined = b"".join([digest(record, seed) for record in records])
        parts = np.frombuffer(joined, dtype=">u8").reshape(-1, 2).astype(np.uint64)
        parts[:, 0] &= np.uint64(0xFFFF_FFFF)
        return parts

    def new(self, digests: Digests) -> npt.NDArray[np.bool_]:
        """Mask of the records that must be parsed; the others count as seen.

        A second record with the same bytes is not passed over: duplicates have to reach the checks.
        """
        found = self._find(digests[:, 0], digests[:, 1])
        unseen = np.flatnonzero(found >= 0)
        unseen = unseen[~self._seen[found[unseen]]]
        places, first = np.unique(found[unseen], return_index=True)
        self._seen[places] = True
        self._recognised = np.full(len(digests), -1, np.int64)
        self._recognised[unseen[first]] = places
        return self._recognised < 0

    def take_back(self, count: int) -> None:
        """The last `count` of the records that `new` was asked about were not cut rightly: they were not seen."""
        places = self._recognised[len(self._recognised) - count :]
        self._seen[places[places >= 0]] = False

    def absent(self) -> tuple[Highs, Digests]:
        """Digests (high, low) of the last feed's records that have not been seen in this one."""
        return self._hi[~self._seen], self._lo[~self._seen]

    def _find(self, hi: Digests, lo: Digests) -> npt.NDArray[np.int64]:
        """The place of each digest, or -1; one that shares its low part with another may not be found, and is parsed.

        Digests spread evenly: the leading bits say where to begin, a few places before the end of the search.
        """
        if not len(self):
            return np.full(len(lo), -1, np.int64)
        last = len(self) - 1
        found = np.minimum(self._bounds[lo >> self._shift], last)
        searching = np.arange(len(found))
        while len(searching):
            at = found[searching]
            searching = searching[(self._lo[at] < lo[searching]) & (at < last)]
            found[searching] += 1
        return np.where((self._lo[found] == lo) & (self._hi[found] == hi), found, -1)

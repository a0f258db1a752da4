"""Recognises records that were accepted before, by the digest of their bytes, so that only changed ones are parsed.

The digest may skip work, never a check: a record is known only if these very bytes, under the same heading,
layout and profile, went through every check in the last accepted feed.
"""

import numpy as np
import numpy.typing as npt
import xxhash

Digests = npt.NDArray[np.uint64]


class KnownRecords:
    """The record digests (xxh3-128 as two unsigned 64-bit halves) of a supplier's last accepted feed.

    28 bytes a record. `seed` stands for everything beside the bytes that decides what they mean.
    """

    def __init__(self, hi: Digests | None = None, lo: Digests | None = None, seed: int = 0) -> None:
        hi = np.empty(0, np.uint64) if hi is None else hi
        lo = np.empty(0, np.uint64) if lo is None else lo
        order = np.argsort(lo, kind="stable")  # at once where they come in order, as from the lake
        lo, hi = lo[order], hi[order]
        if len(lo):  # a record with variants stands several times
            first = np.concatenate([[True], (lo[1:] != lo[:-1]) | (hi[1:] != hi[:-1])])
            lo, hi = lo[first], hi[first]
        self._lo, self._hi = lo, hi
        bits = max(len(lo).bit_length(), 1)
        self._shift = np.uint64(64 - bits)
        self._bounds = np.searchsorted(lo, np.arange(1 << bits, dtype=np.uint64) << self._shift).astype(np.int32)
        self._place = np.zeros(len(lo), np.int64)
        self._seed = seed
        self._file = self._rows_before = 0
        self._blind = False

    def __len__(self) -> int:
        return len(self._lo)

    def begin_file(self, index: int, rows_before: int = 0) -> None:
        """Say that the records to come belong to file number `index` (from 0) of the feed.

        `rows_before` counts the records of that file which came already: an archive holds several counts from 1.
        """
        self._file, self._rows_before = index, rows_before

    def forget(self) -> None:
        """Recognise nothing from here on and take back what was recognised: every record will be parsed."""
        self._place[:] = 0
        self._blind = True

    def take_back(self, row: int) -> None:
        """Take back what was recognised in the present file from `row` on: those records were not cut rightly."""
        self._place[self._place >= place_of(self._file, np.array([row + self._rows_before], np.int64))] = 0

    def seed(self, context: bytes) -> int:
        """Seed for the digests of records whose meaning also depends on `context` (heading line, root element)."""
        return xxhash.xxh3_64_intdigest(context, seed=self._seed)

    def digests(self, records: list[bytes], seed: int) -> Digests:
        """Digests of `records` as an array of shape (n, 2): high half, low half."""
        digest = xxhash.xxh3_128_digest
        joined = b"".join([digest(record, seed) for record in records])
        return np.frombuffer(joined, dtype=">u8").reshape(-1, 2).astype(np.uint64)

    def new(self, digests: Digests, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Mask of the records that must be parsed; the others are marked as seen at their row (from 1).

        A second record with the same bytes is not passed over: duplicates have to reach the checks.
        """
        mask = np.ones(len(digests), np.bool_)
        if self._blind or not len(self):
            return mask
        found = self._search(digests[:, 1])
        match = np.flatnonzero((self._lo[found] == digests[:, 1]) & (self._hi[found] == digests[:, 0]))
        _, first = np.unique(found[match], return_index=True)
        match = match[first]
        match = match[self._place[found[match]] == 0]
        self._place[found[match]] = place_of(self._file, rows[match] + self._rows_before)
        mask[match] = False
        return mask

    def _search(self, lo: Digests) -> npt.NDArray[np.int64]:
        """For each digest the first place whose low half is not below it, or the last place.

        Digests spread evenly: the leading bits say where to begin, a few places before the end of the search.
        """
        found = self._bounds[(lo >> self._shift).astype(np.int64)].astype(np.int64)
        last = len(self._lo) - 1
        np.minimum(found, last, out=found)
        while (below := (self._lo[found] < lo) & (found < last)).any():
            found += below
        return found

    def absent(self) -> tuple[Digests, Digests]:
        """Digests (high, low) of the last feed's records that have not been seen in this one."""
        absent = self._place == 0
        return self._hi[absent], self._lo[absent]

    def seen_at(self, hi: Digests, lo: Digests) -> npt.NDArray[np.int64]:
        """Where in the feed (`place_of`) known records were seen; 0 for those that were not."""
        found = self._search(lo)
        return np.where(self._hi[found] == hi, self._place[found], 0)


def place_of(file: int, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Order records over all files of a feed: the file's number in the high bits, the row in the low forty."""
    return (np.int64(file) << np.int64(40)) + rows

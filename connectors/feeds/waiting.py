"""Collects new records over several chunks of a file, so that they are parsed in large batches. Parses nothing."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from connectors.feeds.known import Digests

_ENOUGH_BYTES = 2 << 20
_ENOUGH_RECORDS = 4_096


@dataclass(frozen=True, slots=True)
class Fresh:
    """Records to be parsed, with their rows and digests, and how many known ones were passed over beside them."""

    records: list[bytes]
    rows: npt.NDArray[np.int64]
    digests: Digests
    known: int


@dataclass(slots=True)
class Waiting:
    """New records that wait until there are enough of them."""

    _records: list[bytes] = field(default_factory=list)
    _rows: list[npt.NDArray[np.int64]] = field(default_factory=list)
    _digests: list[Digests] = field(default_factory=list)
    _known: int = 0
    _bytes: int = 0

    def add(
        self, records: list[bytes], rows: npt.NDArray[np.int64], digests: Digests, new: npt.NDArray[np.bool_]
    ) -> None:
        """Take the records of a chunk that are `new`, count the others."""
        places = np.flatnonzero(new)
        fresh = records if len(places) == len(records) else [records[place] for place in places.tolist()]
        self._records += fresh
        self._rows.append(rows[places])
        self._digests.append(digests[places])
        self._known += len(records) - len(places)
        self._bytes += sum(map(len, fresh))

    def is_full(self) -> bool:
        """Whether it is time to parse."""
        return self._bytes >= _ENOUGH_BYTES or len(self._records) >= _ENOUGH_RECORDS

    def take(self) -> Fresh:
        """Everything that waits; nothing waits afterwards."""
        rows = np.concatenate([np.empty(0, np.int64), *self._rows])
        digests = np.concatenate([np.empty((0, 2), np.uint64), *self._digests])
        fresh = Fresh(self._records, rows, digests, self._known)
        self._records, self._rows, self._digests, self._known, self._bytes = [], [], [], 0, 0
        return fresh

"""Gathers records that have keys (JSON objects, XML elements) into the column batches that every format gives.

Keys may be many and rare: the ones found in a twentieth of the first records become columns, the rest of a record
goes into the column `_rest`, as one JSON object of what would have been its cells' texts. So a table stays as narrow
as its feed is regular.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from connectors.feeds.known import Digests
from connectors.feeds.protocol import SERVICE_COLUMNS, Batch, Reject, service_columns

REST = "_rest"
_SAMPLE = 1000
"""How many of the first records decide on the columns."""
_RARE = 20
_TEXT = {str, type(None)}
_ROWS, _BYTES, _KNOWN = 1 << 13, 8 << 20, 1 << 18

Record = Mapping[str, object]
Rows = npt.NDArray[np.int64]


def frequent_keys(records: Sequence[Record]) -> list[str]:
    """The keys found in at least one of twenty records, in the order in which they first appear."""
    counts = Counter(key for record in records for key in record)
    own = (REST, *SERVICE_COLUMNS)
    return [key for key, count in counts.items() if count * _RARE >= len(records) and key not in own]


class RowGatherer:
    """Takes records as they are parsed and gives batches of some thousand rows, all with the same columns."""

    def __init__(self, text: Callable[[object], str | None] = str) -> None:
        """`text` writes a value as the text of its cell; what is text or None already needs no writing."""
        self._text = text
        self._columns: list[str] | None = None
        self._column_set: frozenset[str] = frozenset()
        self._waiting: list[Record] = []
        self._places: list[tuple[Rows, Digests]] = []
        self._tables: list[pl.DataFrame] = []
        self._rejects: list[Reject] = []
        self._known = 0
        self._size = 0

    @property
    def is_full(self) -> bool:
        """Whether it is time to take a batch."""
        rows = len(self._waiting) + sum(map(len, self._tables))
        return rows >= _ROWS or self._size >= _BYTES or self._known >= _KNOWN

    def add(self, records: Sequence[Record], rows: Rows, digests: Digests, known: int = 0) -> None:
        """Add records with the number and the digest of each; `known` counts those passed over on the way."""
        self._known += known
        if records:
            self._waiting += records
            self._places.append((rows, digests))
            if len(self._waiting) >= _SAMPLE:
                self._lay_out()

    def reject(self, reject: Reject) -> None:
        """Add a record that could not be read."""
        self._rejects.append(reject)

    def take(self) -> Batch:
        """What was gathered since the last time."""
        if self._waiting or not self._tables:
            self._lay_out()
        batch = Batch(pl.concat(self._tables), self._known, self._rejects)
        self._tables, self._rejects, self._known, self._size = [], [], 0, 0
        return batch

    def _lay_out(self) -> None:
        if self._columns is None:
            self._columns = frequent_keys(self._waiting[:_SAMPLE])
            self._column_set = frozenset(self._columns)
        columns = [self._column(name) for name in self._columns]
        columns.append(pl.Series(REST, list(map(self._rest, self._waiting)), pl.String))
        rows = np.concatenate([np.empty(0, np.int64), *(rows for rows, _ in self._places)])
        digests = np.concatenate([np.empty((0, 2), np.uint64), *(digests for _, digests in self._places)])
        table = service_columns(pl.DataFrame(columns), rows, digests)
        self._size += int(table.estimated_size())
        self._tables.append(table)
        self._waiting, self._places = [], []

    def _column(self, name: str) -> pl.Series:
        values = [record.get(name) for record in self._waiting]
        is_text = set(map(type, values)) <= _TEXT
        return pl.Series(name, values if is_text else list(map(self._cell, values)), pl.String)

    def _cell(self, value: object) -> str | None:
        return value if value is None or isinstance(value, str) else self._text(value)

    def _rest(self, record: Record) -> str | None:
        if record.keys() <= self._column_set:
            return None
        cells = {key: self._cell(value) for key, value in record.items() if key not in self._column_set}
        rest = {key: cell for key, cell in cells.items() if cell is not None}
        return msgspec.json.encode(rest).decode() if rest else None


def one_row_each(
    groups: Iterable[Sequence[Record]], rows: Rows, digests: Digests
) -> tuple[list[Record], Rows, Digests]:
    """Lay out records that give several rows (one per variant), each row with its record's number and digest."""
    groups = list(groups)
    counts = np.fromiter(map(len, groups), np.int64, len(groups))
    return [row for group in groups for row in group], np.repeat(rows, counts), np.repeat(digests, counts, axis=0)

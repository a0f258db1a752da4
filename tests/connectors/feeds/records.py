"""What the feed tests share: reading a document whole or with a memory of an earlier one, and writing sample XML."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import msgspec
import numpy as np
import pytest

from connectors.feeds.known import KnownRecords
from connectors.feeds.layout import Layout
from connectors.feeds.protocol import DIGEST_HI, DIGEST_LO, ROW, SERVICE_COLUMNS, Batch, Format
from connectors.feeds.rows import REST

Row = dict[str, Any]


def rows_of(batch: Batch) -> list[tuple[int, Row]]:
    """Row number and filled cells of each row, with `_rest` laid out among them."""
    rows = []
    for cells in batch.table.to_pylist():
        number = cells[ROW]
        row = {name: cell for name, cell in cells.items() if cell is not None and name not in (REST, *SERVICE_COLUMNS)}
        rows.append((number, row | msgspec.json.decode(cells.get(REST) or "{}", type=dict[str, str])))
    return rows


class Reading:
    """Everything that came of reading one document."""

    def __init__(self, form: Format, document: bytes, layout: Layout, known: KnownRecords | None = None) -> None:
        self.memory = known or KnownRecords()
        batches = list(form.read(io.BytesIO(document), layout, self.memory))
        self.numbered = [row for batch in batches for row in rows_of(batch)]
        self.rows = [row for _, row in self.numbered]
        self.rejects = [reject for batch in batches for reject in batch.rejects]
        self.known = sum(batch.known for batch in batches)
        self.digests = np.concatenate(
            [np.stack([batch.table[half].to_numpy() for half in (DIGEST_HI, DIGEST_LO)], axis=1) for batch in batches]
        )

    def remembered(self) -> KnownRecords:
        """A memory of the records that were accepted."""
        return KnownRecords(self.digests[:, 0].copy(), self.digests[:, 1].copy())

    def with_known(self, earlier: "Reading") -> list[Row]:
        """The rows that were parsed and, in their places, those passed over, as `earlier` had them."""
        found = [(number, place, row) for place, (number, row) in enumerate(self.numbered)]
        seen = self.memory.seen_at(earlier.digests[:, 0], earlier.digests[:, 1]).tolist() if earlier.rows else []
        first: dict[tuple[int, int], int] = {}
        passed_over = zip(seen, map(tuple, earlier.digests.tolist()), earlier.numbered, strict=True)
        for place, (number, digest, (at, row)) in enumerate(passed_over):
            if number and first.setdefault(digest, at) == at:
                found.append((number, place, row))
        return [row for _, _, row in sorted(found, key=lambda entry: entry[:2])]


@contextmanager
def chunks_of(module: ModuleType, size: int) -> Iterator[None]:
    """Let `module` take files in pieces of `size` bytes, so that every kind of cut falls on a piece's edge."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CHUNK", size)
        if hasattr(module, "_WINDOW"):
            patch.setattr(module, "_WINDOW", 3 * size)
            patch.setattr(module, "_LEAST_WINDOW", size)
        yield

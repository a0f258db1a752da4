"""What the feed tests share: reading a document whole or with a memory of an earlier one, and writing sample XML."""

import io
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from connectors.feeds.known import Digests, Highs, KnownRecords
from connectors.feeds.layout import Layout
from connectors.feeds.protocol import DIGEST_HI, DIGEST_LO, ROW, SERVICE_COLUMNS, Batch, Format
from connectors.feeds.rows import REST

Row = dict[str, Any]


def rows_of(batch: Batch) -> list[tuple[int, Row]]:
    """Row number and filled cells of each row, with `_rest` laid out among them."""
    rows = []
    for cells in batch.table.to_dicts():
        number = cells[ROW]
        row = {name: cell for name, cell in cells.items() if cell is not None and name not in (REST, *SERVICE_COLUMNS)}
        rows.append((number, row | msgspec.json.decode(cells.get(REST) or "{}", type=dict[str, str])))
    return rows


class Memory(KnownRecords):
    """Known records that also remember what they were asked about: the digest of every record, in their order."""

    def __init__(self, hi: Highs | None = None, lo: Digests | None = None) -> None:
        super().__init__(hi, lo)
        self.asked: list[tuple[int, int]] = []

    def new(self, digests: Digests) -> npt.NDArray[np.bool_]:
        self.asked += [(hi, lo) for hi, lo in digests.tolist()]
        return super().new(digests)

    def take_back(self, count: int) -> None:
        del self.asked[len(self.asked) - count :]
        super().take_back(count)


class Reading:
    """Everything that came of reading one document."""

    def __init__(self, form: Format, document: bytes, layout: Layout, known: Memory | None = None) -> None:
        self.memory = known or Memory()
        batches = list(form.read(io.BytesIO(document), layout, self.memory))
        self.numbered = [row for batch in batches for row in rows_of(batch)]
        self.rows = [row for _, row in self.numbered]
        self.rejects = [reject for batch in batches for reject in batch.rejects]
        self.known = sum(batch.known for batch in batches)
        self.digests = np.concatenate(
            [np.stack([batch.table[half].to_numpy() for half in (DIGEST_HI, DIGEST_LO)], axis=1) for batch in batches]
        )

    def remembered(self) -> Memory:
        """A memory of the records that were accepted."""
        return Memory(self.digests[:, 0].astype(np.uint32), self.digests[:, 1].copy())

    def with_known(self, earlier: "Reading") -> list[Row]:
        """The rows that were parsed and, in their places, those passed over, as `earlier` had them."""
        first: dict[tuple[int, int], int] = {}
        rows: dict[tuple[int, int], list[Row]] = defaultdict(list)
        for (hi, lo), (number, row) in zip(earlier.digests.tolist(), earlier.numbered, strict=True):
            if first.setdefault((hi, lo), number) == number:
                rows[hi, lo].append(row)
        parsed: dict[int, list[Row]] = defaultdict(list)
        for number, row in self.numbered:
            parsed[number].append(row)
        asked = enumerate(self.memory.asked, start=1)
        return [row for number, digest in asked for row in parsed.get(number) or rows.get(digest, [])]


@contextmanager
def chunks_of(module: ModuleType, size: int) -> Iterator[None]:
    """Let `module` take files in pieces of `size` bytes, so that every kind of cut falls on a piece's edge."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CHUNK", size)
        if hasattr(module, "_WINDOW"):
            patch.setattr(module, "_WINDOW", 3 * size)
            patch.setattr(module, "_LEAST_WINDOW", size)
        yield

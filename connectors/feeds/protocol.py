"""What every feed format gives and takes: batches of text columns out, bytes in. No format is implemented here."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from connectors.feeds.known import KnownRecords
from connectors.feeds.layout import Layout

ROW, DIGEST_HI, DIGEST_LO = "_row", "_digest_hi", "_digest_lo"
SERVICE_COLUMNS = (ROW, DIGEST_HI, DIGEST_LO)


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that could not even be cut into fields; `raw` is its text as received."""

    row: int
    raw: str
    reason: str
    field: str
    expected: str
    digest: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some records of a feed.

    `table` holds one text column per source field (a list or an object is its JSON text; an absent value is null)
    and the columns `_row` (int64, number of the record in its file, from 1) and `_digest_hi` (uint32), `_digest_lo`
    (uint64).
    A record with variants gives one row per variant, all with the record's row number and digest.
    `known` counts the records skipped because they are the same bytes as in the last accepted feed.
    """

    table: pl.DataFrame
    known: int = 0
    rejects: list[Reject] = field(default_factory=list)


def service_columns(table: pl.DataFrame, rows: npt.NDArray[np.int64], digests: npt.NDArray[np.uint64]) -> pl.DataFrame:
    """`table` with the columns `_row`, `_digest_hi` and `_digest_lo` behind its own; `digests` has shape (n, 2)."""
    hi, lo = digests[:, 0].astype(np.uint32), np.ascontiguousarray(digests[:, 1])
    return table.with_columns(pl.Series(ROW, rows), pl.Series(DIGEST_HI, hi), pl.Series(DIGEST_LO, lo))


class Format(Protocol):
    """One way of writing a feed. A module in `connectors/feeds/formats` holds exactly one as `FORMAT`."""

    name: str

    def sniff(self, head: bytes, name: str) -> Layout | None:
        """Propose the layout of a file from its first bytes (UTF-8, at most 1 MiB) and its name; None if not ours."""

    def read(self, file: BinaryIO, layout: Layout, known: KnownRecords) -> Iterator[Batch]:
        """Cut a UTF-8 stream into batches of bounded size, passing over the records that `known` recognises.

        Raises Permanent, naming line or byte and cause, when the file as a whole cannot be read.
        """

    def restore(self, raw: list[str], layout: Layout) -> bytes:
        """Write rejected records' raw texts as a small feed of the same layout, so that they can be read again."""

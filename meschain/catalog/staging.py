"""Reads a feed into a run's delta: known records passed over, the rest normalised, duplicates settled."""

import ctypes
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import polars as pl

from connectors.feeds.known import KnownRecords
from connectors.feeds.layout import Layout
from connectors.feeds.protocol import ROW, Batch
from connectors.feeds.reading import read
from meschain.catalog.archive import FeedFile
from meschain.catalog.columns import OFFER_SCHEMA, REFUSAL_SCHEMA
from meschain.catalog.normalise import Normaliser
from warehouse.delta import Delta, Staging

log = logging.getLogger(__name__)
_libc = ctypes.CDLL(None)
if hasattr(_libc, "mallopt"):
    _libc.mallopt(-8, 1)  # M_ARENA_MAX: an arena for each thread keeps some twenty MiB for later
Progress = Callable[[int], None]
"""Called with the number of rows read so far."""


@dataclass(slots=True)
class Staged:
    """What reading the feed came to, beside the delta itself."""

    rows: int = 0
    parsed: int = 0
    notes: Counter[tuple[str, str]] = field(default_factory=Counter)


def stage_feed(
    delta: Delta,
    files: Sequence[FeedFile],
    layout: Layout | None,
    normalise: Normaliser,
    seed: int,
    max_bytes: int,
    progress: Progress,
) -> Staged:
    """Stage every file of the feed; the first row of a key stands.

    When a staged row has the key of a record that was passed over, the feed is read again and that record with it: each
    time around `delta.known` gives fewer of them.
    """
    while True:
        known = KnownRecords(*delta.known(), seed=seed)
        release_memory()
        with delta.staging() as staging:
            staged = _stage_all(staging, files, layout, normalise, known, max_bytes, progress)
        delta.mark_absent(*known.absent())
        del known  # its memory is wanted
        release_memory()
        clashes = delta.find_clashes()
        if not clashes:
            break
        log.info("%d known records have the key of a new one: reading the feed again", clashes)
    delta.refuse_duplicates()
    return staged


def _stage_all(
    staging: Staging,
    files: Sequence[FeedFile],
    layout: Layout | None,
    normalise: Normaliser,
    known: KnownRecords,
    max_bytes: int,
    progress: Progress,
) -> Staged:
    """Cut the feed into batches while the one before is normalised: neither waits for the other's library."""
    staged = Staged()
    staging.add(*no_rows())
    paths, names = [file.path for file in files], [file.name for file in files]
    with ThreadPoolExecutor(1) as loader:
        loading: Future[Counter[tuple[str, str]]] | None = None
        for place, batch in read(paths, layout, known, max_bytes, names):
            if loading is not None:
                staged.notes.update(loading.result())
            loading = loader.submit(_load, staging, normalise, files[place].hash, place, batch)
            staged.parsed += len(batch.table)
            staged.rows += batch.known + len(batch.table) + len(batch.rejects)
            progress(staged.rows)
        if loading is not None:
            staged.notes.update(loading.result())
    return staged


def _load(
    staging: Staging, normalise: Normaliser, source_file: str, file: int, batch: Batch
) -> Counter[tuple[str, str]]:
    normalised = normalise(batch.table)
    place = pl.lit(file << 40, pl.Int64) + pl.col(ROW)  # orders the records of all files
    offers = normalised.offers.with_columns(place.alias("_place"), source_file=pl.lit(source_file))
    cut = pl.DataFrame(
        [
            {
                "_row": reject.row, "_digest_hi": reject.digest[0], "_digest_lo": reject.digest[1],
                "supplier_sku": None,
                "scope": "row", "field": reject.field, "reason": reject.reason, "value": None,
                "expected": reject.expected, "raw": reject.raw, "raw_kind": "text",
            }
            for reject in batch.rejects
        ],
        schema=REFUSAL_SCHEMA,
    )  # fmt: skip
    refusals = pl.concat([normalised.refusals, cut]).with_columns(source_file=pl.lit(source_file))
    staging.add(offers, refusals)
    return normalised.notes


def release_memory() -> None:
    """Give back what the allocator keeps for later, before DuckDB needs room of its own."""
    if hasattr(_libc, "malloc_trim"):
        _libc.malloc_trim(0)


def no_rows() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Offers and refusals without a row: a feed of which nothing is new stages just these."""
    placed = {**OFFER_SCHEMA, "_place": pl.Int64(), "source_file": pl.String()}
    return pl.DataFrame(schema=placed), pl.DataFrame(schema={**REFUSAL_SCHEMA, "source_file": pl.String()})

"""Reads a feed into a run's delta: known records passed over, the rest normalised, duplicates settled."""

import ctypes
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa

from connectors.feeds.known import KnownRecords, place_of
from connectors.feeds.layout import Layout
from connectors.feeds.protocol import ROW, Batch
from connectors.feeds.reading import read
from meschain.catalog.archive import FeedFile
from meschain.catalog.columns import OFFER_SCHEMA, REFUSAL_SCHEMA
from meschain.catalog.normalise import Normaliser
from warehouse.delta import Delta, Staging

log = logging.getLogger(__name__)
_libc = ctypes.CDLL(None)
pa.set_memory_pool(pa.system_memory_pool())  # Arrow's own keeps some forty MiB for later; see `release_memory`
if hasattr(_libc, "mallopt"):
    _libc.mallopt(-8, 1)  # M_ARENA_MAX: an arena for each thread keeps another twenty
Progress = Callable[[int], None]
"""Called with the number of rows read so far."""


class _Clash(Exception):
    """A changed row comes before the known row with the same key: the known one would be the duplicate."""


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
    """Stage every file of the feed. If passing over known records could change the outcome, read all of it instead."""
    known = KnownRecords(*delta.known(), seed=seed)
    try:
        with delta.staging() as staging:
            staged = _stage_all(staging, files, layout, normalise, known, max_bytes, progress)
        delta.mark_absent(known.absent())
        clashing = _settle(delta, known)
    except _Clash:
        log.info("A key moved to an earlier row: reading the whole feed")
        known.forget()
        with delta.staging() as staging:
            staged = _stage_all(staging, files, layout, normalise, known, max_bytes, progress)
        delta.mark_absent(known.absent())
        clashing = []
    delta.refuse_duplicates(clashing)
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
            staged.parsed += batch.table.num_rows
            staged.rows += batch.known + batch.table.num_rows + len(batch.rejects)
            progress(staged.rows)
        if loading is not None:
            staged.notes.update(loading.result())
    return staged


def _load(
    staging: Staging, normalise: Normaliser, source_file: str, file: int, batch: Batch
) -> Counter[tuple[str, str]]:
    normalised = normalise(pl.DataFrame(pl.from_arrow(batch.table)))
    offers = normalised.offers.with_columns(
        pl.Series("_place", place_of(file, normalised.offers[ROW].to_numpy())), source_file=pl.lit(source_file)
    )
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


def _settle(delta: Delta, known: KnownRecords) -> list[str]:
    """Keys that staged rows share with known records, all of them later in the feed than the known ones.

    Raises _Clash if one comes earlier: the first row of a key stands, so the known record would be the duplicate.
    """
    clashes = delta.clashes()
    if not clashes.num_rows:
        return []
    seen_at = known.seen_at(clashes["digest_hi"].to_numpy(), clashes["digest_lo"].to_numpy())
    if (clashes["_place"].to_numpy() < seen_at).any():
        raise _Clash
    return list(clashes["supplier_sku"].unique().to_pylist())

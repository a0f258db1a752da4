"""Reads a feed into a run's delta: known records passed over, the rest normalised, duplicates settled."""

import ctypes
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow as pa

from connectors.feeds.known import KnownRecords, place_of
from connectors.feeds.layout import Layout
from connectors.feeds.protocol import ROW, Batch
from connectors.feeds.reading import read
from meschain.catalog.archive import FeedFile
from meschain.catalog.columns import OFFER_SCHEMA, REFUSAL_SCHEMA
from meschain.catalog.normalise import Normalised, Normaliser
from warehouse.delta import Delta, Staging

log = logging.getLogger(__name__)
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
        release_memory()
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
    staged = Staged()
    staging.add(*no_rows())
    paths, names = [file.path for file in files], [file.name for file in files]
    for place, batch in read(paths, layout, known, max_bytes, names):
        normalised = normalise(pl.DataFrame(pl.from_arrow(batch.table)))
        _load(staging, files[place].hash, place, batch, normalised)
        staged.notes.update(normalised.notes)
        staged.parsed += batch.table.num_rows
        staged.rows += batch.known + batch.table.num_rows + len(batch.rejects)
        progress(staged.rows)
    return staged


def _load(staging: Staging, source_file: str, file: int, batch: Batch, normalised: Normalised) -> None:
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
    staging.add(offers.to_arrow(), refusals.to_arrow())


def release_memory() -> None:
    """Give back what the parsing libraries' allocators keep for later, before DuckDB needs room of its own."""
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def no_rows() -> tuple[pa.Table, pa.Table]:
    """Offers and refusals without a row: a feed of which nothing is new stages just these."""
    placed = {**OFFER_SCHEMA, "_place": pl.Int64(), "source_file": pl.String()}
    return pl.DataFrame(schema=placed).to_arrow(), pl.DataFrame(schema=REFUSAL_SCHEMA).to_arrow()


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


def delete_delta(path: Path) -> None:
    """Remove a delta's files; one that is not there is no error."""
    for file in (path, path.with_name(f"{path.name}.wal"), path.with_suffix(".parquet")):
        file.unlink(missing_ok=True)

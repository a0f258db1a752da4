"""Reads the records of a feed, which may be several files and archives, through the format of each."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import polars as pl

from commerce.errors import Permanent
from connectors.feeds import charset
from connectors.feeds.compression import MAX_BYTES, open_members
from connectors.feeds.detect import detect, find_formats
from connectors.feeds.known import KnownRecords
from connectors.feeds.layout import Layout
from connectors.feeds.protocol import ROW, Batch

_BINARY = {"xlsx"}


def read(
    paths: Sequence[Path],
    layout: Layout | None,
    known: KnownRecords,
    max_bytes: int = MAX_BYTES,
    names: Sequence[str] = (),
) -> Iterator[tuple[int, Batch]]:
    """The records of a feed in batches, each with the place of its file in `paths`.

    Without a layout each file is read as what it seems to be. The encoding in a layout yields to what a file proves
    by its bytes. Rows count on over the members of an archive, each of which may expand to `max_bytes` together with
    the others. `names` are what the files are called, if not by their paths.
    Raises Permanent, naming the file, when one cannot be read.
    """
    for place, (path, called) in enumerate(zip(paths, names or [path.name for path in paths], strict=True)):
        layouts = [layout] if layout else [member.layout for member in detect(path, max_bytes, called)]
        rows_before = 0
        for number, (name, stream) in enumerate(open_members(path, max_bytes, called)):
            count = 0
            for batch in _read_member(stream, name, layouts[number % len(layouts)], known):
                count += _records(batch)
                yield place, _numbered_after(batch, rows_before)
            rows_before += count


def _read_member(stream: BinaryIO, name: str, layout: Layout, known: KnownRecords) -> Iterator[Batch]:
    try:
        if layout.format not in _BINARY:
            stream = charset.utf8_stream(stream, charset.settle(charset.peek(stream), layout.encoding))
        yield from find_formats()[layout.format].read(stream, layout, known)
    except Permanent as error:
        raise error if str(error).startswith(name) else Permanent(f"{name}: {error}") from error


def _records(batch: Batch) -> int:
    """How many records of the file a batch accounts for; one with variants has several rows."""
    return batch.known + len(batch.rejects) + batch.table[ROW].n_unique()


def _numbered_after(batch: Batch, rows_before: int) -> Batch:
    if not rows_before:
        return batch
    table = batch.table.with_columns(pl.col(ROW) + rows_before)
    return Batch(table, batch.known, [replace(reject, row=reject.row + rows_before) for reject in batch.rejects])

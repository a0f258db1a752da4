"""Writes records to a file chunk by chunk: charset, gzip by the name's ending, the same bytes every time."""

import contextlib
import gzip
import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import polars as pl

from meschain.sandbox.feeds.texts import NOISE

_OUTSIDE = {"utf-8": b"\xff", "windows-1254": b"\x81"}
"""A byte that means nothing in the charset."""


def write_records(
    path: Path,
    sheets: Iterable[pl.DataFrame],
    record: Callable[[pl.DataFrame], pl.Series],
    *,
    head: str = "",
    joint: str = "\n",
    tail: str = "",
    charset: str = "utf-8",
) -> None:
    """Write `head`, the records that `record` makes of the sheets with `joint` between them, and `tail`.

    A text with `texts.NOISE` in it gets a byte there that `charset` does not have.
    """
    with opened(path) as file:
        file.write(head.encode(charset))
        between = b""
        for sheet in sheets:
            file.write(between + _encoded(record(sheet), joint, charset))
            between = joint.encode(charset)
        file.write(tail.encode(charset))


@contextlib.contextmanager
def opened(path: Path) -> Iterator[io.BufferedIOBase]:
    """A file to write to, compressed if its name ends in .gz; no time or name gets into the bytes."""
    with path.open("wb") as file:
        if path.suffix != ".gz":
            yield file
            return
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0, compresslevel=6) as packed:
            yield packed


def truncate(path: Path, share: float = 0.5) -> int:
    """Cut a written feed off after a share of its bytes, as a broken transfer does; returns the bytes that remain."""
    remaining = int(path.stat().st_size * share)
    with path.open("rb+") as file:
        file.truncate(remaining)
    return remaining


def _encoded(records: pl.Series, joint: str, charset: str) -> bytes:
    """The records with `joint` between them, in the charset. Polars joins them without a Python object per record."""
    buffer = io.BytesIO()
    records.to_frame().write_csv(buffer, include_header=False, quote_style="never", line_terminator=joint)
    data = buffer.getvalue().removesuffix(joint.encode())
    outside = _OUTSIDE[charset]
    if charset == "utf-8":
        return data.replace(NOISE.encode(), outside)
    return outside.join(part.encode(charset) for part in data.decode().split(NOISE))

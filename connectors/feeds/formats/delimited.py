"""CSV, TSV and semicolon files: cut into records by lines, known records passed over, new ones parsed by Polars.

A record is a line, or several when a quoted field runs over line ends. Every record stands for itself: one that does
not have the heading's number of fields is rejected with its text, and the next one is read as if nothing had been.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import BinaryIO

import numpy as np
import polars as pl

from commerce.errors import Permanent
from connectors.feeds.known import Digests, KnownRecords
from connectors.feeds.layout import Layout
from connectors.feeds.protocol import SERVICE_COLUMNS, Batch, Reject, service_columns
from connectors.feeds.rows import REST
from connectors.feeds.waiting import Fresh, Waiting

_CHUNK = 1 << 20
_LONGEST_RECORD = 1 << 20
"""How far a quoted field may run over line ends."""
_LONGEST_LINE = 16 << 20
_HEADING_LINES = 100
_NARROW = 3
_DELIMITERS = (";", "\t", ",", "|")
_NUMBER = "_number"
_RESERVED = frozenset({*SERVICE_COLUMNS, REST, _NUMBER})
csv.field_size_limit(_LONGEST_LINE)  # its own limit of 128 KiB is less than a description may have


class Delimited:
    """Text columns between delimiters; a field may be quoted, quotes inside are doubled (RFC 4180)."""

    name = "delimited"

    def sniff(self, head: bytes, name: str) -> Layout | None:
        """The delimiter that cuts the first lines most evenly, and whether line 1 is a heading."""
        lines = [line for line in head.decode("utf-8", "replace").splitlines()[:200] if line.strip()]
        if len(head) >= 1 << 20 and len(lines) > 1:
            lines.pop()
        if not lines:
            return None
        delimiter = max(_DELIMITERS, key=lambda mark: _evenness(lines, mark))
        if _evenness(lines, delimiter) == 0 and not name.lower().endswith((".csv", ".tsv", ".txt")):
            return None
        quotes = delimiter != "\t" or any(field.startswith('"') for line in lines for field in line.split("\t"))
        layout = Layout(format="delimited", delimiter=delimiter, quote='"' if quotes else "")
        first = next(_reader("\n".join(lines), layout))
        header = _is_heading(first)
        names = first if header else [""] * len(first)
        return layout.model_copy(update={"header": header, "columns": tuple(_unique(names))})

    def read(self, file: BinaryIO, layout: Layout, known: KnownRecords) -> Iterator[Batch]:
        """Read the file once, in chunks of 1 MiB; see `Format.read`."""
        heading = _heading(file, layout) if layout.header else b""
        columns = _column_names(heading, layout)
        seed = known.seed(layout.model_dump_json(exclude={"encoding"}).encode() + heading)
        row = 1
        waiting = Waiting()
        for records in _records(file, layout, len(columns), begin=len(heading)):
            rows = np.arange(row, row + len(records), dtype=np.int64)
            row += len(records)
            digests = known.digests(records, seed)
            waiting.add(records, rows, digests, known.new(digests))
            if waiting.is_full():
                yield _parse(waiting.take(), columns, layout)
        yield _parse(waiting.take(), columns, layout)

    def restore(self, raw: list[str], layout: Layout) -> bytes:
        """The records one below the other, under the heading that `layout.columns` gives; nothing if it gives none."""
        text = io.StringIO()
        if layout.header:
            csv.writer(text, delimiter=layout.delimiter, lineterminator="\n").writerow(layout.columns or ["-"])
        if layout.columns:
            text.writelines(record.rstrip("\r\n") + "\n" for record in raw)
        return text.getvalue().encode()


FORMAT = Delimited()


def _evenness(lines: list[str], mark: str) -> int:
    """How many lines agree with the commonest number of `mark`s outside quotes, times that number; 0 if none."""
    counts = [sum(part.count(mark) for part in line.split('"')[::2]) for line in lines]
    commonest = max(set(counts), key=lambda count: (counts.count(count), count))
    return 0 if commonest == 0 else counts.count(commonest) * 100 + min(commonest, 99)


def _is_heading(row: list[str]) -> bool:
    """A heading has names only: mostly different ones, and no numbers or dates."""
    names = [name.strip() for name in row if name.strip()]
    numbers = [name for name in names if re.fullmatch(r"[\W\d_]*\d[\W\d_]*", name)]
    return not numbers and len(set(names)) * 2 > len(names)


def _heading(file: BinaryIO, layout: Layout) -> bytes:
    """The first record of the file, which may go over several lines when a name in it is quoted."""
    heading = b""
    for line in iter(lambda: file.readline(_LONGEST_RECORD), b""):
        heading = heading + line if heading.strip() else line
        if heading.count(b"\n") > _HEADING_LINES or len(heading) >= _LONGEST_RECORD:
            break
        if heading.strip() and _fields(heading.decode("utf-8", "replace"), layout):
            return heading
    if not heading.strip():
        raise Permanent("The file is empty: expected a heading line with the names of the columns.")
    begin = heading[:60].decode("utf-8", "replace")
    raise Permanent(f"Line 1: {begin!r} is no heading; expected the names of the columns, every quote in them closed.")


def _column_names(heading: bytes, layout: Layout) -> list[str]:
    names = _fields(heading.decode("utf-8", "replace"), layout) if layout.header else layout.columns
    if not names:
        raise Permanent("The file has no heading line, and its profile names no columns: declare `layout.columns`.")
    return _unique(names)


def _unique(names: Iterable[str]) -> list[str]:
    """Names for columns, all different and none of our own; one without a name is called after its place."""
    unique: list[str] = []
    for place, name in enumerate(names, start=1):
        bare = name.strip() or f"column_{place}"
        while bare in unique or bare in _RESERVED:
            bare = f"{bare}_{place}"
        unique.append(bare)
    return unique


def _records(file: BinaryIO, layout: Layout, width: int, begin: int) -> Iterator[list[bytes]]:
    """Cut the rest of the file, which starts at byte `begin`, into records, a list for each chunk."""
    quote = layout.quote.encode()
    carried: list[bytes] = []
    rest = b""
    while chunk := file.read(_CHUNK):
        begin += len(chunk)
        data = rest + chunk
        *lines, rest = data.split(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise Permanent(
                f"The line near byte {begin - len(rest):,} is longer than {_LONGEST_LINE:,} bytes; expected a record "
                "on each line. Is this another format?"
            )
        if quote and (carried or _has_odd_line(lines, quote)):
            lines, carried = _join_quoted(carried + lines, layout, width, at_end=False)
        yield _without_blank(lines)
    lines, _ = _join_quoted([*carried, rest], layout, width, at_end=True) if quote else ([rest], [])
    yield _without_blank(lines)


def _has_odd_line(lines: list[bytes], quote: bytes) -> bool:
    """Whether a line holds an odd number of quotes: only then may a field run over its end."""
    return any(quote in line and line.count(quote) % 2 for line in lines)


def _without_blank(lines: list[bytes]) -> list[bytes]:
    """Blank lines are no records."""
    return [line for line in lines if line and line != b"\r"] if b"" in lines or b"\r" in lines else lines


def _join_quoted(lines: list[bytes], layout: Layout, width: int, *, at_end: bool) -> tuple[list[bytes], list[bytes]]:
    """Join lines whose quoted field runs on; a quote that closes nowhere sensible is left to spoil its own line only.

    It closes nowhere sensible when all that it would join looks like records: then these are two stray quotes.
    Returns the records and the lines to look at again when more of the file is there.
    """
    quote = layout.quote.encode()
    records: list[bytes] = []
    odd = [place for place, line in enumerate(lines) if line.count(quote) % 2]
    start = 0
    while odd:
        first = odd.pop(0)
        records += lines[start:first]
        start = first
        if not odd:
            if not at_end and sum(map(len, lines[first:])) < _LONGEST_RECORD:
                return records, lines[first:]
            break
        parts = lines[first : odd[0] + 1]
        joined = b"\n".join(parts)
        fits = len(joined) < _LONGEST_RECORD and len(_fields_of(joined, layout)) == width
        if fits and not _are_records(parts, layout, width):
            records.append(joined)
            start = odd.pop(0) + 1
        else:
            records.append(lines[first])
            start = first + 1
    return records + lines[start:], []


def _are_records(lines: list[bytes], layout: Layout, width: int) -> bool:
    """Whether lines look like records, the first and the last with a stray quote, and not like parts of one field."""
    between = [line for line in lines[1:-1] if line.strip()]
    if not between or any(len(_fields_of(line, layout)) != width for line in between):
        return False
    if width > _NARROW:
        return True
    mark = layout.delimiter.encode()  # a line of a text may well look like two fields, but then its ends do not
    return width > 1 and min(lines[0].count(mark), lines[-1].count(mark)) >= width - 1


def _reader(text: str, layout: Layout, *, strict: bool = False) -> Iterator[list[str]]:
    lines = io.StringIO(text, newline="")
    if not layout.quote:
        return csv.reader(lines, delimiter=layout.delimiter, quotechar=None, quoting=csv.QUOTE_NONE, strict=strict)
    return csv.reader(lines, delimiter=layout.delimiter, quotechar=layout.quote, strict=strict)


def _fields(text: str, layout: Layout) -> list[str]:
    """The fields of one record by themselves; empty when it is not exactly one record, each quote in its place."""
    try:
        rows = list(_reader(text, layout, strict=True))
    except csv.Error:
        return []
    return rows[0] if len(rows) == 1 else []


def _fields_of(record: bytes, layout: Layout) -> list[str]:
    try:
        return _fields(record.decode(), layout)
    except UnicodeDecodeError:
        return []


@cache
def _well_quoted(quote: str, delimiter: str, width: int) -> re.Pattern[bytes]:
    """A record of `width` fields, each with quotes all around or without any: Polars reads no other rightly."""
    q, d = (re.escape(mark.encode()) for mark in (quote, delimiter))
    field = rb"(?:%b[^%b]*+(?:%b%b[^%b]*+)*+%b|[^%b%b\n]*+)" % (q, q, q, q, q, q, q, d)
    return re.compile(rb"%b(?:%b%b){%d}\r?" % (field, d, field, width - 1))


def _parse(fresh: Fresh, columns: list[str], layout: Layout) -> Batch:
    """Parse new records, together where they are plain enough for it, one by one otherwise."""
    together, singly = _sort_out(fresh.records, columns, layout)
    table = _parse_together(fresh.records, together, columns, layout)
    if table is None:
        table, singly = _parse_singly(fresh.records, range(len(fresh.records)), columns, layout), []
    if singly:
        table = pl.concat([table, _parse_singly(fresh.records, singly, columns, layout)]).sort(_NUMBER)
    numbers = table[_NUMBER].to_numpy()
    bad = np.setdiff1d(np.arange(len(fresh.records)), numbers)
    table = service_columns(table.drop(_NUMBER), fresh.rows[numbers], fresh.digests[numbers])
    rejects = [
        _reject(fresh.records[number], len(columns), layout, int(fresh.rows[number]), fresh.digests[number])
        for number in bad.tolist()
    ]
    return Batch(table, known=fresh.known, rejects=rejects)


def _sort_out(records: list[bytes], columns: list[str], layout: Layout) -> tuple[list[int], list[int]]:
    """Numbers of the records that can be parsed together, and of those that cannot; not of those of another width."""
    mark, quote, last = layout.delimiter.encode(), layout.quote.encode(), len(columns) - 1
    well = _well_quoted(layout.quote, layout.delimiter, len(columns)).fullmatch if quote else None
    together: list[int] = []
    singly: list[int] = []
    for number, record in enumerate(records):
        if well and quote in record:
            (together if well(record) else singly).append(number)
        elif record.count(mark) == last:
            together.append(number)
    return together, singly


def _parse_together(
    records: list[bytes], numbers: list[int], columns: list[str], layout: Layout
) -> pl.DataFrame | None:
    """Those records with their numbers as a first column.

    None when it has to be done singly: when the numbers do not come out as they went in, some record swallowed another
    or fell apart.
    """
    mark = layout.delimiter.encode()
    data = b"".join([b"%d%b%b\n" % (number, mark, records[number]) for number in numbers])
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):  # which csv takes for the end of a line
        return None
    try:
        table = pl.read_csv(
            data,
            has_header=False,
            separator=layout.delimiter,
            quote_char=layout.quote or None,
            schema=_schema(columns),
            empty_string_is_null=False,
        )
    except (pl.exceptions.PolarsError, ValueError):  # not UTF-8, or a mark of several bytes
        return None
    return table if table[_NUMBER].to_list() == numbers else None


def _parse_singly(records: list[bytes], numbers: Iterable[int], columns: list[str], layout: Layout) -> pl.DataFrame:
    """Those of the records that are right, each parsed by itself: what `_parse_together` does at once."""
    rows = [(number, *_fields_of(records[number], layout)) for number in numbers]
    return pl.DataFrame([row for row in rows if len(row) == len(columns) + 1], _schema(columns), orient="row")


def _schema(columns: list[str]) -> dict[str, type[pl.DataType]]:
    return {_NUMBER: pl.Int64, **dict.fromkeys(columns, pl.String)}


def _reject(record: bytes, width: int, layout: Layout, row: int, digest: Digests) -> Reject:
    place = (int(digest[0]), int(digest[1]))
    try:
        text = record.decode()
    except UnicodeDecodeError as error:
        text = record.decode("utf-8", "backslashreplace")
        return Reject(row, text, "wrong_encoding", f"byte {error.start + 1} of the row", "text in UTF-8", place)
    found = len(_fields(text, layout))
    if not found:
        reason = "misplaced_quote" if layout.quote and layout.quote in text else "misplaced_line_end"
        return Reject(row, text, reason, "", "quotes around whole fields and doubled inside, no line ends", place)
    return Reject(row, text, "wrong_number_of_fields", f"{found} fields", f"{width} fields", place)

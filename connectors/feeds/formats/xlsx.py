"""Excel workbooks (XLSX): the first sheet with rows, or the one that is named, under its heading row.

A cell is text as Excel stores it, a number in plain digits (never `8.69E+12`), a date in ISO form. What a formula that
failed (`#DIV/0!`) should have given is not in the reader's answer: such a cell is empty.
"""

import datetime as dt
import io
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from itertools import islice
from typing import BinaryIO

import msgspec
import numpy as np
import polars as pl
import xlsxwriter
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, WorksheetNotFound

from commerce.errors import Permanent
from connectors.feeds.known import KnownRecords
from connectors.feeds.layout import Layout
from connectors.feeds.protocol import SERVICE_COLUMNS, Batch, service_columns

_LARGEST = 512 << 20
"""Bytes that a workbook may expand to: the reader holds a whole sheet."""
_CHUNK = 1 << 20
_ROWS = 1 << 14
_HEADINGS = 2
_EXACT = 1 << 53
_DIGITS = 15
"""Excel keeps and shows no more digits of a number."""

Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


class Xlsx:
    """Rows of one sheet; blank ones, and titles above the heading row, are no records."""

    name = "xlsx"

    def sniff(self, head: bytes, name: str) -> Layout | None:
        """Ours if it is a zip: any other archive was opened before this is asked."""
        return Layout(format="xlsx") if head.startswith(b"PK\x03\x04") else None

    def read(self, file: BinaryIO, layout: Layout, known: KnownRecords) -> Iterator[Batch]:
        """See `Format.read`; `file` is the workbook itself, not text."""
        with ExitStack() as open_files:
            if not file.seekable():
                spooled = open_files.enter_context(tempfile.TemporaryFile())
                shutil.copyfileobj(file, spooled, _CHUNK)
                file = spooled
            _check(file)
            yield from _batches(_rows(_sheet(file, layout.sheet)), layout, known)

    def restore(self, raw: list[str], layout: Layout) -> bytes:
        """A workbook of texts from records written as JSON objects of heading and cell."""
        records: list[dict[str, str | None]] = [msgspec.json.decode(text) for text in raw]
        names = list(dict.fromkeys(name for record in records for name in record))
        target = io.BytesIO()
        with xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False}) as book:
            sheet = book.add_worksheet(layout.sheet or None)
            heading: dict[str, str | None] = dict(zip(names, names, strict=True))
            for row, cells in enumerate([heading, *records]):
                for column, name in enumerate(names):
                    sheet.write_string(row, column, cells.get(name) or "")
        return target.getvalue()


FORMAT = Xlsx()


def _check(file: BinaryIO) -> None:
    """Raise Permanent unless every part of the workbook is sound and all together are not too large."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(part.file_size for part in archive.infolist())
            if size > _LARGEST:
                raise Permanent(
                    f"XLSX: the workbook expands to {size:,} bytes, more than {_LARGEST:,}; save the sheet as CSV."
                )
            damaged = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise Permanent(f"XLSX: the workbook is cut off or damaged ({error}); fetch it again.") from error
    if damaged:
        raise Permanent(f"XLSX: the workbook is damaged: its part {damaged} fails its check sum; fetch it again.")
    file.seek(0)


def _sheet(file: BinaryIO, name: str) -> CalamineSheet:
    try:
        book = CalamineWorkbook.from_filelike(file)
        if name:
            return book.get_sheet_by_name(name)
        sheets = (book.get_sheet_by_name(sheet) for sheet in book.sheet_names)
        return next(sheet for sheet in sheets if _has_two_rows(sheet))
    except WorksheetNotFound as error:
        found = ", ".join(map(repr, book.sheet_names))
        raise Permanent(f"XLSX: there is no sheet {name!r}; there are {found}.") from error
    except StopIteration as error:
        raise Permanent("XLSX: no sheet has two rows; expected a heading row and records below it.") from error
    except PasswordError as error:
        raise Permanent("XLSX: the workbook has a password; expected one without.") from error
    except CalamineError as error:
        raise Permanent(f"XLSX: the workbook cannot be read: {error}.") from error


def _has_two_rows(sheet: CalamineSheet) -> bool:
    return sheet.start is not None and sheet.end is not None and sheet.end[0] > sheet.start[0]


def _rows(sheet: CalamineSheet) -> Iterator[list[str | None]]:
    """The rows that are not blank."""
    for cells in sheet.iter_rows():
        row = [_text(cell) for cell in cells]
        if any(cell is not None and not cell.isspace() for cell in row):
            yield row


def _text(cell: Cell) -> str | None:
    match cell:
        case str():
            return cell or None
        case bool():
            return "true" if cell else "false"
        case int():
            return str(cell)
        case float():
            return _digits(cell)
        case dt.timedelta():
            return str(cell)
        case _:
            return cell.isoformat()


def _digits(number: float) -> str:
    """A number in plain digits, as Excel shows it with format General in a wide cell."""
    if number.is_integer() and abs(number) < _EXACT:
        return str(int(number))
    exact = Decimal(repr(number))
    if len(exact.as_tuple().digits) > _DIGITS:
        exact = Decimal(f"{number:.{_DIGITS}g}")
    return f"{exact.normalize():f}"


def _names(heading: list[str | None]) -> list[str]:
    """One name per column: what is blank or there already is named after its place."""
    names: list[str] = []
    for place, cell in enumerate(heading, start=1):
        name = (cell or "").strip() or f"column_{place}"
        while name in names or name in SERVICE_COLUMNS:
            name = f"{name}_{place}"
        names.append(name)
    return names


def _batches(rows: Iterator[list[str | None]], layout: Layout, known: KnownRecords) -> Iterator[Batch]:
    heading = next((row for row in rows if sum(cell is not None for cell in row) >= _HEADINGS), None)
    if heading is None:
        raise Permanent("XLSX: no row with two cells filled; expected a heading row and records below it.")
    names = _names(heading)
    seed = known.seed(msgspec.json.encode([layout.model_dump(exclude={"encoding"}), names]))
    first = 1
    while records := list(islice(rows, _ROWS)):
        yield _batch(records, names, first, seed, known)
        first += len(records)
    if first == 1:
        yield _batch([], names, first, seed, known)


def _batch(records: list[list[str | None]], names: list[str], first: int, seed: int, known: KnownRecords) -> Batch:
    rows = np.arange(first, first + len(records), dtype=np.int64)
    digests = known.digests([msgspec.json.encode(record) for record in records], seed)
    new = np.flatnonzero(known.new(digests))
    fresh = [records[place] for place in new]
    table = pl.DataFrame(fresh, dict.fromkeys(names, pl.String), orient="row")
    return Batch(service_columns(table, rows[new], digests[new]), known=len(records) - len(new))

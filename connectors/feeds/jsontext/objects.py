"""Turns the texts of JSON objects into rows; a number keeps the text it was written with.

A value that is a list or an object goes into its cell as compact JSON text. With a variant path, a record gives one
row per object in that list, the variant's keys under their whole path (`variants/sku`).
"""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from connectors.feeds.known import Digests, KnownRecords
from connectors.feeds.layout import Layout
from connectors.feeds.protocol import Reject
from connectors.feeds.rows import Record, RowGatherer, one_row_each

LARGEST_RECORD = 16 << 20
_KINDS = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
_DECODER = msgspec.json.Decoder(float_hook=msgspec.Raw)


def decode(document: bytes) -> object:
    """A JSON value, by the letter of RFC 8259; a number that is not an integer stays text, as `msgspec.Raw`.

    Raises ValueError, saying what is wrong and at which byte.
    """
    try:
        return _DECODER.decode(document)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


_TEXTS: dict[type, Callable[[Any], str]] = {
    msgspec.Raw: lambda number: bytes(number).decode(),
    bool: lambda flag: "true" if flag else "false",
    int: str,
    str: str,
}


def cell(value: object) -> str | None:
    """A value as the text of a cell."""
    if value is None:
        return None
    text = _TEXTS.get(type(value))
    return text(value) if text else msgspec.json.encode(value).decode()


class JsonRecords:
    """Takes the texts of the records of one file: known ones are counted, new ones decoded and gathered."""

    def __init__(self, layout: Layout, known: KnownRecords) -> None:
        self.gathered = RowGatherer(cell)
        self.count = 0
        self._known = known
        self._seed = known.seed(layout.model_dump_json(exclude={"encoding"}).encode())
        self._variant_path = [name for name in layout.variant_path.split("/") if name]

    def take(self, texts: list[bytes]) -> None:
        """Take the next records of the file."""
        if not texts:
            return
        digests = self._known.digests(texts, self._seed)
        rows = np.arange(self.count + 1, self.count + 1 + len(texts), dtype=np.int64)
        self.count += len(texts)
        new = np.flatnonzero(self._known.new(digests))
        groups: list[list[Record]] = []
        good = np.ones(len(new), np.bool_)
        for number, place in enumerate(new):
            try:
                groups.append(self._rows(texts[place]))
            except ValueError as error:
                good[number] = False
                self.gathered.reject(_reject(texts[place], str(error), int(rows[place]), digests[place]))
        new_good = new[good]
        self.gathered.add(*one_row_each(groups, rows[new_good], digests[new_good]), known=len(texts) - len(new))

    def _rows(self, text: bytes) -> list[Record]:
        record = decode(text)
        if not isinstance(record, dict):
            raise ValueError(f"found {_KINDS.get(type(record), 'a number')}")  # noqa: TRY004  # bad data, no bug
        return (_variant_rows(record, self._variant_path) if self._variant_path else []) or [record]


def _variant_rows(record: dict[str, object], path: list[str]) -> list[Record]:
    """One row per variant, with what the record has beside its variants; none if it has no variants."""
    first, *others = path
    holder = record.get(first)
    rows: list[Record] = []
    if others and isinstance(holder, dict):
        rows = _variant_rows(holder, others)
    elif not others and isinstance(holder, list):
        rows = [item for item in holder if isinstance(item, dict)]
    beside = {key: value for key, value in record.items() if key != first}
    return [beside | {f"{first}/{key}": value for key, value in row.items()} for row in rows]


def _reject(text: bytes, cause: str, row: int, digest: Digests) -> Reject:
    place = (int(digest[0]), int(digest[1]))
    try:
        return Reject(row, text.decode(), "malformed", "", f"a JSON object: {cause}", place)
    except UnicodeDecodeError as error:
        raw = text.decode("utf-8", "backslashreplace")
        return Reject(row, raw, "wrong_encoding", f"byte {error.start + 1} of the record", "text in UTF-8", place)

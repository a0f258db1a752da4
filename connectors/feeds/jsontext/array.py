"""Cuts the elements out of a JSON array that may be larger than memory, and checks what lies around them.

An element is cut where the JSON grammar ends it. Many at once are cut by the decoder itself: if the bytes up to some
`},{` are a valid array between brackets, then these are its elements to any reader. Where they are not (the place
was inside an element, or an element is damaged) brackets and strings are followed one by one.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import BinaryIO, NoReturn

import msgspec

from commerce.errors import Permanent
from connectors.feeds.jsontext.objects import LARGEST_RECORD, decode

_CHUNK = 2 << 20
_MOST_AROUND = 16 << 20
_MARKER = "records were here"
_RAW_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)'
_TOKEN = re.compile(_STRING + rb"|[{}\[\]:]", re.DOTALL)
_BRACKET = re.compile(_STRING + rb"|[{}\[\]]", re.DOTALL)
_WHOLE_STRING = re.compile(_STRING, re.DOTALL)
_SCALAR = re.compile(rb"[^\s,\]}]+")
_FILLED = re.compile(rb"[^ \t\r\n]")
_FIRST_KEY = re.compile(rb'\{\s*"[^"\\]*"\s*:')
_AT_BYTE = re.compile(r"\(byte (\d+)\)")
_PAIRS = {b"}": b"{", b"]": b"["}


class _Expect(Enum):
    FIRST = auto()
    ELEMENT = auto()
    COMMA = auto()
    NOTHING = auto()


class ArrayCutter:
    """Reads one file. `path` holds the keys from the root to the array, none if the array is the root."""

    def __init__(self, path: list[str]) -> None:
        self._path = path
        self._expect = _Expect.FIRST
        self._offset = 0
        """Byte of the file at which the data in hand begins."""
        self._between = b""
        """What stands between two records: `},{"id":`, with white space as found between the first two."""
        self.count = 0

    def read(self, file: BinaryIO) -> Iterator[list[bytes]]:
        """The elements' texts, a list for each chunk. Raises Permanent where the file is not JSON or ends too soon."""
        before, data = self._before(file)
        self._offset = len(before)
        while True:
            elements, data = self._cut(data)
            self.count += len(elements)
            yield elements
            if self._expect is _Expect.NOTHING:
                break
            if len(data) > LARGEST_RECORD:
                raise Permanent(f"JSON: {self._where()} is over {LARGEST_RECORD:,} bytes long; is `record_path` right?")
            chunk = file.read(_CHUNK)
            if not chunk:
                end = self._offset + len(data)
                raise Permanent(f"JSON: the file is cut off: it ends at byte {end:,}, inside or after {self._where()}.")
            data += chunk
        self._check_around(before, data, file)

    def _before(self, file: BinaryIO) -> tuple[bytes, bytes]:
        """The file up to and with the array's opening bracket, and what of it was read behind that."""
        data = b""
        while chunk := file.read(_CHUNK):
            data += chunk
            opened = _opening(data, self._path)
            if opened is not None:
                return data[:opened], data[opened:]
            if len(data) > _MOST_AROUND:
                break
        if not data.strip():
            raise Permanent("JSON: the file is empty; expected an array of objects.")
        cause = ""
        if len(data) <= _MOST_AROUND:
            try:
                decode(data)
            except ValueError as error:
                cause = f" ({error})"
        what = f"at {'/'.join(self._path)!r}" if self._path else "at the root"
        raise Permanent(
            f"JSON: no array {what} in the first {len(data):,} bytes{cause}; correct `record_path` in the profile."
        )

    def _cut(self, data: bytes) -> tuple[list[bytes], bytes]:
        """The complete elements at the beginning of `data`, and the rest."""
        found: list[bytes] = []
        if self._between and self._expect is not _Expect.COMMA:
            found, data = self._cut_together(data)
        place = 0
        while self._expect is not _Expect.NOTHING:
            filled = _FILLED.search(data, place)
            end = self._step(data, filled.start(), found) if filled else None
            if end is None:
                break
            place = end
        self._offset += place
        return found, data[place:]

    def _cut_together(self, data: bytes) -> tuple[list[bytes], bytes]:
        end = data.rfind(self._between)
        if end < 0:
            return [], data
        try:
            elements = _RAW_ELEMENTS.decode(b"[%b]" % data[: end + 1])
        except (msgspec.MsgspecError, RecursionError):
            return [], data
        comma = data.index(b",", end) + 1
        self._offset += comma
        self._expect = _Expect.ELEMENT
        return [bytes(element) for element in elements], data[comma:]

    def _step(self, data: bytes, start: int, found: list[bytes]) -> int | None:
        """Read a comma, a closing bracket or an element; where it ends, None if it does not end in `data`."""
        mark = data[start : start + 1]
        if mark == b"]" and self._expect is not _Expect.ELEMENT:
            self._expect = _Expect.NOTHING
            return start + 1
        if self._expect is _Expect.COMMA:
            if mark != b",":
                self._refuse(start, mark, "a comma or a closing bracket")
            self._expect = _Expect.ELEMENT
            return start + 1
        end = self._element_end(data, start, mark)
        if end is not None:
            self._learn(data, found, start)
            found.append(data[start:end])
            self._expect = _Expect.COMMA
        return end

    def _element_end(self, data: bytes, start: int, mark: bytes) -> int | None:
        if mark in b"{[":
            return self._bracket_end(data, start)
        match = (_WHOLE_STRING if mark == b'"' else _SCALAR).match(data, start)
        if match is None:
            self._refuse(start, mark, "an object")
        return match.end() if match.end() < len(data) else None

    def _bracket_end(self, data: bytes, start: int) -> int | None:
        opened: list[bytes] = []
        for match in _BRACKET.finditer(data, start):
            mark = match[0]
            if mark in (b"{", b"["):
                opened.append(mark)
            elif mark in _PAIRS:
                if opened.pop() != _PAIRS[mark]:
                    self._refuse(match.start(), mark, "the bracket that fits the one opened last")
                if not opened:
                    return match.end()
        return None

    def _learn(self, data: bytes, found: list[bytes], start: int) -> None:
        """Remember what stands between the first two records, up to the key that the second begins with."""
        key = _FIRST_KEY.match(data, start)
        if not self._between and found and key:
            end = data.rfind(b"}", 0, start)
            if end >= 0 and not data[end + 1 : start].strip(b", \t\r\n"):
                self._between = data[end : key.end()]

    def _check_around(self, before: bytes, data: bytes, file: BinaryIO) -> None:
        """Raise Permanent unless the file without its records is JSON with an array where they were."""
        while chunk := file.read(_CHUNK):
            data += chunk
            if len(data) > _MOST_AROUND:
                raise Permanent(f"JSON: more than {_MOST_AROUND:,} bytes follow the records; is `record_path` right?")
        opening = before[:-1] + msgspec.json.encode([_MARKER])
        try:
            document = decode(opening + data)
        except ValueError as error:
            found = _AT_BYTE.search(str(error))
            place = int(found[1]) if found else len(opening) + len(data)
            if place >= len(opening):
                place += self._offset - len(opening)
            cause = _AT_BYTE.sub("", str(error)).strip()
            raise Permanent(f"JSON: the file is broken around its records, at byte {place:,}: {cause}.") from error
        for key in self._path:
            document = document.get(key) if isinstance(document, dict) else None
        if document != [_MARKER]:
            raise Permanent(
                f"JSON: {'/'.join(self._path)!r} is there twice; it cannot be told which holds the records."
            )

    def _refuse(self, place: int, mark: bytes, expected: str) -> NoReturn:
        found = mark.decode("utf-8", "backslashreplace")
        raise Permanent(
            f"JSON: byte {self._offset + place:,} is {found!r} inside or after {self._where()}; expected {expected}."
        )

    def _where(self) -> str:
        return f"record {self.count + 1:,}"


def _opening(data: bytes, path: list[str]) -> int | None:
    """Where the content of the array at `path` begins; None if it is not in `data`."""
    return next((place for mark, keys, place in _brackets(data) if mark == b"[" and keys == path), None)


def opened_arrays(data: bytes) -> Iterator[tuple[str, ...]]:
    """The path of the array for each object that stands directly in an array with keys only above it."""
    for mark, keys, _ in _brackets(data):
        if mark == b"{" and keys and keys[-1] is None and None not in keys[:-1]:
            yield tuple(key for key in keys if key is not None)


def _brackets(data: bytes) -> Iterator[tuple[bytes, list[str | None], int]]:
    """Opening brackets, the keys above each (None for an array) and where each ends."""
    keys: list[str | None] = []
    text = b""
    for match in _TOKEN.finditer(data):
        mark = match[0]
        if mark in (b"{", b"["):
            yield mark, keys, match.end()
            keys.append("" if mark == b"{" else None)
        elif mark in _PAIRS:
            if not keys:
                return
            keys.pop()
        elif mark == b":":
            if keys and keys[-1] is not None:
                keys[-1] = _key(text)
        else:
            text = mark


def _key(text: bytes) -> str:
    try:
        key = decode(text)
    except ValueError:
        return ""
    return key if isinstance(key, str) else ""

"""Cuts the records out of an XML stream by searching for their tags, and shows for each that a parser would agree.

Between two records a parser is in the content of their parent (`Skeleton` asks expat). From there, bytes that are
one well-formed element are one element to any parser, whatever follows. So records are cut by text search, and the
taker checks each one that it does not know; one that does not hold is cut again by expat, from where it begins.
Nothing that was taken is ever taken back, and the file is read once.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pyexpat import ErrorString, ExpatError, ParserCreate
from pyexpat import errors as expat_errors
from typing import BinaryIO, Protocol
from xml.sax.saxutils import quoteattr

from commerce.errors import Permanent
from connectors.feeds.markup.skeleton import Skeleton

_CHUNK = 2 << 20
_WINDOW = 2 * _CHUNK
_LEAST_WINDOW = 1 << 16
LARGEST_RECORD = 16 << 20
WRAPPER = "_records"
_START_TAG = re.compile(rb"""<(?:[^"'>]|"[^"]*"|'[^']*')*>""")
_UNFINISHED = {
    expat_errors.codes[message]
    for message in (
        expat_errors.XML_ERROR_NO_ELEMENTS,
        expat_errors.XML_ERROR_UNCLOSED_TOKEN,
        expat_errors.XML_ERROR_PARTIAL_CHAR,
        expat_errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
}


class Taker(Protocol):
    """Who takes the records; a body is what lies between `<tag` and `</tag>`."""

    def enter(self, tag: bytes, namespaces: dict[str, str]) -> None:
        """Records come now that are written `<tag …>`, under these namespace declarations."""

    def take(self, bodies: list[bytes]) -> int:
        """Take bodies that were cut by search, up to the first that is not one element by itself; how many."""

    def take_exact(self, bodies: list[bytes]) -> None:
        """Take bodies that a parser cut."""

    def reject(self, raw: bytes, cause: str) -> None:
        """Take note of a record that is not well-formed."""


@dataclass(slots=True)
class _Exact:
    """What expat found: complete records, where the last one ends, and where one begins that is not complete."""

    bodies: list[bytes] = field(default_factory=list)
    end: int = 0
    begun: int | None = None
    broken: int | None = None
    cause: str = ""


class _AnotherElementError(Exception):
    """Stops expat at an element that is not a record."""


class Cutter:
    """Reads one file. `record_path` holds local names from the root, at least two."""

    def __init__(self, record_path: list[str], taker: Taker) -> None:
        name = re.escape(record_path[-1].encode())
        self._candidate = re.compile(rb"<((?:[^\s<>/:!?&\"'=]+:)?" + name + rb")(?=[\s/>])")
        self._record_path = record_path
        self._skeleton = Skeleton(record_path)
        self._taker = taker
        self._records = 0
        self._data = b""
        self._place = 0
        """Up to where `_data` is done with."""
        self._is_last = False
        """Whether `_data` holds the end of the file."""
        self._window = _WINDOW
        """How many bytes are cut at a time: few after a place where searching did not do."""
        self._tag = b""
        """How the records are written that are being read; empty outside of them."""
        self._between = self._ending = self._candidate
        self._glue: bytes | None = None
        """What stands between two records, as found first; empty once it was something else (searching is slower)."""

    def read(self, file: BinaryIO) -> Iterator[None]:
        """Hand all records to the taker, pausing after each chunk. Raises Permanent where the file is broken."""
        while not self._is_last:
            chunk = file.read(_CHUNK)
            self._is_last = not chunk
            self._data, self._place = self._data[self._place :] + chunk, 0
            if self._is_last and not self._skeleton.offset and not self._data.strip():
                raise Permanent("XML: the file is empty; expected an element with records in it.")
            while self._inside() if self._tag else self._outside():
                pass
            yield
        self._skeleton.close()
        if not self._records:
            raise Permanent(self._nothing())

    def _outside(self) -> bool:
        """Read on to the next record; False if that needs more of the file."""
        for candidate in self._candidate.finditer(self._data, self._place):
            self._feed(candidate.start())
            if self._skeleton.is_among_records():
                self._enter(candidate[1])
                return True
            self._feed(candidate.end())
        self._feed(len(self._data) if self._is_last else max(self._place, _begun_tag(self._data)))
        return False

    def _feed(self, end: int) -> None:
        self._skeleton.feed(self._data[self._place : end])
        self._place = end

    def _enter(self, tag: bytes) -> None:
        name = re.escape(tag)
        if tag != self._tag:
            self._between = re.compile(rb"</" + name + rb">[ \t\r\n]*<" + name + rb"(?=[ \t\r\n/>])")
            self._ending = re.compile(rb"</" + name + rb"[ \t\r\n]*>")
            self._glue = None
        self._tag = tag
        self._taker.enter(tag, self._skeleton.namespaces)

    def _leave(self, end: int) -> bool:
        """Go on outside of records from `end`."""
        self._pass_over(end)
        self._tag = b""
        return True

    def _pass_over(self, end: int) -> None:
        self._skeleton.skip(end - self._place)
        self._place = end

    def _inside(self) -> bool:
        """Take records, the first of which begins at this place; False if that needs more of the file."""
        view = self._data[self._place : self._place + self._window]
        reaches_end = self._place + self._window >= len(self._data)
        bodies, last = self._split(view)
        sure = len(bodies)
        if self._window < _WINDOW:
            closing = b"</" + self._tag
            sure = next((number for number, body in enumerate(bodies) if closing in body), sure)
        taken = self._taker.take(bodies[:sure]) if sure else 0
        self._records += taken
        if bodies and taken == len(bodies):
            self._pass_over(self._place + len(view) - len(last))
            self._window = min(self._window * 2, _WINDOW)
            if self._glue is None and (first := self._between.search(view)):
                self._glue = first[0]
            return self._is_last or not reaches_end
        start = self._start_of(taken, bodies, view)
        self._glue = b""
        if taken:
            self._pass_over(self._place + start)
            self._window = max(_LEAST_WINDOW, 2 * start)
        elif not bodies and not reaches_end:
            self._window *= 4
            return True
        return self._inside_exactly()

    def _split(self, view: bytes) -> tuple[list[bytes], bytes]:
        """The bodies before each place between two records, and what is left, beginning with a record."""
        opening = b"<" + self._tag
        bodies = view.split(self._glue) if self._glue else self._between.split(view)
        bodies[0] = bodies[0].removeprefix(opening)
        last = bodies.pop()
        return bodies, opening + last

    def _start_of(self, number: int, bodies: list[bytes], view: bytes) -> int:
        """Where the record begins in `view` that comes after `number` others."""
        if self._glue:
            return sum(len(body) + len(self._glue) for body in bodies[:number])
        starts = [0, *(match.end() - len(self._tag) - 1 for match in self._between.finditer(view))]
        return starts[number]

    def _inside_exactly(self) -> bool:
        """The same, cut by a parser: records that searching cannot cut, and what comes where there are no more."""
        view = self._data[self._place : self._place + self._window]
        reaches_end = self._place + self._window >= len(self._data)
        at_end = reaches_end and self._is_last
        cut = _cut_exactly(view, self._tag, self._skeleton.namespaces, at_end=at_end)
        self._taker.take_exact(cut.bodies)
        self._records += len(cut.bodies)
        if cut.begun is None:
            return self._leave(self._place + cut.end)
        ending = None if cut.broken is None else self._ending.search(view, cut.broken)
        if ending is not None:
            self._taker.reject(view[cut.begun : ending.end()], cut.cause)
            self._records += 1
            return self._leave(self._place + ending.end())
        self._pass_over(self._place + cut.begun)
        if reaches_end:
            self._check_unfinished(cut, at_end=at_end)
            return False
        self._window *= 4
        return True

    def _check_unfinished(self, cut: _Exact, *, at_end: bool) -> None:
        """Raise Permanent if no more of the file can complete the record that begins at this place."""
        name, place, size = self._tag.decode(), self._skeleton.offset, len(self._data) - self._place
        record = f"record {self._records + 1:,} (<{name}>, from byte {place:,})"
        if size > LARGEST_RECORD:
            raise Permanent(f"XML: {record} is longer than {LARGEST_RECORD:,} bytes; is `record_path` right?")
        if at_end and cut.broken is not None:
            broken = place + cut.broken - (cut.begun or 0)
            raise Permanent(f"XML: {record} is broken at byte {broken:,} ({cut.cause}), and no </{name}> follows.")
        if at_end:
            raise Permanent(f"XML: the file is cut off: it ends at byte {place + size:,}, inside {record}.")

    def _nothing(self) -> str:
        wanted = "/".join(self._record_path)
        found = ", ".join(f"{path} ({count:,})" for path, count in self._skeleton.found.items())
        return (
            f"XML: no record at {wanted!r}. What is there: {found or 'nothing'}; correct `record_path` in the profile."
        )


def _cut_exactly(data: bytes, tag: bytes, namespaces: dict[str, str], *, at_end: bool) -> _Exact:
    """Let expat find the records at the beginning of `data`, which begins with one; stops at anything else."""
    found = _Exact()
    name, opening = tag.decode(), wrapper(namespaces)
    before = len(opening)
    depth = 0
    parser = ParserCreate("utf-8")
    parser.UseForeignDTD(True)  # noqa: FBT003  # expat's own signature; makes it pass over &nbsp; and its like

    def start(element: str, _: dict[str, str]) -> None:
        nonlocal depth
        if depth == 1:
            if element != name:
                raise _AnotherElementError
            found.begun = parser.CurrentByteIndex - before
        depth += 1

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1
        if depth == 1 and found.begun is not None:
            body, found.end = _body(data, found.begun, parser.CurrentByteIndex - before, len(tag) + 1)
            found.bodies.append(body)
            found.begun = None

    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        parser.Parse(opening + data, at_end)
    except _AnotherElementError:
        return found
    except ExpatError as error:
        if error.code not in _UNFINISHED:
            found.broken, found.cause = max(parser.ErrorByteIndex - before, 0), ErrorString(error.code)
    if not found.bodies and found.begun is None:
        found.begun = 0
    return found


def wrapper(namespaces: dict[str, str]) -> bytes:
    """A start tag under which records can be parsed by themselves; `</_records>` closes it."""
    return f"<{WRAPPER}{''.join(f' {name}={quoteattr(uri)}' for name, uri in sorted(namespaces.items()))}>".encode()


def _body(data: bytes, begun: int, closing: int, opening: int) -> tuple[bytes, int]:
    """What lies between the tags of a record, and where the record ends; `<a/>` is the same as `<a></a>`."""
    start = _START_TAG.match(data, begun)
    if start and start[0].endswith(b"/>"):
        return data[begun + opening : start.end() - 2] + b">", start.end()
    return data[begun + opening : closing], data.index(b">", closing) + 1


def _begun_tag(data: bytes) -> int:
    """Where a tag begins of which the rest may come with the next chunk; the length of `data` if there is none."""
    start = data.rfind(b"<")
    return start if start >= 0 and data.find(b">", start) < 0 and len(data) - start < 1 << 10 else len(data)

"""NDJSON feeds (JSON lines): one object per line; a bad line spoils only itself."""

from collections.abc import Iterator
from typing import BinaryIO

from commerce.errors import Permanent
from connectors.feeds.jsontext.guess import is_lines, variant_path
from connectors.feeds.jsontext.objects import LARGEST_RECORD, JsonRecords
from connectors.feeds.known import KnownRecords
from connectors.feeds.layout import Layout
from connectors.feeds.protocol import Batch

_CHUNK = 2 << 20


class NdJson:
    """Lines of JSON; blank ones are no records."""

    name = "ndjson"

    def sniff(self, head: bytes, name: str) -> Layout | None:
        """Ours if each of the first lines is an object by itself."""
        if not is_lines(head):
            return None
        return Layout(format="ndjson", variant_path=variant_path(head.splitlines()))

    def read(self, file: BinaryIO, layout: Layout, known: KnownRecords) -> Iterator[Batch]:
        """See `Format.read`."""
        records = JsonRecords(layout, known)
        for lines in _lines(file):
            records.take(lines)
            if records.gathered.is_full:
                yield records.gathered.take()
        if not records.count:
            raise Permanent("NDJSON: the file is empty; expected one JSON object per line.")
        yield records.gathered.take()

    def restore(self, raw: list[str], layout: Layout) -> bytes:
        """One record per line."""
        return "".join(f"{line}\n" for line in raw).encode()


FORMAT = NdJson()


def _lines(file: BinaryIO) -> Iterator[list[bytes]]:
    """The lines that are not blank, a list for each chunk of the file."""
    rest, number = b"", 0
    while chunk := file.read(_CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        number += len(lines)
        if len(rest) > LARGEST_RECORD:
            raise Permanent(f"NDJSON: line {number + 1:,} is longer than {LARGEST_RECORD:,} bytes; is it NDJSON?")
        yield [line for line in lines if line and not line.isspace()]
    yield [rest] if rest.strip() else []

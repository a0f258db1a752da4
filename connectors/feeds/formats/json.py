"""JSON feeds: an array of objects, at the root or below it, read without holding the file."""

from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from connectors.feeds.jsontext.array import ArrayCutter
from connectors.feeds.jsontext.guess import guess_paths, is_lines
from connectors.feeds.jsontext.objects import JsonRecords
from connectors.feeds.known import KnownRecords
from connectors.feeds.layout import Layout
from connectors.feeds.protocol import Batch


class Json:
    """Objects in the array at `record_path`; without a path the array is the whole document."""

    name = "json"

    def sniff(self, head: bytes, name: str) -> Layout | None:
        """The array with the most objects nearest to the root."""
        if head.lstrip()[:1] not in (b"[", b"{") or is_lines(head):
            return None
        paths = guess_paths(head)
        return None if paths is None else Layout(format="json", record_path=paths[0], variant_path=paths[1])

    def read(self, file: BinaryIO, layout: Layout, known: KnownRecords) -> Iterator[Batch]:
        """See `Format.read`. A damaged object is rejected if its brackets and quotes are in order."""
        records = JsonRecords(layout, known)
        for texts in ArrayCutter(_path(layout)).read(file):
            records.take(texts)
            if records.gathered.is_full:
                yield records.gathered.take()
        yield records.gathered.take()

    def restore(self, raw: list[str], layout: Layout) -> bytes:
        """The records in an array below the record path's keys."""
        keys = _path(layout)
        opening = "".join(f"{{{msgspec.json.encode(key).decode()}:" for key in keys)
        return (opening + "[" + ",\n".join(raw) + "]" + "}" * len(keys)).encode()


FORMAT = Json()


def _path(layout: Layout) -> list[str]:
    return [key for key in layout.record_path.split("/") if key]

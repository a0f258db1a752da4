"""XML feeds: any record path, variants nested in records, namespaces; Google Merchant RSS and Atom are of this kind.

Records are cut out of the byte stream, passed over if they are known, and only then parsed (`connectors.feeds.markup`).
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

import msgspec
import numpy as np

from commerce.errors import Permanent
from connectors.feeds.known import Digests, KnownRecords
from connectors.feeds.layout import Layout
from connectors.feeds.markup.cutter import Cutter
from connectors.feeds.markup.guess import guess_paths
from connectors.feeds.markup.parsing import BodyParser
from connectors.feeds.protocol import Batch, Reject
from connectors.feeds.rows import RowGatherer, one_row_each

_PREFIX = re.compile(r"</?([A-Za-z_][\w.-]*):|\s([A-Za-z_][\w.-]*):[\w.-]+\s*=")
_CONTEXTS = 64
_GOOGLE = "http://base.google.com/ns/1.0"


class Xml:
    """Elements at `record_path` are the records, elements at `variant_path` below them their variants."""

    name = "xml"

    def sniff(self, head: bytes, name: str) -> Layout | None:
        """The record path and the variant path of what begins like XML, by what repeats in it."""
        if not head.lstrip().startswith(b"<"):
            return None
        if b"<!ENTITY" in head:
            raise Permanent("XML: the file declares entities; such feeds are refused.")
        record_path, variant_path = guess_paths(head)
        if not record_path:
            raise Permanent("XML: nothing in the file repeats as records do; declare `record_path` in the profile.")
        return Layout(format="xml", record_path=record_path, variant_path=variant_path)

    def read(self, file: BinaryIO, layout: Layout, known: KnownRecords) -> Iterator[Batch]:
        """See `Format.read`. A record that is not well-formed is rejected, a file that is not is refused."""
        record_path = [name for name in layout.record_path.split("/") if name]
        if len(record_path) < 2:
            raise Permanent(f"XML: `record_path` is {layout.record_path!r}; expected a path like `root/product`.")
        records = _Records(layout, known)
        for _ in Cutter(record_path, records).read(file):
            if records.gathered.is_full:
                yield records.gathered.take()
        yield records.gathered.take()

    def restore(self, raw: list[str], layout: Layout) -> bytes:
        """The records in elements named as the record path says, under a declaration for each prefix they use."""
        parents = [name for name in layout.record_path.split("/") if name][:-1]
        prefixes = {a or b for record in raw for a, b in _PREFIX.findall(record)} - {"xml", "xmlns"}
        declared = "".join(
            f' xmlns:{prefix}="{_GOOGLE if prefix == "g" else f"urn:prefix:{prefix}"}"' for prefix in sorted(prefixes)
        )
        opening = "".join(f"<{name}{declared if not place else ''}>" for place, name in enumerate(parents))
        return "\n".join([opening, *raw, "".join(f"</{name}>" for name in reversed(parents)), ""]).encode()


FORMAT = Xml()


class _Records:
    """Takes the records of one file from the cutter: known ones are counted, new ones parsed and gathered."""

    def __init__(self, layout: Layout, known: KnownRecords) -> None:
        self.gathered = RowGatherer(lambda value: msgspec.json.encode(value).decode())
        self._known = known
        self._context = layout.model_dump_json(exclude={"encoding"})
        self._variant_path = [name for name in layout.variant_path.split("/") if name]
        self._row = 0
        self._seed = 0
        self._tag = b""
        self._parser = BodyParser(b"", {}, [])
        self._entered: dict[str, tuple[int, BodyParser]] = {}

    def enter(self, tag: bytes, namespaces: dict[str, str]) -> None:
        context = f"{self._context}\n{tag.decode()}\n{sorted(namespaces.items())}"
        if len(self._entered) > _CONTEXTS:
            self._entered.clear()
        if context not in self._entered:
            self._entered[context] = (
                self._known.seed(context.encode()),
                BodyParser(tag, namespaces, self._variant_path),
            )
        self._seed, self._parser = self._entered[context]
        self._tag = tag

    def take(self, bodies: list[bytes]) -> int:
        return self._take(bodies, is_exact=False)

    def take_exact(self, bodies: list[bytes]) -> None:
        self._take(bodies, is_exact=True)

    def reject(self, raw: bytes, cause: str) -> None:
        digest = self._known.digests([raw], self._seed)[0]
        self._row += 1
        self.gathered.reject(_not_well_formed(raw, cause, self._row, digest))

    def _take(self, bodies: list[bytes], *, is_exact: bool) -> int:
        """Take bodies up to the first that is not well-formed, or reject those that are not if they are cut exactly."""
        digests = self._known.digests(bodies, self._seed)
        rows = np.arange(self._row + 1, self._row + 1 + len(bodies), dtype=np.int64)
        new = np.flatnonzero(self._known.new(digests))
        parsed = self._parser.rows([bodies[place] for place in new])
        taken = len(bodies)
        if None in parsed and not is_exact:
            first = parsed.index(None)
            taken = int(new[first])
            self._known.take_back(len(bodies) - taken)
            new, parsed = new[:first], parsed[:first]
        good = np.array([rows is not None for rows in parsed], np.bool_)
        for place in new[~good]:
            raw = b"<" + self._tag + bodies[place] + b"</" + self._tag + b">"
            self.gathered.reject(_not_well_formed(raw, self._parser.cause, int(rows[place]), digests[place]))
        groups = [rows for rows in parsed if rows is not None]
        self.gathered.add(*one_row_each(groups, rows[new[good]], digests[new[good]]), known=taken - len(new))
        self._row += taken
        return taken


def _not_well_formed(raw: bytes, cause: str, row: int, digest: Digests) -> Reject:
    place = (int(digest[0]), int(digest[1]))
    try:
        return Reject(row, raw.decode(), "malformed", "", f"well-formed XML: {cause}", place)
    except UnicodeDecodeError as error:
        text = raw.decode("utf-8", "backslashreplace")
        return Reject(row, text, "wrong_encoding", f"byte {error.start + 1} of the record", "text in UTF-8", place)

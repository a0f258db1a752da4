"""Finds out what a feed file is: its members, their encoding and layout. Reading the records is `reading`."""

import codecs
import importlib
import pkgutil
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

from commerce.errors import Permanent
from connectors.feeds import charset, formats
from connectors.feeds.compression import MAX_BYTES, open_members
from connectors.feeds.layout import Layout
from connectors.feeds.protocol import Format

_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_WEB_PAGE = re.compile(rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html[\s>])", re.IGNORECASE | re.DOTALL)
_ANY_TEXT = "delimited"
"""Nearly every text can be taken for columns of this format, so it stands back when another one answers."""


@dataclass(frozen=True, slots=True)
class FeedMember:
    """One feed in a file: the file itself, or one of those in an archive (`place` counts them from 0)."""

    path: Path
    place: int
    name: str
    layout: Layout


@cache
def find_formats() -> dict[str, Format]:
    """All formats by name: every module in `connectors/feeds/formats` holds one, named like its file."""
    found: dict[str, Format] = {}
    for module_info in pkgutil.iter_modules(formats.__path__):
        module = importlib.import_module(f"{formats.__name__}.{module_info.name}")
        feed_format: Format | None = getattr(module, "FORMAT", None)
        if feed_format is None or feed_format.name != module_info.name:
            raise ImportError(f"{module.__name__}: expected FORMAT, a Format with the name {module_info.name!r}.")
        found[module_info.name] = feed_format
    return found


def detect(path: Path, max_bytes: int = MAX_BYTES, name: str = "") -> list[FeedMember]:
    """The feeds in a file, each with the encoding and layout it seems to be written in.

    `name` is what the file is called, if not by its path.
    Raises Permanent, saying what was found, when a file or a member is no feed.
    """
    return [
        FeedMember(path, place, called, layout_of(stream, called))
        for place, (called, stream) in enumerate(open_members(path, max_bytes, name))
    ]


def layout_of(stream: BinaryIO, name: str) -> Layout:
    """The layout of one stream, from its first MiB (further only to find a letter that tells the encoding)."""
    head = _head(stream)
    if not head:
        raise Permanent(f"{name}: the file is empty.")
    if head.startswith(_OLD_EXCEL):
        raise Permanent(f"{name}: is a workbook of the old Excel format (XLS); expected XLSX, CSV, XML or JSON.")
    is_text = not head.startswith(_ZIP)
    encoding = _encoding(head, stream) if is_text else "utf-8"
    text = _as_utf8(head, encoding) if is_text else head
    if _WEB_PAGE.match(text):
        raise Permanent(f"{name}: the server answered a web page, not a feed (a login page, an error?).")
    try:
        layouts = [layout for feed_format in find_formats().values() if (layout := feed_format.sniff(text, name))]
    except Permanent as error:
        raise Permanent(f"{name}: {error}") from error
    certain = [layout for layout in layouts if layout.format != _ANY_TEXT] or layouts
    if len(certain) != 1:
        begin = text[:40].decode("utf-8", "replace")
        what = "several formats" if certain else "no format"
        raise Permanent(f"{name}: {what} would read it; it begins with {begin!r}. Declare its layout in the profile.")
    return certain[0].model_copy(update={"encoding": encoding})


def _head(stream: BinaryIO) -> bytes:
    """The first MiB; a stream may give less at once than it is asked for."""
    head = b""
    while len(head) < charset.HEAD and (more := stream.read(charset.HEAD - len(head))):
        head += more
    return head


def _encoding(head: bytes, stream: BinaryIO) -> str:
    """Plain ASCII says nothing: then look on for the first letter that does."""
    while not charset.is_telling(head) and (more := stream.read(charset.HEAD)):
        head = more
    return charset.detect(head)


def _as_utf8(head: bytes, encoding: str) -> bytes:
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    return text.removeprefix("\ufeff").encode()

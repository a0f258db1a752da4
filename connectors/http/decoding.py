"""Undoes the Content-Encoding of a body piece by piece, in bounded memory. Files that are archives stay as they are.

Not httpx's decoder, because that one gives out a whole expanded chunk at once, takes a torn stream for a complete
one, and drops every gzip member after the first without a word.
"""

import zlib
from collections.abc import Iterator
from typing import Protocol

ACCEPTED = "gzip"
"""What requests offer in Accept-Encoding."""

_PIECE = 1024 * 1024
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


class Damaged(Exception):
    """The body is not what its Content-Encoding says; the text says how."""


class Torn(Exception):
    """The body stops before its Content-Encoding says so."""


class Decoder(Protocol):
    """Takes a body in pieces."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The decoded bytes, in pieces of bounded size; raises Damaged."""

    def finish(self) -> None:
        """Say that the body is over; raises Torn if its end is missing."""


def decoder_for(content_encoding: str) -> Decoder | None:
    """The decoder for a Content-Encoding header; None for one that was never offered."""
    names = [name.strip().lower() for name in content_encoding.split(",")]
    wanted = [name for name in names if name not in ("", "identity")]
    if not wanted:
        return _Plain()
    # A stack of encodings has no honest use and multiplies the expansion: one only.
    return _Inflater() if len(wanted) == 1 and wanted[0] in ("gzip", "x-gzip", "deflate") else None


class _Plain:
    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data

    def finish(self) -> None:
        """Nothing is ever missing from plain bytes."""


class _Inflater:
    """gzip with any number of members, or zlib."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._begun = False
        self._ended = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._ended:
                data = data.lstrip(b"\0")  # padding between or after members
                if not data:
                    return
                self._member, self._ended = zlib.decompressobj(_GZIP_OR_ZLIB), False
            self._begun = True
            try:
                piece = self._member.decompress(data, _PIECE)
            except zlib.error as error:
                raise Damaged(f"the compressed body is damaged ({error})") from None
            self._ended = self._member.eof
            data = self._member.unused_data if self._ended else self._member.unconsumed_tail
            if piece:
                yield piece

    def finish(self) -> None:
        if self._begun and not self._ended:
            raise Torn("the compressed body stops before its end mark")

"""The server's answer as it comes in (`Answer`) and, for small ones, as a whole (`Reply`). It judges no status."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpcore
import httpx

from connectors.http.decoding import Damaged, Decoder, Torn, decoder_for
from connectors.http.failures import WIRE_ERRORS, HttpPermanent, HttpTransient, of_wire

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Answer:
    """Status, headers and, once, the body.

    `shown` is method and redacted URL; `received` counts the bytes that came over the wire; `clean` takes the secrets
    of the call out of what the server says, before it is shown.
    """

    def __init__(self, raw: httpcore.Response, shown: str, max_bytes: int, clean: Callable[[str], str]) -> None:
        self.status = raw.status
        self.headers = httpx.Headers(raw.headers)
        self.shown = shown
        self.clean = clean
        self.received = 0
        self._raw = raw
        self._max_bytes = max_bytes

    @property
    def expected(self) -> int | None:
        """Bytes the body will have on the wire, if the server says so."""
        length = self.headers.get("content-length", "")
        return int(length) if length.isascii() and length.isdigit() else None

    @property
    def location(self) -> str | None:
        """Where a redirect leads; None if this is none."""
        return self.headers.get("location") if self.status in _REDIRECTS else None

    def chunks(self) -> Iterator[bytes]:
        """The body, decoded, in pieces of at most 1 MiB.

        Raises HttpTransient when it breaks off or stalls, HttpPermanent when it exceeds `max_bytes` (before or after
        decoding) or is not encoded as it says.
        """
        if (self.expected or 0) > self._max_bytes:
            raise self._too_large(f"announces {self.expected:,} bytes")
        decoder = self._decoder()
        given = 0
        try:
            for piece in self._pieces(decoder):
                given += len(piece)
                if max(given, self.received) > self._max_bytes:
                    raise self._too_large("sends more")
                yield piece
            decoder.finish()
        except Damaged as error:
            raise HttpPermanent(f"{self.shown}: {error} after {self.received:,} bytes", status=self.status) from None
        except Torn as error:
            raise HttpTransient(f"{self.shown}: {error}, after {self.received:,} bytes", status=self.status) from None

    def read(self) -> bytes:
        """The whole body."""
        return b"".join(self.chunks())

    def _pieces(self, decoder: Decoder) -> Iterator[bytes]:
        try:
            for data in self._raw.iter_stream():
                self.received += len(data)
                yield from decoder.feed(data)
        except WIRE_ERRORS as error:
            raise of_wire(error, self.shown, self._so_far(), self.clean) from None

    def _decoder(self) -> Decoder:
        encoding = self.headers.get("content-encoding", "")
        decoder = decoder_for(encoding)
        if decoder is None:
            named = self.clean(encoding)[:40]
            raise HttpPermanent(f"{self.shown}: the body is encoded as {named!r}, which was not offered; ask for gzip")
        return decoder

    def _so_far(self) -> str:
        return f"{self.received:,} bytes" if self.expected is None else f"{self.received:,} of {self.expected:,} bytes"

    def _too_large(self, what: str) -> HttpPermanent:
        return HttpPermanent(
            f"{self.shown}: the server {what}, but {self._max_bytes:,} are allowed; raise `max_bytes` if that is right"
        )


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer in memory."""

    status: int
    headers: httpx.Headers = field(repr=False)
    content: bytes = field(repr=False)
    shown: str

    def json(self) -> object:
        """The body as JSON, to be validated; raises HttpPermanent when it is something else."""
        try:
            body: object = json.loads(self.content)
        except ValueError as error:
            raise HttpPermanent(
                f"{self.shown}: the answer is not JSON ({error}); check the address", status=self.status
            ) from None
        return body

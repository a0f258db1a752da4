"""The HTTP protocol of the API's process: uvicorn's, with bounds where it has none.

uvicorn waits for the head of a request for ever and keeps all of it, however long; it takes what follows a body
(trailers) for headers; and when it has answered before a body was complete, it waits for the rest for ever. How long
and how large a body may be is the affair of `meschain.web.gate`.
"""

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from meschain.store.ids import new_id
from meschain.web.problems import problem

PATIENCE_SECONDS = 15.0
"""For how long a head may come, or what is left of a request that has been answered."""
HEAD_BYTES = 32 * 1024


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    _head: int | None = None
    """Bytes of the head that comes just now; None while none does."""
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Expect a head."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; refuse a head that grows too large."""
        within = self._head is not None
        super().data_received(data)
        if self.transport.is_closing():
            return
        if within and self._head is not None:
            self._head += len(data)
            if self._head > HEAD_BYTES:
                self._refuse(431, "head-too-large", f"the head of the request has more than {HEAD_BYTES} bytes")
        elif self._deadline is None and self._answered:
            self._wait()  # it was an empty line: uvicorn has stopped to wait

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._head = 0
        self._wait()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; pass over a trailer."""
        if self._head is not None:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there; what comes now is a body."""
        self._head = None
        self._wait_no_more()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The whole of a request is there."""
        self._wait_no_more()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the rest of a request that was answered, but not for ever."""
        super().on_response_complete()
        if self.cycle.more_body:
            self._wait()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request."""
        self._refuse(400, "bad-request", "this is no request of HTTP/1.1")

    def _refuse(self, status: int, kind: str, detail: str) -> None:
        """Say why, unless another request is still to be answered: it would be taken for that one's answer."""
        if not self.pipeline and (self._answered or self.cycle.more_body > self.cycle.response_started):
            request_id = new_id()
            told = problem(request_id, status, kind, detail, headers={"connection": "close"})
            headers = [*told.raw_headers, (b"x-request-id", request_id.encode())]
            head = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
            self.transport.write(STATUS_LINE[status] + head + b"\r\n" + bytes(told.body))
        self.transport.close()

    @property
    def _answered(self) -> bool:
        """Whether the last request has been answered, or there was none."""
        last = cast("RequestResponseCycle | None", self.cycle)
        return last is None or last.response_complete

    def _wait(self) -> None:
        self._wait_no_more()
        self._deadline = self.loop.call_later(PATIENCE_SECONDS, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

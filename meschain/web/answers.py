"""Gives an answer again while nothing has been written to the store since: for routes that read the store alone.

An answer is kept for who got it, by token and address, so tenant, session and policy are part of its key; any write to
the store, of whomever, ends all of them, and a second of time ends each. On a store that cannot tell whether something
was written (PostgreSQL) nothing is kept.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from meschain.access.guard import authenticator_of, bearer_of, way_of
from meschain.store.changes import Changes, Stamp

_SECONDS = 1.0
_LARGEST, _OVERHEAD, _MOST_BYTES = 64 * 1024, 1024, 16 * 1024**2
"""Bytes of a body that is kept, of what comes with it, and of all together."""
Key = tuple[str, str, bytes]
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, and until when it may be said again."""

    until: float
    body: bytes
    headers: list[tuple[bytes, bytes]]


class Answers:
    """The answers of one process; used on its event loop only."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._kept: OrderedDict[Key, Answer] = OrderedDict()
        self._bytes = 0
        self._stamp: Stamp | None = None
        """The state of the store that all of them are of."""
        self.making: dict[Key, asyncio.Event] = {}
        """Answers that are being made."""

    def stamp(self) -> Stamp | None:
        """The state of the store."""
        return self._changes.stamp()

    def find(self, key: Key) -> Answer | None:
        """The answer, if it still holds."""
        found = self._kept.get(key)
        if found is None or found.until < time.monotonic() or self._stamp != self._changes.stamp():
            return None
        return found

    def keep(self, key: Key, stamp: Stamp, response: Response) -> None:
        """Keep what was answered."""
        body = getattr(response, "body", None)  # one that streams has none yet
        if response.status_code != 200 or body is None or len(body) > _LARGEST:
            return
        if stamp != self._stamp:
            self._stamp = stamp
            self._kept.clear()
            self._bytes = 0
        self._forget(key)
        self._kept[key] = Answer(time.monotonic() + _SECONDS, bytes(body), list(response.raw_headers))
        self._bytes += len(body) + _OVERHEAD
        while self._bytes > _MOST_BYTES:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: Key) -> None:
        gone = self._kept.pop(key, None)
        self._bytes -= len(gone.body) + _OVERHEAD if gone is not None else 0


class StoreRoute(APIRoute):
    """A route whose GET reads the store alone."""

    def get_route_handler(self) -> Handler:
        """The route's own handler, asked only if there is no answer that still holds."""
        original = super().get_route_handler()
        if self.methods != {"GET"}:
            return original

        async def answer(request: Request) -> Response:
            return await _answer(request, original)

        return answer


async def _answer(request: Request, original: Handler) -> Response:
    """The answer that still holds, or a new one; of many who ask for the same at once, one has it made."""
    answers: Answers = request.app.state.answers
    text = bearer_of(request)
    key = (text, request.scope["path"], request.scope["query_string"])
    making = answers.making.get(key)
    if making is not None:
        await making.wait()
    stamp = answers.stamp()
    if response := _again(request, answers, key):
        return response
    if stamp is None or not text:
        return await original(request)
    made = answers.making[key] = asyncio.Event()
    try:
        response = await original(request)
        answers.keep(key, stamp, response)
        return response
    finally:
        answers.making.pop(key, None)
        made.set()


def _again(request: Request, answers: Answers, key: Key) -> Response | None:
    found = answers.find(key)
    who = authenticator_of(request).remembered(key[0], way_of(request)) if found is not None else None
    if found is None or who is None:
        return None
    request.app.state.rates.count(request, who)
    response = Response(found.body)
    response.raw_headers = list(found.headers)
    return response

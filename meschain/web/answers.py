"""Gives an answer again while nothing has been written to the store since: for routes that read the store alone.

An answer is kept for who got it, by token and address, so tenant, session and policy are part of its key; any write to
the store, of whomever, ends it, and so does a second of time. On a store that cannot tell whether something was written
(PostgreSQL) nothing is kept.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from fastapi.security.utils import get_authorization_scheme_param

from meschain.access.guard import authenticator_of, way_of
from meschain.store.changes import Changes

_SECONDS = 1.0
_CAPACITY = 2000
_LARGEST = 64 * 1024
Key = tuple[str, str, bytes]
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, as of which state of the store, and until when it may be said again."""

    stamp: int
    until: float
    body: bytes
    headers: list[tuple[bytes, bytes]]


class Answers:
    """The answers of one process; used on its event loop only."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._kept: OrderedDict[Key, Answer] = OrderedDict()
        self.making: dict[Key, asyncio.Event] = {}
        """Answers that are being made."""

    def stamp(self) -> int | None:
        """The state of the store."""
        return self._changes.stamp()

    def find(self, key: Key) -> Answer | None:
        """The answer, if it still holds."""
        found = self._kept.get(key)
        if found is None or found.until < time.monotonic() or found.stamp != self._changes.stamp():
            return None
        return found

    def keep(self, key: Key, stamp: int, response: Response) -> None:
        """Keep what was answered."""
        if response.status_code == 200 and len(response.body) <= _LARGEST:
            headers = list(response.raw_headers)
            self._kept[key] = Answer(stamp, time.monotonic() + _SECONDS, bytes(response.body), headers)
            if len(self._kept) > _CAPACITY:
                self._kept.popitem(last=False)


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
    _, text = get_authorization_scheme_param(request.headers.get("authorization"))
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

"""Pages of long lists. A cursor says where the next page begins; it is opaque, and cannot be made by anybody else."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar
from urllib.parse import quote

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from meschain.web.problems import BadRequest

T = TypeVar("T", bound=BaseModel)
_MAC_BYTES = 16
MOST = 200

Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.")]
Cursor = Annotated[
    str | None, Query(max_length=8192, description="Where to go on: `next` of the page before.", examples=[None])
]


class Page(BaseModel, Generic[T]):
    """A page of a list."""

    items: list[T]
    next: str | None = Field(description="Cursor of the next page; null if this is the last one.")


def open_cursor(request: Request, cursor: str | None) -> list[str | int] | None:
    """The place that the cursor says; BadRequest if it is none of ours for this list."""
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        mac, text = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if hmac.compare_digest(mac, _mac(request, text)):
            place: list[str | int] = json.loads(text)
            return place
    except (binascii.Error, ValueError, UnicodeError):
        pass
    raise BadRequest(422, "invalid", "this cursor is not one that this list has given; begin without one")


def page(request: Request, response: Response, items: Sequence[T], limit: int, place: Sequence[str | int]) -> Page[T]:
    """The page; `items` has one more than `limit` if there is a next page, which begins after `place`."""
    following = None
    if len(items) > limit:
        following = make_cursor(request, place)
        address = request.url.include_query_params(cursor=following)
        response.headers["Link"] = f'<{quote(request.scope["path"])}?{address.query}>; rel="next"'
    return Page(items=list(items[:limit]), next=following)


def make_cursor(request: Request, place: Sequence[str | int]) -> str:
    """The cursor of that place in the list that was asked for."""
    text = json.dumps(list(place), ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_mac(request, text) + text).decode().rstrip("=")


def _mac(request: Request, text: bytes) -> bytes:
    """Over the place and the list: a cursor of one list is of no use for another, nor for another tenant."""
    who = getattr(request.state, "principal", None)
    bound = f"{request.scope['route'].path}\n{who.tenant_id if who else ''}\n".encode()
    return hmac.digest(request.app.state.house.installation.secret, bound + text, hashlib.sha256)[:_MAC_BYTES]

"""Refuses what JSON or an address can carry and no database keeps: NUL, half characters, numbers without bounds.

One dependency of the whole application, so that no route has to think of it. Also refused: a body of another kind than
the route takes.
"""

import math
import re
from collections.abc import Iterator
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import ImmutableMultiDict

from meschain.web.problems import BadRequest

_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_LARGEST = 2**63 - 1
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
Place = tuple[str | int, ...]


async def check_request(request: Request) -> None:
    """Let a request pass whose path, query and body can be kept; others are answered with 422, or 415."""
    parts: dict[str, Any] = {"path": request.path_params, "query": _listed(request.query_params)}
    read = vars(request)  # what the framework has read of the body for this route; nothing is read again
    if read.get("_form") is not None:
        _expect(request, *_FORMS)
        parts["body"] = _listed(read["_form"])
    elif "_json" in read:
        parts["body"] = read["_json"]
    elif read.get("_body"):
        raise BadRequest(415, "unsupported-media-type", "expected a body of JSON, sent as application/json")
    errors = [{"loc": place, "msg": told, "type": "value_error"} for place, told in find_flaws(parts)]
    if errors:
        raise RequestValidationError(errors)


def find_flaws(value: object, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """What cannot be kept, and where it stands; at any depth, in no particular order."""
    waiting: list[tuple[Place, object]] = [(place, value)]
    while waiting:
        place, value = waiting.pop()
        match value:
            case str() if _NO_TEXT.search(value):
                yield place, "expected text without NUL and without halves of surrogate pairs"
            case float() if not math.isfinite(value):
                yield place, "expected a finite number"
            case int() if abs(value) > _LARGEST:
                yield place, "expected a whole number of at most 64 bits"
            case dict():
                waiting.extend(((*place, key), each) for key, each in value.items())
                waiting.extend((place, key) for key in value)
            case list():
                waiting.extend(((*place, at), each) for at, each in enumerate(value))


def _listed(several: ImmutableMultiDict[str, Any]) -> dict[str, list[Any]]:
    return {name: several.getlist(name) for name in several}


def _expect(request: Request, *kinds: str) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given and given not in kinds:
        raise BadRequest(415, "unsupported-media-type", f"expected a body of {' or '.join(kinds)}")

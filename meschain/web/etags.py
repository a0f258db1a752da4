"""Versions of things as entity tags: whoever changes something says which version it has seen. No things themselves."""

import re
from typing import Annotated

from fastapi import Depends, Header, Response

from meschain.web.problems import BadRequest

_TAG = re.compile(r'"v([0-9]{1,18})"')


def show_version(response: Response, version: int) -> None:
    """Let the answer carry the version of what it shows."""
    response.headers["ETag"] = f'"v{version}"'


def expected_version(
    if_match: Annotated[
        str | None, Header(description="The ETag of the version that was seen.", examples=['"v3"'])
    ] = None,
) -> int:
    """The version that the request expects; BadRequest without one (428) or if it cannot be one of ours (412)."""
    if if_match is None:
        raise BadRequest(
            428, "precondition-required", "say in If-Match which version you have seen: the ETag of the last answer"
        )
    found = _TAG.fullmatch(if_match.strip())
    if found is None:
        raise BadRequest(412, "changed-meanwhile", f"{if_match[:40]!r} is no version of this; read it again")
    return int(found[1])


IfMatch = Annotated[int, Depends(expected_version)]

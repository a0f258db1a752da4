"""The console's cookies, and the proof that a form was sent from a page of ours.

No script reads the session's cookie, and it is sent to no other site. Every form carries a token made from the cookie
that came with its page: another site can have a browser send the cookie, but cannot know the token.
"""

import hmac
from datetime import datetime, timedelta

import msgspec
from fastapi import Request, Response

from commerce.errors import Permanent
from meschain.store.base import utc_now
from meschain.store.installation import Installation
from meschain.store.vault import Vault
from meschain.web.problems import BadRequest

SESSION, VISITOR, KNOWN, LANGUAGE = "session", "visitor", "known", "language"
"""Of somebody logged in; of who is not; of whose password was right and whose code is due; of a chosen language."""
CODE_WITHIN = timedelta(minutes=5)
"""For how long a password counts before the code is given."""
_YEAR = 365 * 24 * 3600
_ELSEWHERE = "this form was not sent from a page of this console, or that page is too old; load it again and repeat"


def cookie_of(request: Request, name: str) -> str:
    """What the cookie says; empty if there is none."""
    return request.cookies.get(_named(request, name), "")


def set_cookie(request: Request, response: Response, name: str, value: str) -> None:
    """Give the browser a cookie; all but the language end with the browser's own session."""
    response.set_cookie(
        _named(request, name), value, path="/", secure=_secure(request), httponly=True, samesite="lax",
        max_age=_YEAR if name == LANGUAGE else None,
    )  # fmt: skip


def clear_cookie(request: Request, response: Response, name: str) -> None:
    """Take a cookie back."""
    response.delete_cookie(_named(request, name), path="/", secure=_secure(request), httponly=True, samesite="lax")


def csrf_token(installation: Installation, cookie: str) -> str:
    """What forms carry for who has this cookie (of the session, or of a visitor)."""
    return installation.token("csrf", cookie)


def check_origin(request: Request, installation: Installation, cookie: str, token: str) -> None:
    """BadRequest unless the form was sent from a page of ours, for who has this cookie."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    known = bool(cookie) and hmac.compare_digest(csrf_token(installation, cookie).encode(), token.encode())
    if site not in {"same-origin", "none"} or not known:
        raise BadRequest(403, "form-from-elsewhere", _ELSEWHERE)


def seal_known(vault: Vault, user_id: str) -> str:
    """The cookie of somebody whose password was right just now."""
    until = utc_now() + CODE_WITHIN
    return vault.seal(msgspec.json.encode({"user": user_id, "until": until}).decode()).decode()


def open_known(vault: Vault, cookie: str) -> str | None:
    """Who that is; None if it is too long ago, or the cookie is none of ours."""
    try:
        told = msgspec.json.decode(vault.open(cookie.encode()), type=_Known)
    except (Permanent, msgspec.MsgspecError, UnicodeError):
        return None
    return told.user if told.until > utc_now() else None


class _Known(msgspec.Struct):
    user: str
    until: datetime


def _secure(request: Request) -> bool:
    return str(request.app.state.public_url).startswith("https:")


def _named(request: Request, name: str) -> str:
    """With the prefix by which browsers take it from this host alone, over a line that nobody reads."""
    return f"{'__Host-' if _secure(request) else ''}meschain-{name}"

"""Routes by which people and machines get tokens, and others the keys to verify them. Open to everybody."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel, Field

from meschain.access import login, sessions
from meschain.access.guard import access_of, way_of
from meschain.access.rules import Unauthenticated
from meschain.access.secrets import Mistyped, parse_secret
from meschain.access.sessions import Opened
from meschain.access.signing import SigningKeys
from meschain.audit.rules import Actor
from meschain.web.problems import documented

router = APIRouter(tags=["auth"])


class Tokens(BaseModel):
    """What a login gives."""

    access_token: str = Field(description="Goes into `Authorization: Bearer …`.")
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  a word of RFC 6750
    expires_in: int = Field(description="Seconds for which the access token is good.", examples=[600])
    refresh_token: str = Field(
        description="Good for one exchange at `/v1/auth/refresh`; a second use ends the session."
    )
    tenant: str = Field(description="The tenant the tokens are for.", examples=["acme"])


class KeySet(BaseModel):
    """A JWK set (RFC 7517)."""

    keys: list[dict[str, str]]


@router.post("/auth/token", responses=documented(401))
def get_token(
    request: Request,
    username: Annotated[str, Form(max_length=320, description="E-mail address.", examples=["ayse@example.com"])],
    password: Annotated[str, Form(max_length=1024, examples=["yedi mavi çaydanlık 7"])],
    grant_type: Annotated[Literal["password"], Form()] = "password",  # noqa: ARG001  OAuth 2.0 clients send it
    code: Annotated[
        str | None,
        Form(max_length=64, description="Code of the second factor, or a recovery code.", examples=["123456"]),
    ] = None,
    tenant: Annotated[
        str | None, Form(max_length=63, description="Needed by who belongs to several.", examples=["acme"])
    ] = None,
) -> Tokens:
    """Log in with e-mail address, password and, where it is set up, the code of the second factor."""
    access, visitor = access_of(request), visitor_of(request)
    known = login.check_password(access, visitor, username, password)
    opened = login.log_in(access, visitor, known.user_id, code=code, tenant=tenant, kind="api")
    return _tokens(request, opened)


@router.post("/auth/refresh", responses=documented(401))
def refresh_token(
    request: Request, refresh_token: Annotated[str, Form(max_length=256, examples=["meschain_refresh_…"])]
) -> Tokens:
    """Exchange a refresh token for new tokens. Using one twice ends the session: somebody has a copy."""
    try:
        text = parse_secret(refresh_token, "refresh").text
    except Mistyped as error:
        raise Unauthenticated(str(error)) from None
    return _tokens(request, sessions.refresh(access_of(request), visitor_of(request), text))


@router.get("/auth/jwks")
def get_keys(request: Request) -> KeySet:
    """The public keys that access tokens are signed with, for whoever verifies them."""
    return KeySet.model_validate(_keys(request).jwks())


def visitor_of(request: Request) -> Actor:
    """Somebody who has not said yet who it is."""
    way = way_of(request)
    return Actor("anonymous", request_id=way.request_id, ip=way.ip, user_agent=way.user_agent)


def _tokens(request: Request, opened: Opened) -> Tokens:
    token, seconds = _keys(request).issue(opened)
    return Tokens(
        access_token=token, expires_in=seconds, refresh_token=opened.secret.text, tenant=opened.tenant
    )  # fmt: skip


def _keys(request: Request) -> SigningKeys:
    keys: SigningKeys = request.app.state.signing_keys
    return keys

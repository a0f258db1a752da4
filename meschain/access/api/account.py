"""Routes for what a user does about itself, and for the links that work once."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from meschain.access import account, links, sessions, users
from meschain.access.api.schemas import Body, Password, SessionOut
from meschain.access.api.tokens import visitor_of
from meschain.access.guard import Anybody, access_of
from meschain.access.links import Newcomer
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.access.tables import Locale
from meschain.web.answers import StoreRoute
from meschain.web.problems import documented

router = APIRouter(tags=["account"], route_class=StoreRoute)
open_router = APIRouter(tags=["auth"])
Me = Annotated[Principal, Anybody()]
Link = Annotated[str, Field(max_length=200, description="What the link ends with.", examples=["meschain_link_…"])]


class MeOut(BaseModel):
    """Who asks, and what that may do."""

    kind: str
    id: str
    tenant: str
    email: str = ""
    name: str = ""
    locale: Locale
    second_factor: bool = False
    permissions: list[Permission] = Field(description="What is allowed for the tenant as a whole.")


class Profile(Body):
    """What to change of one's profile."""

    name: str | None = Field(default=None, max_length=200, examples=["Ayşe Yılmaz"])
    locale: Locale | None = None


class NewPassword(Body):
    """Another password."""

    present: Password
    new: Password


class Proof(Body):
    """One's present password."""

    password: Password


class Code(Body):
    """A code of the authenticator app."""

    code: str = Field(max_length=16, examples=["123456"])


class EnrolmentOut(BaseModel):
    """A key for an authenticator app; asked for once it is confirmed."""

    secret: str
    uri: str = Field(examples=["otpauth://totp/MesChain:ayse%40example.com?secret=…"])


class RecoveryCodes(BaseModel):
    """Codes that stand in for the second factor once each; shown this once."""

    recovery_codes: list[str]


class Acceptance(Body):
    """Who accepts an invitation. A person who is a user already sends its password, and a code if one is due."""

    link: Link
    name: str = Field(default="", max_length=200, examples=["Mehmet Öz"])
    password: Password = ""
    email: str = Field(default="", max_length=200, examples=["mehmet@example.com"])
    locale: Locale = "tr"
    code: str = Field(default="", max_length=40, examples=["492039"])


class Reset(Body):
    """A new password by a link."""

    link: Link
    password: Password


class Joined(BaseModel):
    """The user that accepted."""

    user_id: str


@router.get("/me")
def get_me(request: Request, who: Me) -> MeOut:
    """Who asks, for which tenant, and what that may do."""
    allowed = [permission for permission in Permission if who.policy.allows(permission)]
    shown = MeOut(kind=who.actor.kind, id=who.actor.id, tenant=who.tenant, locale=who.locale, permissions=allowed)
    if who.session_id is not None:
        access = access_of(request)
        person = users.get_person(access, who.user_id)
        shown.email, shown.name, shown.locale = person.email, person.name, person.locale
        shown.second_factor = account.has_second_factor(access, who.user_id)
    return shown


@router.patch("/me")
def change_me(request: Request, body: Profile, who: Me) -> MeOut:
    """Change one's name or language."""
    users.change_profile(access_of(request), who.actor, who.user_id, name=body.name, locale=body.locale)
    return get_me(request, who)


@router.put("/me/password", status_code=204)
def change_password(request: Request, body: NewPassword, who: Me) -> Response:
    """Set another password; every session ends, this one too."""
    account.change_password(access_of(request), who.actor, who.user_id, body.present, body.new)
    return Response(status_code=204)


@router.post("/me/second-factor", status_code=201)
def begin_second_factor(request: Request, who: Me) -> EnrolmentOut:
    """Get a key for an authenticator app, to be confirmed by its first code."""
    begun = account.begin_second_factor(access_of(request), who.user_id)
    return EnrolmentOut(secret=begun.secret, uri=begun.uri)


@router.put("/me/second-factor")
def confirm_second_factor(request: Request, body: Code, who: Me) -> RecoveryCodes:
    """Be asked for a code at every login from now on."""
    codes = account.confirm_second_factor(access_of(request), who.actor, who.user_id, body.code)
    return RecoveryCodes(recovery_codes=list(codes))


@router.post("/me/second-factor/removal", status_code=204)
def remove_second_factor(request: Request, body: Proof, who: Me) -> Response:
    """Be asked for no code any more."""
    account.remove_second_factor(access_of(request), who.actor, who.user_id, body.password)
    return Response(status_code=204)


@router.post("/me/recovery-codes", status_code=201)
def renew_recovery_codes(request: Request, body: Proof, who: Me) -> RecoveryCodes:
    """New recovery codes; the old ones are worth nothing from now on."""
    codes = account.renew_recovery_codes(access_of(request), who.actor, who.user_id, body.password)
    return RecoveryCodes(recovery_codes=list(codes))


@router.get("/me/sessions")
def list_my_sessions(request: Request, who: Me) -> list[SessionOut]:
    """One's own living sessions."""
    return [SessionOut.of(seen, who.session_id) for seen in sessions.list_sessions(access_of(request), who.user_id)]


@router.delete("/me/sessions/{session_id}", status_code=204)
def end_my_session(request: Request, session_id: str, who: Me) -> Response:
    """End a session of one's own at once; with the id of the present one, log out."""
    sessions.end_session(access_of(request), who.actor, session_id, user_id=who.user_id)
    return Response(status_code=204)


@open_router.post("/auth/invitations/acceptance", status_code=201, responses=documented(401, 404))
def accept_invitation(request: Request, body: Acceptance) -> Joined:
    """Join a tenant by the link of an invitation."""
    newcomer = Newcomer(body.name, body.password, body.email, body.locale, body.code)
    return Joined(user_id=links.accept(access_of(request), visitor_of(request), body.link, newcomer))


@open_router.post("/auth/password-reset", status_code=204, responses=documented(404))
def reset_password(request: Request, body: Reset) -> Response:
    """Set a new password by a link; every session of the user ends."""
    links.set_new_password(access_of(request), visitor_of(request), body.link, body.password)
    return Response(status_code=204)

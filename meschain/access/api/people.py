"""Routes around the tenant's people: members, their roles, invitations, and why somebody may do something."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from meschain.access import grants, links, members, users
from meschain.access.api.schemas import (
    Body,
    Email,
    Explanation,
    Given,
    InvitationMade,
    InvitationOut,
    UserOut,
)
from meschain.access.explanation import explain
from meschain.access.guard import Allow, access_of
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.access.rules import NotFound
from meschain.access.scopes import ScopeKind
from meschain.store.session import reading
from meschain.web.answers import StoreRoute

router = APIRouter(tags=["people"], route_class=StoreRoute)
Reader = Annotated[Principal, Allow(Permission.ACCESS_READ)]
Writer = Annotated[Principal, Allow(Permission.ACCESS_WRITE)]


class Invitation(Body):
    """Whom to invite, and what it may do."""

    email: Email
    roles: Given


class Roles(Body):
    """What somebody may do from now on."""

    roles: Given


@router.get("/users")
def list_users(request: Request, who: Reader) -> list[UserOut]:
    """The members of the tenant with their roles."""
    access = access_of(request)
    given = grants.list_grants(access, who.tenant_id)
    return [UserOut.of(person, given) for person in users.list_members(access, who.tenant_id)]


@router.put("/users/{user_id}/roles")
def set_roles(request: Request, user_id: str, body: Roles, who: Writer) -> UserOut:
    """Let a member have exactly these roles. Nobody gives or takes what he may not do himself."""
    access, given = access_of(request), [each.given() for each in body.roles]
    members.set_grants(access, who.actor, who.tenant_id, user_id, given)
    return UserOut.of(_member(request, who, user_id), grants.list_grants(access, who.tenant_id))


@router.delete("/users/{user_id}", status_code=204)
def remove_user(request: Request, user_id: str, who: Writer) -> Response:
    """End a membership; the person's sessions for this tenant end with it."""
    members.remove_member(access_of(request), who.actor, who.tenant_id, user_id)
    return Response(status_code=204)


@router.get("/users/{user_id}/explanation")
def explain_decision(
    request: Request,
    user_id: str,
    who: Reader,
    permission: Permission,
    scope_kind: Annotated[ScopeKind | None, Query()] = None,
    scope: Annotated[str | None, Query(max_length=63, description="Name of the thing, such as acme-toys.")] = None,
) -> Explanation:
    """Why a member may do something, or not, and by which role."""
    access = access_of(request)
    _member(request, who, user_id)
    with reading(access.of(who.tenant_id)) as session:
        policy = grants.policy_of(session, who.tenant_id, user_id=user_id)
        roles = grants.roles_of(session, who.tenant_id)
    asked = (scope_kind, scope) if scope_kind and scope else None
    decision = policy.decide(permission, asked)
    return Explanation(
        allowed=bool(decision), reason=decision.reason, text=explain(policy, permission, asked, roles)
    )  # fmt: skip


@router.get("/invitations")
def list_invitations(request: Request, who: Reader) -> list[InvitationOut]:
    """Invitations that nobody has accepted yet."""
    return [InvitationOut.of(link, email) for link, email in links.list_invitations(access_of(request), who.tenant_id)]


@router.post("/invitations", status_code=201)
def invite(request: Request, body: Invitation, who: Writer) -> InvitationMade:
    """Invite a person. The answer has the link, which works once, for seven days, and cannot be had again."""
    given = [each.given() for each in body.roles]
    link, text = links.invite(access_of(request), who.actor, who.tenant_id, body.email, given)
    shown = InvitationOut.of(link, body.email).model_dump()
    return InvitationMade(**shown, link=f"{request.app.state.public_url}/console/links/{text}")


@router.delete("/invitations/{invitation_id}", status_code=204)
def withdraw_invitation(request: Request, invitation_id: str, who: Writer) -> Response:
    """Withdraw an invitation."""
    links.revoke_invitation(access_of(request), who.actor, who.tenant_id, invitation_id)
    return Response(status_code=204)


def _member(request: Request, who: Principal, user_id: str) -> users.Person:
    found = [person for person in users.list_members(access_of(request), who.tenant_id) if person.id == user_id]
    if not found:
        raise NotFound(f"there is no member {user_id}")
    return found[0]

"""Pages of the tenant's people: members and what they may do, invitations, and why somebody may do something."""

from typing import Annotated, get_args

from fastapi import APIRouter, Response

from commerce.errors import MesChainError
from meschain.access import account, grants, links, members, sessions, users
from meschain.access.explanation import explain
from meschain.access.grants import GivenRole
from meschain.access.permissions import Permission
from meschain.access.rules import NotFound
from meschain.access.scopes import ScopeKind
from meschain.access.tables import Grant
from meschain.access.users import Person
from meschain.store.session import reading
from meschain.web.console.pages.roles import list_choices
from meschain.web.console.places import ACTS, PAGES, url
from meschain.web.console.rights_forms import read_grants
from meschain.web.console.views.page import EMPTY, Choice, Form, OneTime
from meschain.web.console.views.people import Explain, Explanation, InvitationRow, Invite, Member, MemberRow, People
from meschain.web.console.visits import Entered, Visit

router = APIRouter()
Reader = Annotated[Visit, Entered(Permission.ACCESS_READ)]
Writer = Annotated[Visit, Entered(Permission.ACCESS_WRITE)]


@router.get(PAGES["people"])
def list_people(visit: Reader) -> Response:
    """Who is in, and who is invited."""
    return visit.show(_people(visit))


@router.get(PAGES["invite"])
def show_invite(visit: Writer) -> Response:
    """Whom to invite."""
    return visit.show(Invite(roles=list_choices(visit)))


@router.post(ACTS["send-invitation"])
def send_invitation(visit: Writer) -> Response:
    """Make an invitation; its link is shown this once."""
    email, given = visit.given("email"), read_grants(visit.posted)
    try:
        _, text = links.invite(visit.access, visit.who.actor, visit.who.tenant_id, email, given)
    except MesChainError as error:
        form, status = visit.form(error)
        return visit.show(Invite(roles=list_choices(visit), grants=given, form=form), status)
    made = OneTime("invitation", f"{visit.request.app.state.public_url}{url('link', token=text)}", email)
    return visit.show(_people(visit, made))


@router.post(ACTS["revoke-invitation"])
def revoke_invitation(visit: Writer, invitation: str) -> Response:
    """Withdraw an invitation."""
    links.revoke_invitation(visit.access, visit.who.actor, visit.who.tenant_id, invitation)
    return visit.go("people", "invitation-revoked")


@router.get(PAGES["member"])
def show_member(visit: Reader, user: str) -> Response:
    """What one member may do."""
    return visit.show(_member(visit, user))


@router.post(ACTS["change-grants"])
def change_grants(visit: Writer, user: str) -> Response:
    """Let a member have exactly these roles."""
    given, who = read_grants(visit.posted), visit.who
    try:
        members.set_grants(visit.access, who.actor, who.tenant_id, user, given)
    except MesChainError as error:
        form, status = visit.form(error)
        return visit.show(_member(visit, user, given, form), status)
    return visit.go("member", "grants-changed", user=user)


@router.post(ACTS["remove-member"])
def remove_member(visit: Writer, user: str) -> Response:
    """End a membership."""
    try:
        members.remove_member(visit.access, visit.who.actor, visit.who.tenant_id, user)
    except MesChainError as error:
        form, status = visit.form(error)
        return visit.show(_member(visit, user, form=form), status)
    return visit.go("people", "member-removed")


@router.get(PAGES["explain"])
def explain_decision(visit: Reader) -> Response:
    """Why a member may do something, or not, and by which role."""
    people = users.list_members(visit.access, visit.who.tenant_id)
    asked = {name: visit.asked(name) for name in ("who", "permission", "kind", "name")}
    found = None
    if asked["permission"] in set(Permission) and asked["who"] in {person.id for person in people}:
        found = _explained(visit, asked)
    subjects = tuple(Choice(person.id, person.name or person.email) for person in people)
    return visit.show(Explain(subjects=subjects, form=Form(values=asked), explanation=found))


def _explained(visit: Visit, asked: dict[str, str]) -> Explanation:
    with reading(visit.access.of(visit.who.tenant_id)) as session:
        policy = grants.policy_of(session, visit.who.tenant_id, user_id=asked["who"])
        roles = grants.roles_of(session, visit.who.tenant_id)
    kind = next((each for each in get_args(ScopeKind) if each == asked["kind"]), None)
    scope = (kind, asked["name"]) if kind is not None and asked["name"] else None
    permission = Permission(asked["permission"])
    told = explain(policy, permission, scope, roles).splitlines()
    needed = tuple(line.removeprefix("needed: ") for line in told if line.startswith("needed: "))
    decision = policy.decide(permission, scope)
    return Explanation(bool(decision), decision.reason, needed)


def _people(visit: Visit, made: OneTime | None = None) -> People:
    tenant = visit.who.tenant_id
    invited = tuple(
        InvitationRow(
            id=link.id, email=email, grants=tuple(GivenRole(**given) for given in link.grants),
            created_by=visit.name_of(link.created_by), expires_at=link.expires_at,
        )
        for link, email in links.list_invitations(visit.access, tenant)
    )  # fmt: skip
    return People(members=_rows(visit), invitations=invited, me=visit.who.user_id, made=made)


def _rows(visit: Visit) -> tuple[MemberRow, ...]:
    access, tenant = visit.access, visit.who.tenant_id
    given, seen = grants.list_grants(access, tenant), sessions.last_seen(access, tenant)
    factors = account.with_second_factor(access, tenant)
    return tuple(
        MemberRow(
            id=person.id, name=person.name, email=person.email, grants=_roles_of(person, given), active=person.active,
            second_factor=person.id in factors, seen_at=seen.get(person.id),
        )
        for person in users.list_members(access, tenant)
    )  # fmt: skip


def _roles_of(person: Person, given: list[Grant]) -> tuple[GivenRole, ...]:
    return tuple(GivenRole(one.role, one.scope_kind, one.scope_pattern) for one in given if one.user_id == person.id)


def _member(visit: Visit, user: str, given: tuple[GivenRole, ...] | None = None, form: Form = EMPTY) -> Member:
    row = next((row for row in _rows(visit) if row.id == user), None)
    if row is None:
        raise NotFound(f"there is no member {user}")
    return Member(
        member=row, roles=list_choices(visit), grants=row.grants if given is None else given,
        is_me=user == visit.who.user_id, form=form,
    )  # fmt: skip

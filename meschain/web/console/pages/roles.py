"""Pages of roles: the built-in ones, and those of the tenant's own."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Response

from commerce.errors import MesChainError
from meschain.access import grants, own_roles
from meschain.access.permissions import Permission
from meschain.access.roles import Rights, builtin_roles, describe_role
from meschain.web.console.places import ACTS, PAGES
from meschain.web.console.rights_forms import read_rules, rules_of
from meschain.web.console.views.page import EMPTY, Choice, Form
from meschain.web.console.views.people import Role, RoleRow, Roles
from meschain.web.console.visits import Entered, Visit

router = APIRouter()
Reader = Annotated[Visit, Entered(Permission.ACCESS_READ)]
Writer = Annotated[Visit, Entered(Permission.ACCESS_WRITE)]


@router.get(PAGES["roles"])
def list_roles(visit: Reader) -> Response:
    """Every role that can be given."""
    holders, own = _holders(visit), own_roles.list_roles(visit.access, visit.who.tenant_id)
    builtin = [RoleRow(name, describe_role(name), builtin=True, holders=holders[name]) for name in builtin_roles()]
    made = [RoleRow(role.name, "", builtin=False, holders=holders[role.name]) for role in own]
    return visit.show(Roles(roles=(*builtin, *made)))


@router.get(PAGES["new-role"])
def show_new_role(visit: Writer) -> Response:
    """A role to be made."""
    return visit.show(Role(rules={}))


@router.post(ACTS["create-role"])
def create_role(visit: Writer) -> Response:
    """Make a role of the tenant's own."""
    rights, name, who = Rights(*read_rules(visit.posted)), visit.given("name"), visit.who
    try:
        own_roles.create_role(visit.access, who.actor, who.tenant_id, name, rights)
    except MesChainError as error:
        form, status = visit.form(error)
        return visit.show(Role(rules=rules_of(*rights), form=form), status)
    return visit.go("role", "role-changed", role=name)


@router.get(PAGES["role"])
def show_role(visit: Reader, role: str) -> Response:
    """What a role allows and denies."""
    return visit.show(_role(visit, role))


@router.post(ACTS["change-role"])
def change_role(visit: Writer, role: str) -> Response:
    """Let a role mean something else from now on."""
    rights, who = Rights(*read_rules(visit.posted)), visit.who
    try:
        own_roles.change_role(visit.access, who.actor, who.tenant_id, role, rights, version=visit.number("version"))
    except MesChainError as error:
        form, status = visit.form(error)
        return visit.show(_role(visit, role, rights, form), status)
    return visit.go("role", "role-changed", role=role)


@router.post(ACTS["remove-role"])
def remove_role(visit: Writer, role: str) -> Response:
    """Remove a role that nobody has."""
    try:
        own_roles.remove_role(visit.access, visit.who.actor, visit.who.tenant_id, role)
    except MesChainError as error:
        form, status = visit.form(error)
        return visit.show(_role(visit, role, form=form), status)
    return visit.go("roles", "role-removed")


def list_choices(visit: Visit) -> tuple[Choice, ...]:
    """The roles that can be given, each with what it is for."""
    own = own_roles.list_roles(visit.access, visit.who.tenant_id)
    allowed = (Choice(role.name, ", ".join(role.allow)) for role in own)
    return (*(Choice(name, describe_role(name)) for name in builtin_roles()), *allowed)


def _role(visit: Visit, name: str, rights: Rights | None = None, form: Form = EMPTY) -> Role:
    builtin, version = builtin_roles().get(name), 0
    if builtin is None:
        own = own_roles.get_role(visit.access, visit.who.tenant_id, name)
        known, version = Rights(tuple(own.allow), tuple(own.deny)), own.version
    else:
        known = builtin
    return Role(
        name=name, builtin=builtin is not None, description=describe_role(name), holders=_holders(visit)[name],
        version=version, rules=rules_of(*(rights or known)), form=form,
    )  # fmt: skip


def _holders(visit: Visit) -> Counter[str]:
    """How many members and keys have each role."""
    given = grants.list_grants(visit.access, visit.who.tenant_id)
    held = {(one.role, one.user_id or one.api_key_id) for one in given}
    return Counter(role for role, _ in held)

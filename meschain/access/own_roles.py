"""Use cases upon the roles of a tenant's own, beside the built-in ones."""

from collections.abc import Iterable, Mapping

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commerce.errors import Refused
from meschain.access import policy
from meschain.access.context import Access
from meschain.access.grants import authority, check_rights, compiled, holder_of, is_living, roles_of
from meschain.access.members import keeping_an_owner
from meschain.access.openings import end_excess, given_by, open_invitations
from meschain.access.permissions import Permission, check_patterns, expand
from meschain.access.policy import Policy
from meschain.access.refusals import refusals_noted
from meschain.access.roles import Rights, builtin_roles
from meschain.access.rules import ChangedMeanwhile, NotFound, check_slug
from meschain.access.tables import Grant, Role
from meschain.audit.rules import Actor, Tag
from meschain.store.session import reading, transaction


def list_roles(access: Access, tenant_id: str) -> list[Role]:
    """The tenant's own roles, by name; the built-in ones are `roles.builtin_roles()`."""
    with reading(access.of(tenant_id)) as session:
        return list(session.scalars(select(Role).order_by(Role.name)))


def get_role(access: Access, tenant_id: str, name: str) -> Role:
    """The tenant's own role of that name."""
    with reading(access.of(tenant_id)) as session:
        return _found(session, name)


@refusals_noted
def create_role(access: Access, actor: Actor, tenant_id: str, name: str, rights: Rights) -> Role:
    """Make a role of the tenant's own. Refused when there is one of that name, or a permission is unknown."""
    if check_slug(name, "a role") in builtin_roles():
        raise Refused(f"{name} is a built-in role; choose another name")
    check_patterns([*rights.allow, *rights.deny])
    role = Role(tenant_id=tenant_id, name=name, allow=list(rights.allow), deny=list(rights.deny))
    try:
        with transaction(access.of(tenant_id)) as session:
            by = authority(session, tenant_id, actor, Permission.ACCESS_WRITE)
            check_rights(by, [policy.Grant(name, tuple(rights.allow), tuple(rights.deny))])
            session.add(role)
            access.log.record(session, Tag.ROLE_CREATED, actor, target=f"role {name}", after=_told(role))
    except IntegrityError:
        raise Refused(f"there is a role {name!r} already") from None
    return role


@refusals_noted
def change_role(
    access: Access, actor: Actor, tenant_id: str, name: str, rights: Rights, *, version: int | None = None
) -> Role:
    """Let a role mean something else from now on; Refused when it is not of that `version` any more."""
    check_patterns([*rights.allow, *rights.deny])
    with transaction(access.of(tenant_id)) as session:
        by = authority(session, tenant_id, actor, Permission.ACCESS_WRITE)
        role = _found(session, name)
        if version is not None and role.version != version:
            raise ChangedMeanwhile(f"the role {name} was changed by somebody else meanwhile; look at it and try again")
        check_rights(by, [policy.Grant(name, tuple(rights.allow), tuple(rights.deny))])
        check_rights(by, [policy.Grant(name, tuple(role.allow), tuple(role.deny))])
        if (role.allow, role.deny) == (list(rights.allow), list(rights.deny)):
            return role
        freed_or_taken = expand(role.deny) ^ expand(rights.deny)
        if freed_or_taken:
            _check_holders(session, tenant_id, name, freed_or_taken, by)
        before = _told(role)
        with keeping_an_owner(session, tenant_id):
            role.allow, role.deny = list(rights.allow), list(rights.deny)
        access.log.record(session, Tag.ROLE_CHANGED, actor, target=f"role {name}", before=before, after=_told(role))
        if _is_narrower(rights, before):
            given = session.scalars(select(Grant).where(Grant.role == name))  # also what an expired key has made
            end_excess(session, access, actor, tenant_id, {holder_of(grant) for grant in given})
    return role


@refusals_noted
def remove_role(access: Access, actor: Actor, tenant_id: str, name: str) -> None:
    """Remove a role of the tenant's own; Refused while somebody has it, or is invited to have it."""
    with transaction(access.of(tenant_id)) as session:
        authority(session, tenant_id, actor, Permission.ACCESS_WRITE)
        role = _found(session, name)
        if _given(session, tenant_id, name):
            raise Refused(f"somebody has the role {name} still; take it away first")
        if any(given.role == name for link in open_invitations(session, tenant_id) for given in given_by(link)):
            raise Refused(f"an open invitation gives the role {name}; withdraw the invitation first")
        session.execute(delete(Grant).where(Grant.role == name))  # of keys that are over
        session.delete(role)
        access.log.record(session, Tag.ROLE_REMOVED, actor, target=f"role {name}", before=_told(role))


def _check_holders(
    session: Session, tenant_id: str, name: str, permissions: Iterable[Permission], by: Policy | None
) -> None:
    """Forbidden unless `by` may do what a role denies, or will deny, and everything that those may who have the role.

    What a role denies it takes from what others give: to change that is to change what its holders may do.
    """
    check_rights(by, [policy.Grant(name, tuple(permissions))])
    roles, grants = roles_of(session, tenant_id), session.scalars(select(Grant).where(is_living()))
    holders = {holder_of(grant) for grant in _given(session, tenant_id, name)}
    check_rights(by, (compiled(each, roles) for each in grants if holder_of(each) in holders))


def _given(session: Session, tenant_id: str, name: str) -> list[Grant]:
    """The grants of the role to members, and to keys that are not over."""
    return list(session.scalars(select(Grant).where(Grant.tenant_id == tenant_id, Grant.role == name, is_living())))


def _is_narrower(rights: Rights, before: Mapping[str, list[str]]) -> bool:
    """Whether something is taken from those who have the role."""
    lost = expand(before["allow"]) - expand(rights.allow)
    return bool(lost or expand(rights.deny) - expand(before["deny"]))


def _found(session: Session, name: str) -> Role:
    role = session.scalars(select(Role).where(Role.name == name)).one_or_none()
    if role is None:
        raise NotFound(f"there is no role {name!r} of the tenant's own")
    return role


def _told(role: Role) -> dict[str, list[str]]:
    return {"allow": list(role.allow), "deny": list(role.deny)}

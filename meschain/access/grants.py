"""Who may do what in a tenant: its own roles, and the grants that give a role to a member or to an API key.

Whatever changes here counts the tenant's policy version up: what was concluded from the old state no longer holds.
Nobody gives or takes what he may not do himself: `by` is the policy of who acts, None for the operator's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commerce.errors import Refused
from meschain.access import policy
from meschain.access.context import Access
from meschain.access.permissions import Permission, check_patterns, expand
from meschain.access.policy import Policy
from meschain.access.roles import Rights, builtin_roles
from meschain.access.rules import ChangedMeanwhile, Forbidden, NotFound, check_slug
from meschain.access.scopes import ScopeKind, check_scope
from meschain.access.tables import ApiKey, Grant, Link, Membership, Role, Tenant, User, UserSession
from meschain.audit.rules import Actor, Tag
from meschain.store.base import utc_now
from meschain.store.session import reading, transaction

OWNER = "owner"


@dataclass(frozen=True, slots=True)
class GivenRole:
    """A role, over everything or within one scope: what an invitation or a new key gives."""

    role: str
    scope_kind: ScopeKind | None = None
    scope_pattern: str | None = None

    def __str__(self) -> str:
        """As the log and people read it: `ops`, `ops on supplier acme-*`."""
        return f"{self.role} on {self.scope_kind} {self.scope_pattern}" if self.scope_kind else self.role


def count_policy_up(session: Session, tenant_id: str) -> None:
    """Say that what anybody may do in the tenant has changed."""
    query = update(Tenant).where(Tenant.id == tenant_id).values(policy_version=Tenant.policy_version + 1)
    session.execute(query.execution_options(synchronize_session=False))


def check_given(session: Session, given: Iterable[GivenRole], by: Policy | None) -> list[GivenRole]:
    """The roles as they are; Refused if there is none or one cannot be given, Forbidden if `by` may not give it."""
    roles, checked = roles_of(session), list(given)
    if not checked:
        raise Refused(f"at least one role is expected; there are: {', '.join(sorted(roles))}")
    for each in checked:
        if each.role not in roles:
            raise Refused(f"there is no role {each.role!r}; there are: {', '.join(sorted(roles))}")
        if each.scope_kind is not None or each.scope_pattern is not None:
            check_scope(each.scope_kind or "", each.scope_pattern or "")
    check_rights(by, (compiled(each, roles) for each in checked))
    return checked


def check_rights(by: Policy | None, grants: Iterable[policy.Grant]) -> None:
    """Forbidden if a grant gives what the policy itself has not got."""
    if by is None:
        return
    for grant in grants:
        if lacking := by.lacks(grant):
            raise Forbidden(f"role {grant} can only be given or taken by who may {', '.join(lacking)}")


def roles_of(session: Session) -> dict[str, Rights]:
    """Every role of the session's tenant: the built-in ones and its own."""
    own = {role.name: Rights(tuple(role.allow), tuple(role.deny)) for role in session.scalars(select(Role))}
    return {**builtin_roles(), **own}


def compiled(given: GivenRole | Grant, roles: Mapping[str, Rights]) -> policy.Grant:
    """A grant as the policy takes it; a role that is no longer there gives nothing."""
    rights = roles.get(given.role, Rights(()))
    scope = (given.scope_kind, given.scope_pattern) if given.scope_kind and given.scope_pattern else None
    return policy.Grant(role=given.role, allow=rights.allow, deny=rights.deny, scope=scope)


def add_grants(
    session: Session,
    tenant_id: str,
    given: Iterable[GivenRole],
    *,
    user_id: str | None = None,
    api_key_id: str | None = None,
) -> None:
    """Give roles to a member or a key, within a use case that records it."""
    session.add_all(
        Grant(
            tenant_id=tenant_id, user_id=user_id, api_key_id=api_key_id, role=each.role,
            scope_kind=each.scope_kind, scope_pattern=each.scope_pattern,
        )
        for each in given
    )  # fmt: skip
    count_policy_up(session, tenant_id)


def list_grants(access: Access, tenant_id: str) -> list[Grant]:
    """Every grant of the tenant, in the order they were made."""
    with reading(access.of(tenant_id)) as session:
        return list(session.scalars(select(Grant).order_by(Grant.id)))


def set_grants(
    access: Access,
    actor: Actor,
    tenant_id: str,
    user_id: str,
    given: Sequence[GivenRole],
    *,
    by: Policy | None = None,
) -> None:
    """Let a member have exactly these roles. Refused when the tenant would be left without an owner."""
    with transaction(access.of(tenant_id)) as session:
        count_policy_up(session, tenant_id)  # first, as everybody who takes roles away: they wait for each other here
        if session.get(Membership, (tenant_id, user_id), with_for_update=True) is None:
            raise NotFound(f"there is no member {user_id}")
        checked = check_given(session, given, by)
        had = list(session.scalars(select(Grant).where(Grant.user_id == user_id).order_by(Grant.id)))
        roles = roles_of(session)
        check_rights(by, (compiled(each, roles) for each in had))
        before = [str(GivenRole(grant.role, grant.scope_kind, grant.scope_pattern)) for grant in had]
        session.execute(delete(Grant).where(Grant.user_id == user_id))
        add_grants(session, tenant_id, checked, user_id=user_id)
        session.flush()
        _keep_an_owner(session)
        after = [str(each) for each in checked]
        tag = Tag.GRANT_ADDED if set(after) - set(before) else Tag.GRANT_REMOVED
        access.log.record(session, tag, actor, target=f"user {user_id}", before=before, after=after)


def remove_member(access: Access, actor: Actor, tenant_id: str, user_id: str, *, by: Policy | None = None) -> None:
    """End a membership with its grants and sessions, and what the member has made that lets somebody in.

    These are the keys it made and its open invitations: it knows their secrets. Refused for the last owner.
    """
    with transaction(access.of(tenant_id)) as session:
        count_policy_up(session, tenant_id)
        if session.get(Membership, (tenant_id, user_id)) is None:
            raise NotFound(f"there is no member {user_id}")
        roles = roles_of(session)
        had = list(session.scalars(select(Grant).where(Grant.user_id == user_id)))
        check_rights(by, (compiled(each, roles) for each in had))
        session.execute(delete(Grant).where(Grant.user_id == user_id))
        session.execute(delete(Membership).where(Membership.user_id == user_id))
        alive = update(UserSession).where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
        session.execute(alive.values(revoked_at=utc_now()))
        session.flush()
        _keep_an_owner(session)
        _end_openings(session, access, actor, str(Actor("user", user_id)))
        access.log.record(session, Tag.MEMBERSHIP_REMOVED, actor, target=f"user {user_id}")


def _end_openings(session: Session, access: Access, actor: Actor, made_by: str) -> None:
    """Let the API keys and the open invitations that somebody has made be good for nothing any more."""
    keys = select(ApiKey).where(ApiKey.created_by == made_by, ApiKey.revoked_at.is_(None))
    for key in session.scalars(keys.order_by(ApiKey.id)):
        key.revoked_at = utc_now()
        access.log.record(session, Tag.API_KEY_REVOKED, actor, target=f"api-key {key.id}")
    links = select(Link).where(Link.created_by == made_by, Link.used_at.is_(None), Link.kind == "invitation")
    for link in session.scalars(links.order_by(Link.id)):
        link.used_at = utc_now()
        access.log.record(session, Tag.INVITATION_REVOKED, actor, target=f"invitation {link.id}")


def _keep_an_owner(session: Session) -> None:
    """Refuse a change that would leave nobody who may change everything back."""
    if not _has_owner(session):
        raise Refused("the tenant would have no owner left; make somebody else owner first")


def _has_owner(session: Session) -> bool:
    """Whether somebody may do everything in the tenant: an owner from whom no other role takes anything."""
    owners = select(Grant.user_id).join(User, User.id == Grant.user_id).where(User.active)
    everything = compiled(GivenRole(OWNER), builtin_roles())
    found = session.scalars(owners.where(Grant.role == OWNER, Grant.scope_kind.is_(None))).all()
    return any(not policy_of(session, user_id=user_id).lacks(everything) for user_id in found)


def list_roles(access: Access, tenant_id: str) -> list[Role]:
    """The tenant's own roles, by name; the built-in ones are `policy.builtin_roles()`."""
    with reading(access.of(tenant_id)) as session:
        return list(session.scalars(select(Role).order_by(Role.name)))


def get_role(access: Access, tenant_id: str, name: str) -> Role:
    """The tenant's own role of that name."""
    with reading(access.of(tenant_id)) as session:
        return _found_role(session, name)


def create_role(
    access: Access,
    actor: Actor,
    tenant_id: str,
    name: str,
    rights: Rights,
    *,
    by: Policy | None = None,
) -> Role:
    """Make a role of the tenant's own. Refused when there is one of that name, or a permission is unknown."""
    if check_slug(name, "a role") in builtin_roles():
        raise Refused(f"{name} is a built-in role; choose another name")
    _check_content(name, rights, by)
    role = Role(tenant_id=tenant_id, name=name, allow=list(rights.allow), deny=list(rights.deny))
    try:
        with transaction(access.of(tenant_id)) as session:
            session.add(role)
            access.log.record(session, Tag.ROLE_CREATED, actor, target=f"role {name}", after=_told(role))
    except IntegrityError:
        raise Refused(f"there is a role {name!r} already") from None
    return role


def change_role(
    access: Access,
    actor: Actor,
    tenant_id: str,
    name: str,
    rights: Rights,
    *,
    version: int | None = None,
    by: Policy | None = None,
) -> Role:
    """Let a role mean something else from now on; Refused when it is not of that `version` any more."""
    _check_content(name, rights, by)
    with transaction(access.of(tenant_id)) as session:
        role = _found_role(session, name, lock=True)
        if version is not None and role.version != version:
            raise ChangedMeanwhile(f"the role {name} was changed by somebody else meanwhile; look at it and try again")
        count_policy_up(session, tenant_id)
        check_rights(by, [policy.Grant(name, tuple(role.allow), tuple(role.deny))])
        freed_or_taken = expand(role.deny) ^ expand(rights.deny)
        owned = bool(freed_or_taken) and _has_owner(session)
        if freed_or_taken:
            _check_holders(session, name, freed_or_taken, by)
        before = _told(role)
        role.allow, role.deny = list(rights.allow), list(rights.deny)
        session.flush()
        if owned:
            _keep_an_owner(session)
        access.log.record(session, Tag.ROLE_CHANGED, actor, target=f"role {name}", before=before, after=_told(role))
    return role


def remove_role(access: Access, actor: Actor, tenant_id: str, name: str) -> None:
    """Remove a role of the tenant's own; Refused while somebody has it."""
    with transaction(access.of(tenant_id)) as session:
        role = _found_role(session, name, lock=True)
        if session.scalars(select(Grant.id).where(Grant.role == name).limit(1)).one_or_none() is not None:
            raise Refused(f"somebody has the role {name} still; take it away first")
        session.delete(role)
        access.log.record(session, Tag.ROLE_REMOVED, actor, target=f"role {name}", before=_told(role))


def policy_of(session: Session, *, user_id: str | None = None, api_key_id: str | None = None) -> Policy:
    """What a member or a key may do in the session's tenant."""
    subject = Grant.user_id == user_id if user_id is not None else Grant.api_key_id == api_key_id
    roles = roles_of(session)
    return Policy.of(compiled(grant, roles) for grant in session.scalars(select(Grant).where(subject)))


def _check_holders(session: Session, name: str, permissions: Iterable[Permission], by: Policy | None) -> None:
    """Forbidden unless `by` may do what a role denies, or will deny, and everything that those may who have the role.

    What a role denies it takes from what others give: to change that is to change what its holders may do.
    """
    check_rights(by, [policy.Grant(name, tuple(permissions))])
    roles, grants = roles_of(session), list(session.scalars(select(Grant)))
    holders = {(grant.user_id, grant.api_key_id) for grant in grants if grant.role == name}
    check_rights(by, (compiled(each, roles) for each in grants if (each.user_id, each.api_key_id) in holders))


def _found_role(session: Session, name: str, *, lock: bool = False) -> Role:
    query = select(Role).where(Role.name == name)
    role = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if role is None:
        raise NotFound(f"there is no role {name!r} of the tenant's own")
    return role


def _check_content(name: str, rights: Rights, by: Policy | None) -> None:
    check_patterns([*rights.allow, *rights.deny])
    check_rights(by, [policy.Grant(name, tuple(rights.allow), tuple(rights.deny))])


def _told(role: Role) -> dict[str, list[str]]:
    return {"allow": list(role.allow), "deny": list(role.deny)}

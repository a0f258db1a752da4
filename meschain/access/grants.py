"""Who may do what in a tenant: the grants that give a role to a member or to an API key. Who changes them: elsewhere.

Nobody gives or takes what he may not do himself, at the moment in which he does it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from commerce.errors import Refused
from meschain.access import policy
from meschain.access.context import Access
from meschain.access.permissions import Permission
from meschain.access.policy import Policy
from meschain.access.roles import Rights, builtin_roles
from meschain.access.rules import Forbidden, NotFound
from meschain.access.scopes import ScopeKind, check_scope
from meschain.access.tables import ApiKey, Grant, Role, Tenant
from meschain.audit.rules import Actor
from meschain.store.base import utc_now
from meschain.store.session import reading

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
    """Say that what anybody may do in the tenant changes; what was concluded from the old state no longer holds.

    Called first of all in a transaction, it makes those who change it wait for each other.
    """
    query = update(Tenant).where(Tenant.id == tenant_id).values(policy_version=Tenant.policy_version + 1)
    counted = query.returning(Tenant.id).execution_options(synchronize_session=False)
    if session.execute(counted).first() is None:
        raise NotFound("the tenant is not there any more")


def authority(session: Session, tenant_id: str, actor: Actor, needs: Permission) -> Policy | None:
    """What whoever acts may do in the tenant at this moment; None for the operator, who may do everything.

    Asked first by whatever changes who may do what: a request that came in before its maker lost a right comes too
    late. Raises Forbidden without the permission that it `needs`.
    """
    count_policy_up(session, tenant_id)
    if actor.kind in {"operator", "system"}:
        return None
    if actor.kind == "user":
        found = policy_of(session, tenant_id, user_id=actor.id)
    else:
        key = session.get(ApiKey, actor.id)
        alive = key is not None and key.tenant_id == tenant_id and key.revoked_at is None
        found = policy_of(session, tenant_id, api_key_id=actor.id) if alive else Policy(())
    if not (decision := found.decide(needs)):
        raise Forbidden(decision.reason)
    return found


def check_given(session: Session, tenant_id: str, given: Iterable[GivenRole], by: Policy | None) -> list[GivenRole]:
    """The roles as they are; Refused if there is none or one cannot be given, Forbidden if `by` may not give it."""
    roles, checked = roles_of(session, tenant_id), list(given)
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


def roles_of(session: Session, tenant_id: str) -> dict[str, Rights]:
    """Every role of the tenant: the built-in ones and its own."""
    found = session.scalars(select(Role).where(Role.tenant_id == tenant_id))
    return {**builtin_roles(), **{role.name: Rights(tuple(role.allow), tuple(role.deny)) for role in found}}


def compiled(given: GivenRole | Grant, roles: Mapping[str, Rights]) -> policy.Grant:
    """A grant as the policy takes it; a role that is no longer there gives nothing."""
    rights = roles.get(given.role, Rights(()))
    scope = (given.scope_kind, given.scope_pattern) if given.scope_kind and given.scope_pattern else None
    return policy.Grant(role=given.role, allow=rights.allow, deny=rights.deny, scope=scope)


def grants_of(session: Session, tenant_id: str, user_id: str) -> list[policy.Grant]:
    """What a member has been given in the tenant, as the policy takes it."""
    found = select(Grant).where(Grant.tenant_id == tenant_id, Grant.user_id == user_id)
    roles = roles_of(session, tenant_id)
    return [compiled(grant, roles) for grant in session.scalars(found.order_by(Grant.id))]


def policy_of(session: Session, tenant_id: str, *, user_id: str | None = None, api_key_id: str | None = None) -> Policy:
    """What a member or a key may do in the tenant."""
    subject = Grant.user_id == user_id if user_id is not None else Grant.api_key_id == api_key_id
    roles = roles_of(session, tenant_id)
    found = session.scalars(select(Grant).where(Grant.tenant_id == tenant_id, subject))
    return Policy.of(compiled(grant, roles) for grant in found)


def holder_of(grant: Grant) -> str:
    """Who has been given it: `user:…` or `api_key:…`."""
    return str(Actor("user", grant.user_id) if grant.user_id else Actor("api_key", grant.api_key_id or ""))


def is_living() -> ColumnElement[bool]:
    """Whether a grant is a member's, or a key's that is not over."""
    keys = select(ApiKey.id).where(ApiKey.revoked_at.is_(None), ApiKey.expires_at > utc_now())
    return or_(Grant.user_id.is_not(None), Grant.api_key_id.in_(keys))


def add_grants(
    session: Session,
    tenant_id: str,
    given: Iterable[GivenRole],
    *,
    user_id: str | None = None,
    api_key_id: str | None = None,
) -> None:
    """Give roles to a member or a key, within a use case that has counted the policy up and records it."""
    session.add_all(
        Grant(
            tenant_id=tenant_id, user_id=user_id, api_key_id=api_key_id, role=each.role,
            scope_kind=each.scope_kind, scope_pattern=each.scope_pattern,
        )
        for each in given
    )  # fmt: skip


def list_grants(access: Access, tenant_id: str) -> list[Grant]:
    """Every grant of the tenant, in the order they were made; not those of keys that are over."""
    with reading(access.of(tenant_id)) as session:
        return list(session.scalars(select(Grant).where(is_living()).order_by(Grant.id)))

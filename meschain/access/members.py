"""Use cases upon a tenant's members: which roles one has, and that one leaves. An able owner always stays."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from commerce.errors import Refused
from meschain.access.context import Access
from meschain.access.grants import (
    OWNER,
    GivenRole,
    add_grants,
    authority,
    check_given,
    check_rights,
    compiled,
    grants_of,
    policy_of,
)
from meschain.access.openings import end_excess
from meschain.access.permissions import Permission
from meschain.access.refusals import refusals_noted
from meschain.access.roles import builtin_roles
from meschain.access.rules import NotFound
from meschain.access.tables import Grant, Membership, User, UserSession
from meschain.audit.rules import Actor, Tag
from meschain.store.base import utc_now
from meschain.store.session import transaction


@refusals_noted
def set_grants(access: Access, actor: Actor, tenant_id: str, user_id: str, given: Sequence[GivenRole]) -> None:
    """Let a member have exactly these roles. Refused when the tenant would be left without an owner.

    What the member has made that gives more than it may from now on is good for nothing any more.
    """
    with transaction(access.of(tenant_id)) as session:
        by = authority(session, tenant_id, actor, Permission.ACCESS_WRITE)
        if session.get(Membership, (tenant_id, user_id)) is None:
            raise NotFound(f"there is no member {user_id}")
        checked = check_given(session, tenant_id, given, by)
        had = list(session.scalars(select(Grant).where(Grant.user_id == user_id).order_by(Grant.id)))
        check_rights(by, former := grants_of(session, tenant_id, user_id))
        before = [str(GivenRole(grant.role, grant.scope_kind, grant.scope_pattern)) for grant in had]
        after = [str(each) for each in checked]
        if sorted(before) == sorted(after):
            return
        with keeping_an_owner(session, tenant_id):
            session.execute(delete(Grant).where(Grant.user_id == user_id))
            add_grants(session, tenant_id, checked, user_id=user_id)
        tag = Tag.GRANT_ADDED if set(after) - set(before) else Tag.GRANT_REMOVED
        access.log.record(session, tag, actor, target=f"user {user_id}", before=before, after=after)
        present = policy_of(session, tenant_id, user_id=user_id)
        if any(present.lacks(grant) for grant in former):
            end_excess(session, access, actor, tenant_id, {str(Actor("user", user_id))})


@refusals_noted
def remove_member(access: Access, actor: Actor, tenant_id: str, user_id: str) -> None:
    """End a membership with its grants and sessions, and what the member has made that lets somebody in.

    These are its keys and open invitations, and those made with its keys: it knows their secrets. Refused for the last
    owner.
    """
    with transaction(access.of(tenant_id)) as session:
        by = authority(session, tenant_id, actor, Permission.ACCESS_WRITE)
        if session.get(Membership, (tenant_id, user_id)) is None:
            raise NotFound(f"there is no member {user_id}")
        check_rights(by, grants_of(session, tenant_id, user_id))
        end_membership(session, access, actor, tenant_id, user_id)
        access.log.record(session, Tag.MEMBERSHIP_REMOVED, actor, target=f"user {user_id}")


def end_membership(session: Session, access: Access, actor: Actor, tenant_id: str, user_id: str) -> None:
    """End a membership and all that hangs on it, within a use case that records it. Refused for the last owner."""
    with keeping_an_owner(session, tenant_id):
        session.execute(delete(Grant).where(Grant.tenant_id == tenant_id, Grant.user_id == user_id))
    session.execute(delete(Membership).where(Membership.tenant_id == tenant_id, Membership.user_id == user_id))
    own = (UserSession.tenant_id == tenant_id, UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
    session.execute(update(UserSession).where(*own).values(revoked_at=utc_now()))
    end_excess(session, access, actor, tenant_id, {str(Actor("user", user_id))})


@contextmanager
def keeping_an_owner(session: Session, tenant_id: str) -> Iterator[None]:
    """Refuse what leaves nobody who may change everything back, where there was somebody."""
    owned = _has_owner(session, tenant_id)
    yield
    session.flush()
    if owned and not _has_owner(session, tenant_id):
        raise Refused("the tenant would have no owner left; make somebody else owner first")


def _has_owner(session: Session, tenant_id: str) -> bool:
    """Whether somebody may do everything in the tenant: an owner from whom no other role takes anything."""
    owners = select(Grant.user_id).join(User, User.id == Grant.user_id).where(User.active)
    everything = compiled(GivenRole(OWNER), builtin_roles())
    whole = (Grant.tenant_id == tenant_id, Grant.role == OWNER, Grant.scope_kind.is_(None))
    found = session.scalars(owners.where(*whole)).all()
    return any(not policy_of(session, tenant_id, user_id=user_id).lacks(everything) for user_id in found)

"""What somebody has made that lets others in: API keys and open invitations. They never give more than he may."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from meschain.access import policy
from meschain.access.context import Access
from meschain.access.grants import GivenRole, compiled, policy_of, roles_of
from meschain.access.policy import Policy
from meschain.access.tables import ApiKey, Grant, Link, Membership
from meschain.audit.rules import Actor, Tag
from meschain.store.base import utc_now


def open_invitations(session: Session, tenant_id: str) -> list[Link]:
    """The tenant's invitations that can still be accepted, in the order they were made."""
    query = select(Link).where(Link.tenant_id == tenant_id, Link.kind == "invitation")
    return list(session.scalars(query.where(Link.used_at.is_(None), Link.expires_at > utc_now()).order_by(Link.id)))


def given_by(link: Link) -> list[GivenRole]:
    """The roles that an invitation gives."""
    return [GivenRole(**given) for given in link.grants]


def end_excess(session: Session, access: Access, actor: Actor, tenant_id: str) -> None:
    """End every key and open invitation that gives more than the member may from whom it comes, if need be over keys.

    Called within a use case that takes rights away. Who is a member no more may nothing, and knows the secrets still.
    """
    keys = {key.id: key for key in session.scalars(select(ApiKey).where(ApiKey.tenant_id == tenant_id))}
    roles = roles_of(session, tenant_id)
    makers: dict[str, Policy | None] = {}

    def exceeds(made_by: str, given: Iterable[policy.Grant]) -> bool:
        maker = Actor.parse(made_by)
        while maker.kind == "api_key" and maker.id in keys:
            maker = Actor.parse(keys[maker.id].created_by)
        if maker.kind not in {"user", "api_key"}:
            return False
        if maker.id not in makers:
            member = session.get(Membership, (tenant_id, maker.id)) is not None
            makers[maker.id] = policy_of(session, tenant_id, user_id=maker.id) if member else None
        may = makers[maker.id]
        return may is None or any(may.lacks(grant) for grant in given)

    granted: dict[str | None, list[policy.Grant]] = {}
    for grant in session.scalars(select(Grant).where(Grant.tenant_id == tenant_id, Grant.api_key_id.is_not(None))):
        granted.setdefault(grant.api_key_id, []).append(compiled(grant, roles))
    for key in sorted(keys.values(), key=lambda key: key.id):
        if key.revoked_at is None and exceeds(key.created_by, granted.get(key.id, ())):
            key.revoked_at = utc_now()
            access.log.record(session, Tag.API_KEY_REVOKED, actor, target=f"api-key {key.id}", tenant_id=tenant_id)
    for link in open_invitations(session, tenant_id):
        if exceeds(link.created_by, [compiled(given, roles) for given in given_by(link)]):
            end_invitation(session, access, actor, link)


def end_invitation(session: Session, access: Access, actor: Actor, link: Link) -> None:
    """Let an invitation be good for nothing any more."""
    link.used_at = utc_now()
    target = f"invitation {link.id}"
    access.log.record(session, Tag.INVITATION_REVOKED, actor, target=target, tenant_id=link.tenant_id)

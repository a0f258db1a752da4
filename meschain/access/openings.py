"""What somebody has made that lets others in: API keys and open invitations. They never give more than he may."""

from collections.abc import Collection, Iterator, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from meschain.access import policy
from meschain.access.context import Access
from meschain.access.grants import GivenRole, compiled, holder_of, roles_of
from meschain.access.policy import Policy
from meschain.access.roles import Rights
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


def end_excess(session: Session, access: Access, actor: Actor, tenant_id: str, losers: Collection[str]) -> None:
    """End, of all that comes from `losers`, what gives more than one of those may from whom it comes.

    Called within a use case that takes rights from them; they are named as `user:…` and `api_key:…`. What a key has
    made comes from its maker too. Who is no member any more, or no key, may nothing, and somebody knows the secrets.
    """
    roles, now = roles_of(session, tenant_id), utc_now()
    made = session.scalars(select(ApiKey).where(ApiKey.tenant_id == tenant_id))
    keys = {str(Actor("api_key", key.id)): key for key in made}
    policies = _policies(session, tenant_id, roles, keys)

    def exceeds(made_by: str, given: Collection[policy.Grant]) -> bool:
        line = list(_line(made_by, keys))
        if set(line).isdisjoint(losers):
            return False
        for maker in line:
            ended = maker in keys and keys[maker].revoked_at is not None
            may = None if ended else policies.get(maker)
            if may is None or any(may.lacks(grant) for grant in given):
                return True
        return False

    depths = {name: len(list(_line(key.created_by, keys))) for name, key in keys.items()}
    for name in sorted(keys, key=lambda each: (depths[each], each)):  # one that was made by another comes after it
        key = keys[name]
        living = key.revoked_at is None and key.expires_at > now
        if living and exceeds(key.created_by, policies[name].grants):
            end_key(session, access, actor, key)
    for link in open_invitations(session, tenant_id):
        if exceeds(link.created_by, [compiled(given, roles) for given in given_by(link)]):
            end_invitation(session, access, actor, link)


def end_key(session: Session, access: Access, actor: Actor, key: ApiKey) -> None:
    """Let a key be good for nothing any more."""
    key.revoked_at = utc_now()
    access.log.record(session, Tag.API_KEY_REVOKED, actor, target=f"api-key {key.id}", tenant_id=key.tenant_id)


def end_invitation(session: Session, access: Access, actor: Actor, link: Link) -> None:
    """Let an invitation be good for nothing any more."""
    link.used_at = utc_now()
    target = f"invitation {link.id}"
    access.log.record(session, Tag.INVITATION_REVOKED, actor, target=target, tenant_id=link.tenant_id)


def _line(made_by: str, keys: Mapping[str, ApiKey]) -> Iterator[str]:
    """From whom something comes: who made it; if that was a key, who made the key; and so on. Not the operator."""
    maker = Actor.parse(made_by)
    while maker.kind in {"api_key", "user"}:
        yield str(maker)
        key = keys.get(str(maker))
        maker = Actor.parse(key.created_by) if key is not None else Actor("operator")


def _policies(
    session: Session, tenant_id: str, roles: Mapping[str, Rights], keys: Collection[str]
) -> dict[str, Policy]:
    """What each member and each of the keys may do in the tenant."""
    members = session.scalars(select(Membership.user_id).where(Membership.tenant_id == tenant_id))
    subjects = [*(str(Actor("user", each)) for each in members), *keys]
    granted: dict[str, list[policy.Grant]] = {subject: [] for subject in subjects}
    for grant in session.scalars(select(Grant).where(Grant.tenant_id == tenant_id)):
        granted.setdefault(holder_of(grant), []).append(compiled(grant, roles))
    return {subject: Policy.of(given) for subject, given in granted.items()}

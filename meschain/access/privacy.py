"""Use cases for a person's own sake: erase everything that leads to it, and hand out everything that is kept of it.

Erased is by destroying the person's key: what the log, sessions and invitations say of it stays, and nobody can read it
any more. What finds the person (its address, its place in tenants) is removed beside.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session, aliased

from commerce.errors import Refused
from meschain.access.context import Access
from meschain.access.grants import OWNER, count_policy_up
from meschain.access.links import find_invited
from meschain.access.rules import NotFound
from meschain.access.tables import (
    Credentials,
    Grant,
    Link,
    Membership,
    RecoveryCode,
    RefreshToken,
    Tenant,
    User,
    UserSession,
)
from meschain.access.users import find_user, normal_email, open_profile
from meschain.audit.rules import Actor, Tag
from meschain.audit.tables import SubjectKey
from meschain.store.base import utc_now
from meschain.store.scrubbing import Scrubbed, scrub
from meschain.store.session import reading, transaction

_TABLES = (
    "access_credentials", "access_grants", "access_links", "access_memberships", "access_recovery_codes",
    "access_refresh_tokens", "access_sessions", "access_users", "audit_subject_keys",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was done: of which subject, whether it had been done before, and whether copies are left in the store."""

    subject: str
    repeated: bool
    scrubbed: Scrubbed


def find_subject(access: Access, who: str) -> str:
    """The id of the person with that id or e-mail address, also of one who was only invited; NotFound if there is none.

    Any data subject of the log can be named by its id, such as the strangers of a day (`visitors-2026-11-27`).
    """
    with reading(access.everywhere) as session:
        found = None
        if "@" in who:
            user = find_user(session, access, who)
            found = user.id if user is not None else min(find_invited(session, access, normal_email(who)), default=None)
        elif session.get(User, who) is not None or session.get(SubjectKey, who) is not None:
            found = who
        if found is None:
            raise NotFound(f"nobody here is known as {who!r}; who was erased is known by the id alone")
        return found


def erase(access: Access, actor: Actor, subject: str, *, tenant_id: str | None = None) -> Erasure:
    """Erase a person for ever, from every tenant; asked again, it finishes what may have been left.

    `tenant_id` is the tenant for which it is asked, None for the operator. Refused for the last owner of a tenant, and
    when a tenant asks for somebody who belongs to others as well; NotFound when it is none of its members.
    """
    with transaction(access.everywhere) as session:
        key = session.get(SubjectKey, subject, with_for_update=True)
        user = session.get(User, subject, with_for_update=True)
        if user is None and key is None:
            raise NotFound(f"nobody here is known as {subject!r}")
        done = user.erased_at is not None if user is not None else key is not None and key.destroyed_at is not None
        if not done:
            _erase(session, access, actor, subject, tenant_id)
    return Erasure(subject, done, scrub(access.engine, _TABLES))


def finish_erasures(access: Access, since: datetime) -> datetime:
    """Take away the copies that erasures since then may have left: somebody was reading, or the process died.

    Gives the moment up to which all of it is gone.
    """
    begun = utc_now()
    with reading(access.everywhere) as session:
        newest = session.scalar(select(func.max(SubjectKey.destroyed_at)))
    if newest is None or newest <= since or not scrub(access.engine, _TABLES).complete:
        return since
    return begun


def _erase(session: Session, access: Access, actor: Actor, subject: str, tenant_id: str | None) -> None:
    tenants = sorted(session.scalars(select(Membership.tenant_id).where(Membership.user_id == subject)))
    for tenant in tenants:
        count_policy_up(session, tenant)  # and so nobody else takes an owner away meanwhile
    _check(session, subject, tenants, tenant_id)
    user = session.get(User, subject)
    for each in {subject, *_invited_as(session, access, subject)}:
        _forget(session, access, each)
    if user is not None:
        user.email_token, user.profile, user.active, user.erased_at = None, b"", False, utc_now()
    session.flush()
    _remove_proofs(session, subject)
    session.execute(delete(Grant).where(Grant.user_id == subject))
    session.execute(delete(Membership).where(Membership.user_id == subject))
    target = f"{'user' if user is not None else 'subject'} {subject}"
    told: list[str | None] = [*tenants]
    for noted in told or [tenant_id]:
        access.log.record(session, Tag.SUBJECT_ERASED, actor, target=target, tenant_id=noted)


def _invited_as(session: Session, access: Access, subject: str) -> set[str]:
    """Under which ids the person's address was invited, before it was known whose it is."""
    user = session.get(User, subject)
    link = select(Link).where(Link.user_id == subject, Link.profile.is_not(None)).limit(1)
    profile = user.profile if user is not None else getattr(session.scalars(link).one_or_none(), "profile", None)
    email = open_profile(session, access, subject, profile)[0] if profile else ""
    return find_invited(session, access, email) if email else set()


def _forget(session: Session, access: Access, subject: str) -> None:
    """Destroy the key, and what invitations keep under it."""
    access.log.subjects.destroy(session, subject)
    session.execute(update(Link).where(Link.user_id == subject, Link.used_at.is_(None)).values(used_at=utc_now()))
    session.execute(update(Link).where(Link.user_id == subject).values(profile=None))


def _check(session: Session, subject: str, tenants: list[str], tenant_id: str | None) -> None:
    """Refused where the person cannot be erased, or not by that tenant alone."""
    if tenant_id is not None and tenant_id not in tenants:
        raise NotFound(f"there is no member {subject}")
    if tenant_id is not None and len(tenants) > 1:
        raise Refused("this person belongs to other tenants too; end the membership, or have the operator erase it")
    for slug in session.scalars(_left_without_owner(subject)):
        raise Refused(f"the tenant {slug} would have no owner left; make somebody else owner first")


def _left_without_owner(user_id: str) -> Select[tuple[str]]:
    """Tenants whose only owner is that user."""
    other = aliased(Grant)
    others = (
        select(other.id).join(User, User.id == other.user_id)
        .where(other.tenant_id == Grant.tenant_id, other.user_id != user_id, User.active)
        .where(other.role == OWNER, other.scope_kind.is_(None))
    )  # fmt: skip
    return (
        select(Tenant.slug).join(Grant, Grant.tenant_id == Tenant.id)
        .where(Grant.user_id == user_id, Grant.role == OWNER, Grant.scope_kind.is_(None), ~others.exists())
        .order_by(Tenant.slug)
    )  # fmt: skip


def _remove_proofs(session: Session, user_id: str) -> None:
    """By what the person proved who it is: password, codes, sessions."""
    held = session.get(Credentials, user_id, with_for_update=True)
    if held is not None:
        held.password_hash, held.totp_secret, held.totp_confirmed, held.totp_step = None, None, False, None
        held.failures, held.locked_until, held.session_version = 0, None, held.session_version + 1
    session.flush()
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    own = select(UserSession.id).where(UserSession.user_id == user_id)
    session.execute(delete(RefreshToken).where(RefreshToken.session_id.in_(own)))
    alive = update(UserSession).where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
    session.execute(alive.values(revoked_at=utc_now()))
    session.execute(update(UserSession).where(UserSession.user_id == user_id).values(detail=b""))

"""Use cases for a person's own sake: erase everything that leads to it, and hand out everything that is kept of it.

Erased is by destroying the person's keys: what the log, sessions and invitations say of it stays, and nobody can read
it any more. What finds the person (its address, its place in tenants) is removed beside.
"""

from dataclasses import dataclass

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from commerce.errors import Refused
from meschain.access.context import Access
from meschain.access.grants import authority, check_rights, count_policy_up, grants_of
from meschain.access.members import end_membership
from meschain.access.openings import end_invitation
from meschain.access.permissions import Permission
from meschain.access.refusals import refusals_noted
from meschain.access.rules import NotFound
from meschain.access.tables import Credentials, Link, Membership, RecoveryCode, RefreshToken, Tenant, User, UserSession
from meschain.access.users import FOR_A_CHANGE, email_token, user_of_token
from meschain.audit.rules import Actor, Tag, system
from meschain.audit.tables import Payload, SubjectKey
from meschain.store.base import utc_now
from meschain.store.scrubbing import Scrubbed, scrub
from meschain.store.session import reading, transaction
from meschain.store.tables import InstallationRow

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
            found = _of_token(session, email_token(access, who))
        elif session.get(User, who) is not None:
            found = who
        elif session.get(SubjectKey, who) is not None:
            token = session.scalars(select(Link.email_token).where(Link.user_id == who)).one_or_none()
            found = (_of_token(session, token) if token is not None else None) or who
        if found is None:
            raise NotFound(f"nobody here is known as {who!r}; who was erased is known by the id alone")
        return found


def _of_token(session: Session, token: str) -> str | None:
    """The user with that address, or else somebody who was invited by it and whose key is still there."""
    if (user := user_of_token(session, token)) is not None:
        return user.id
    known = select(Link.user_id).join(SubjectKey, SubjectKey.subject == Link.user_id)
    kept = known.where(Link.email_token == token, SubjectKey.destroyed_at.is_(None))
    return session.scalars(kept.order_by(Link.id).limit(1)).one_or_none()


def links_to(session: Session, subject: str) -> list[Link]:
    """Every link that was made for the person: under its own id, or under one of an invitation's own."""
    user, own = session.get(User, subject), select(Link.email_token).where(Link.user_id == subject)
    tokens = {user.email_token if user is not None else None, *session.scalars(own)} - {None}
    made = select(Link).where(or_(Link.user_id == subject, Link.email_token.in_(tokens)))
    return list(session.scalars(made.order_by(Link.id)))


@refusals_noted
def erase(access: Access, actor: Actor, subject: str, *, tenant_id: str | None = None) -> Erasure:
    """Erase a person for ever, from every tenant; asked again, it finishes what may have been left.

    `tenant_id` is the tenant for which it is asked, None for the operator. A tenant's request leaves alone what other
    tenants know of the address: their invitations. Refused for the last owner of a tenant, and when a tenant asks for
    somebody who belongs to others as well; NotFound when it is none of its members, Forbidden when that member may do
    what whoever asks may not.
    """
    with transaction(access.everywhere) as session:
        owners = {link.tenant_id for link in links_to(session, subject)} | set(_tenants_of(session, subject))
        for tenant in sorted(owners - {None}, key=str):
            count_policy_up(session, str(tenant))  # first, as everybody who takes something away
        key = session.get(SubjectKey, subject, with_for_update=True)
        user = session.get(User, subject, with_for_update=FOR_A_CHANGE)
        if user is None and key is None:
            raise NotFound(f"nobody here is known as {subject!r}")
        done = user.erased_at is not None if user is not None else key is not None and key.destroyed_at is not None
        if not done:
            _erase(session, access, actor, subject, tenant_id)
    return Erasure(subject, done, _scrub(access))


def finish_erasures(access: Access) -> None:
    """Take away the copies that erasures may have left: somebody was reading, or the process died."""
    with reading(access.everywhere) as session:
        newest = session.scalar(select(func.max(SubjectKey.destroyed_at)))
        scrubbed = session.scalars(select(InstallationRow.scrubbed_at)).one()
    if newest is not None and (scrubbed is None or scrubbed < newest):
        _scrub(access)


def _scrub(access: Access) -> Scrubbed:
    begun = utc_now()
    scrubbed = scrub(access.engine, _TABLES)
    if scrubbed.done:
        with transaction(access.engine) as session:
            session.execute(update(InstallationRow).values(scrubbed_at=begun))
    return scrubbed


def _erase(session: Session, access: Access, actor: Actor, subject: str, tenant_id: str | None) -> None:
    """In the order in which others take the same rows: links, credentials, tokens, sessions, the user."""
    tenants = _tenants_of(session, subject)
    if tenant_id is not None:
        _check(session, actor, subject, tenants, tenant_id)
    found = links_to(session, subject)
    links = [link for link in found if link.user_id == subject or tenant_id in {None, link.tenant_id}]
    for link in links:
        _forget_link(session, access, actor, link)
    session.flush()
    session.get(Credentials, subject, with_for_update=True)
    own = select(UserSession.id).where(UserSession.user_id == subject)
    session.execute(delete(RefreshToken).where(RefreshToken.session_id.in_(own)))
    for tenant in tenants:
        try:
            end_membership(session, access, actor, tenant, subject)
        except Refused as refusal:
            raise Refused(f"{refusal} ({session.get_one(Tenant, tenant).slug})") from None
    _remove_proofs(session, subject)
    if (user := session.get(User, subject)) is not None:
        user.email_token, user.profile, user.active, user.erased_at = None, b"", False, utc_now()
    for each in dict.fromkeys([subject, *(link.user_id for link in links)]):
        knowing = set(session.scalars(select(Payload.tenant_id).where(Payload.subject == each).distinct()))
        if access.log.subjects.destroy(session, each):
            target = f"{'user' if each == subject and user is not None else 'subject'} {each}"
            told: list[str | None] = [*sorted(filter(None, knowing.union(tenants if each == subject else ())))]
            for noted in told or [tenant_id]:  # of whom another tenant lets act, a tenant learns nothing
                by = actor if tenant_id in {None, noted} else system("erasure")
                access.log.record(session, Tag.SUBJECT_ERASED, by, target=target, tenant_id=noted)


def _forget_link(session: Session, access: Access, actor: Actor, link: Link) -> None:
    """Let a link to the person be good for nothing, and say nothing of it."""
    link.email_token = link.profile = None
    if link.used_at is None and link.expires_at > utc_now():
        if link.kind == "password-reset":
            link.used_at = utc_now()
        else:
            end_invitation(session, access, actor, link)


def _tenants_of(session: Session, subject: str) -> list[str]:
    return sorted(session.scalars(select(Membership.tenant_id).where(Membership.user_id == subject)))


def _check(session: Session, actor: Actor, subject: str, tenants: list[str], tenant_id: str) -> None:
    """Refused where the person cannot be erased by that tenant alone, or not by whoever asks."""
    if tenant_id not in tenants:
        raise NotFound(f"there is no member {subject}")
    if len(tenants) > 1:
        raise Refused("this person belongs to other tenants too; end the membership, or have the operator erase it")
    by = authority(session, tenant_id, actor, Permission.PERSONAL_ERASE)
    check_rights(by, grants_of(session, tenant_id, subject))


def _remove_proofs(session: Session, user_id: str) -> None:
    """By what the person proved who it is: password, codes, sessions."""
    own = UserSession.user_id == user_id
    session.execute(update(UserSession).where(own, UserSession.revoked_at.is_(None)).values(revoked_at=utc_now()))
    session.execute(update(UserSession).where(own).values(detail=b""))
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    held = session.get(Credentials, user_id)
    if held is not None:
        held.password_hash, held.totp_secret, held.totp_confirmed, held.totp_step = None, None, False, None
        held.failures, held.locked_until, held.session_version = 0, None, held.session_version + 1
        session.flush()

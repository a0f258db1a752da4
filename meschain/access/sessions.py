"""Sessions: a login of a user to one tenant, and the tokens that stand for it until it ends.

A session of the API has refresh tokens, each good for one exchange: when one is used twice, somebody has stolen it, and
the whole session ends. A session of the browser has one token, which its cookie holds.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from meschain.access.context import Access
from meschain.access.rules import NotFound, Unauthenticated
from meschain.access.secrets import Secret, hash_secret, new_refresh_token
from meschain.access.tables import Credentials, Membership, RefreshToken, SessionKind, Tenant, User, UserSession
from meschain.audit.rules import Actor, Tag
from meschain.store.base import utc_now
from meschain.store.session import reading, transaction

LIFETIMES: dict[SessionKind, timedelta] = {"api": timedelta(days=30), "browser": timedelta(hours=12)}
"""For how long a session lives at most, whatever is done with it."""
_ENDED = "this session has ended; log in again"


@dataclass(frozen=True, slots=True)
class Opened:
    """A session just opened or refreshed, with what stands for it."""

    id: str
    user_id: str
    tenant_id: str
    tenant: str
    session_version: int
    expires_at: datetime
    secret: Secret


@dataclass(frozen=True, slots=True)
class Seen:
    """A session as its user sees it."""

    id: str
    kind: SessionKind
    tenant: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    ip: str | None
    user_agent: str | None


def open_session(  # noqa: PLR0913  what a session is made from
    session: Session,
    access: Access,
    actor: Actor,
    user: User,
    held: Credentials,
    tenant: Tenant,
    kind: SessionKind,
    *,
    until: datetime | None = None,
) -> Opened:
    """Begin a session, within the use case that has proved who the user is; it lives `until` then, or its lifetime."""
    detail = msgspec.json.encode({"ip": actor.ip, "user_agent": actor.user_agent}).decode()
    begun = UserSession(
        tenant_id=tenant.id,
        user_id=user.id,
        kind=kind,
        detail=access.log.subjects.seal(session, user.id, detail) or b"",
        expires_at=until or utc_now() + LIFETIMES[kind],
    )
    session.add(begun)
    session.flush()
    return _opened(session, begun, tenant, held.session_version)


def refresh(access: Access, actor: Actor, text: str) -> Opened:
    """Exchange a refresh token for the next one; Unauthenticated if it is unknown, over, or was used before."""
    opened: Opened | None = None
    with transaction(access.everywhere) as session:
        token = session.get(RefreshToken, hash_secret(text), with_for_update=True)
        found = session.get(UserSession, token.session_id, with_for_update=True) if token is not None else None
        if token is None or found is None or found.kind != "api":
            raise Unauthenticated(_ENDED)
        user = actor.known_as(found.user_id, found.tenant_id)
        if token.used_at is not None:
            if found.revoked_at is None:
                found.revoked_at = utc_now()
                access.log.record(session, Tag.TOKEN_REUSED, user, target=f"session {found.id}")
        elif standing := _standing(session, found, token):
            token.used_at = found.seen_at = utc_now()
            opened = _opened(session, found, *standing)
    if opened is None:
        raise Unauthenticated(_ENDED)
    return opened


def end_session(access: Access, actor: Actor, session_id: str, *, user_id: str | None = None) -> None:
    """End a session at once: of the user, if one is named, else of anybody in the actor's tenant."""
    engine = access.everywhere if user_id is not None else access.of(actor.tenant_id or "")
    with transaction(engine) as session:
        found = session.get(UserSession, session_id, with_for_update=True)
        if found is None or (user_id is not None and found.user_id != user_id):
            raise NotFound(f"there is no session {session_id}")
        if found.revoked_at is None:
            found.revoked_at = utc_now()
            access.log.record(
                session, Tag.SESSION_REVOKED, actor, target=f"session {session_id}", tenant_id=found.tenant_id
            )


def change_tenant(access: Access, actor: Actor, session_id: str, slug: str) -> Opened:
    """Let a browser's session go on as one for another tenant of the user's; the old one ends.

    NotFound unless the user is a member there. Who it is was proved when the session began, the second factor too.
    """
    with transaction(access.everywhere) as session:
        present = session.get(UserSession, session_id, with_for_update=True)
        if present is None or present.revoked_at is not None or present.kind != "browser":
            raise Unauthenticated(_ENDED)
        member = select(Tenant).join(Membership, Membership.tenant_id == Tenant.id)
        own = member.where(Membership.user_id == present.user_id, Tenant.slug == slug)
        tenant = session.scalars(own).one_or_none()
        if tenant is None:
            raise NotFound(f"there is no tenant {slug[:63]!r} that you belong to")
        user, held = session.get_one(User, present.user_id), session.get_one(Credentials, present.user_id)
        present.revoked_at = utc_now()
        access.log.record(
            session, Tag.SESSION_REVOKED, actor, target=f"session {present.id}", tenant_id=present.tenant_id
        )
        until = present.expires_at  # nobody stays logged in for ever by going to and fro
        opened = open_session(session, access, actor.of_tenant(tenant.id), user, held, tenant, "browser", until=until)
        access.log.record(session, Tag.LOGIN_SUCCEEDED, actor.of_tenant(tenant.id), target=f"session {opened.id}")
    return opened


def last_tenant(session: Session, user_id: str) -> str | None:
    """For which tenant the user's last session in a browser was, if that is still known."""
    query = select(Tenant.slug).join(UserSession, UserSession.tenant_id == Tenant.id)
    own = query.where(UserSession.user_id == user_id, UserSession.kind == "browser")
    return session.scalars(own.order_by(UserSession.created_at.desc()).limit(1)).one_or_none()


def last_seen(access: Access, tenant_id: str) -> dict[str, datetime]:
    """When each user was last seen at work for the tenant."""
    with reading(access.of(tenant_id)) as session:
        query = select(UserSession.user_id, func.max(UserSession.seen_at)).group_by(UserSession.user_id)
        return dict(session.execute(query).tuples().all())


def end_all_sessions(session: Session, user_id: str) -> None:
    """End every session of the user, within the use case that has a reason to and records it."""
    held = session.get_one(Credentials, user_id, with_for_update=True)
    held.session_version += 1
    alive = update(UserSession).where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
    session.execute(alive.values(revoked_at=utc_now()))


def end_every_session(session: Session, at: datetime) -> None:
    """End the sessions of everybody, within the use case that has a reason to and records it."""
    session.execute(update(Credentials).values(session_version=Credentials.session_version + 1))
    session.execute(update(UserSession).where(UserSession.revoked_at.is_(None)).values(revoked_at=at))


def list_sessions(access: Access, user_id: str) -> list[Seen]:
    """The user's living sessions, the newest first, for the user itself."""
    with reading(access.everywhere) as session:
        query = select(UserSession, Tenant.slug).join(Tenant, Tenant.id == UserSession.tenant_id)
        alive = (UserSession.user_id == user_id, UserSession.revoked_at.is_(None), UserSession.expires_at > utc_now())
        rows = session.execute(query.where(*alive).order_by(UserSession.id.desc())).tuples().all()
        return [_seen(session, access, found, slug) for found, slug in rows]


def _seen(session: Session, access: Access, found: UserSession, tenant: str) -> Seen:
    text = access.log.subjects.open(session, found.user_id, found.detail) if found.detail else None
    detail = msgspec.json.decode(text) if text else {}
    return Seen(
        found.id, found.kind, tenant, found.created_at, found.seen_at, found.expires_at,
        detail.get("ip"), detail.get("user_agent"),
    )  # fmt: skip


def _standing(session: Session, found: UserSession, token: RefreshToken) -> tuple[Tenant, int] | None:
    """The session's tenant and its user's session version; None if either is no longer good."""
    now = utc_now()
    if found.revoked_at is not None or min(found.expires_at, token.expires_at) <= now:
        return None
    user, held = session.get_one(User, found.user_id), session.get_one(Credentials, found.user_id)
    if not user.active or session.get(Membership, (found.tenant_id, found.user_id)) is None:
        return None
    return session.get_one(Tenant, found.tenant_id), held.session_version


def _opened(session: Session, found: UserSession, tenant: Tenant, session_version: int) -> Opened:
    secret = new_refresh_token()
    session.add(RefreshToken(hash=secret.hash, session_id=found.id, expires_at=found.expires_at))
    return Opened(found.id, found.user_id, tenant.id, tenant.slug, session_version, found.expires_at, secret)

"""From what a request shows (an access token, an API key, a cookie) to who asks. Blocking: to be called from threads.

That a session still stands is looked up for every request: what was revoked is of no use a moment later. Only while
nothing at all has been written to the store is the last answer still good (`remembered`).
"""

import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from meschain.access.context import Access
from meschain.access.grants import policy_of
from meschain.access.policy import Policy
from meschain.access.policy_cache import PolicyKey
from meschain.access.principal import Principal
from meschain.access.rules import Unauthenticated
from meschain.access.secrets import Mistyped, parse_secret, same_hash
from meschain.access.signing import SigningKeys
from meschain.access.tables import ApiKey, Credentials, Locale, Membership, RefreshToken, Tenant, User, UserSession
from meschain.audit.rules import Actor
from meschain.store.base import utc_now
from meschain.store.changes import Changes, Stamp
from meschain.store.session import reading, transaction

API_KEY_PREFIX = "meschain_key_"
_ENDED = "this session has ended; log in again"
_NO_KEY = "this API key is unknown, has ended or was revoked"
_USED_EVERY = timedelta(minutes=1)
_CAPACITY = 10_000


@dataclass(frozen=True, slots=True)
class Way:
    """By what way a request came."""

    request_id: str | None = None
    ip: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True, slots=True)
class _Standing:
    """A session that stands."""

    user_id: str
    tenant_id: str
    tenant: str
    policy_version: int
    session_version: int
    locale: Locale
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Answer:
    """Who it was, as of which state of the store, and until when (seconds since 1970) that is good."""

    who: Principal
    stamp: Stamp
    until: float


class Authenticator:
    """Tells who asks."""

    def __init__(self, access: Access, keys: SigningKeys, changes: Changes) -> None:
        self._access = access
        self._keys = keys
        self._changes = changes
        self._answers: OrderedDict[str, _Answer] = OrderedDict()
        self._lock = Lock()

    def remembered(self, text: str, way: Way) -> Principal | None:
        """Who sent this before, if nothing was written to the store since; never blocks."""
        answer = self._answers.get(text)
        if answer is None or answer.until <= time.time() or answer.stamp != self._changes.stamp():
            return None
        actor = replace(answer.who.actor, request_id=way.request_id, ip=way.ip, user_agent=way.user_agent)
        return replace(answer.who, actor=actor)

    def by_bearer(self, text: str, way: Way) -> Principal:
        """Who sends this in the `Authorization` header: an access token or an API key. Raises Unauthenticated."""
        stamp = self._changes.stamp()  # before the look, so that a change during it counts as one after it
        by = self._by_api_key if text.startswith(API_KEY_PREFIX) else self._by_token
        who, until = by(text, way)
        if stamp is not None:
            with self._lock:
                self._answers[text] = _Answer(who, stamp, until)
                if len(self._answers) > _CAPACITY:
                    self._answers.popitem(last=False)
        return who

    def by_cookie(self, text: str, way: Way) -> Principal:
        """Whose browser session this cookie is. Raises Unauthenticated."""
        try:
            hashed = parse_secret(text, "refresh").hash
        except Mistyped:
            raise Unauthenticated(_ENDED) from None
        with reading(self._access.everywhere) as session:
            token = session.get(RefreshToken, hashed)
        if token is None or token.used_at is not None or token.expires_at <= utc_now():
            raise Unauthenticated(_ENDED)
        return self._of_session(token.session_id, "browser", way)[0]

    def _by_token(self, text: str, way: Way) -> tuple[Principal, float]:
        claims = self._keys.verify(text)
        found, until = self._of_session(claims.sid, "api", way, session_version=claims.sv)
        if (found.actor.id, found.tenant_id) != (claims.sub, claims.tenant):
            raise Unauthenticated(_ENDED)
        return found, min(until, claims.exp)

    def _of_session(
        self, session_id: str, kind: str, way: Way, *, session_version: int | None = None
    ) -> tuple[Principal, float]:
        with reading(self._access.everywhere) as session:
            found = _standing(session, session_id, kind)
        if found is None or session_version not in {None, found.session_version}:
            raise Unauthenticated(_ENDED)
        actor = Actor("user", found.user_id, found.tenant_id, way.request_id, None, way.ip, way.user_agent)
        policy = self._policy(PolicyKey(found.tenant_id, found.policy_version, f"user:{found.user_id}"))
        who = Principal(actor, found.tenant_id, found.tenant, policy, session_id, found.locale)
        return who, found.expires_at.timestamp()

    def _by_api_key(self, text: str, way: Way) -> tuple[Principal, float]:
        secret = parse_secret(text, "key")
        now = utc_now()
        with reading(self._access.everywhere) as session:
            query = select(ApiKey, Tenant).join(Tenant, Tenant.id == ApiKey.tenant_id).where(ApiKey.id == secret.id)
            row = session.execute(query).tuples().one_or_none()
        if row is None or not same_hash(row[0].hash, secret.hash):
            raise Unauthenticated(_NO_KEY)
        key, tenant = row
        if key.revoked_at is not None or key.expires_at <= now:
            raise Unauthenticated(_NO_KEY)
        if key.last_used_at is None or now - key.last_used_at > _USED_EVERY:
            with transaction(self._access.of(tenant.id)) as session:
                session.execute(update(ApiKey).where(ApiKey.id == key.id).values(last_used_at=now))
        maker = Actor.parse(key.created_by)
        actor = Actor(
            "api_key", key.id, tenant.id, way.request_id, None, way.ip, way.user_agent,
            subject=maker.id if maker.kind == "user" else None,
        )  # fmt: skip
        policy = self._policy(PolicyKey(tenant.id, tenant.policy_version, f"api_key:{key.id}"))
        until = min(key.expires_at, now + _USED_EVERY)  # so that its use is noted again
        return Principal(actor, tenant.id, tenant.slug, policy), until.timestamp()

    def _policy(self, key: PolicyKey) -> Policy:
        return self._access.policies.get(key, lambda: self._build(key))

    def _build(self, key: PolicyKey) -> Policy:
        kind, _, name = key.subject.partition(":")
        with reading(self._access.of(key.tenant_id)) as session:
            subject = {"user_id" if kind == "user" else "api_key_id": name}
            return policy_of(session, key.tenant_id, **subject)


def _standing(session: Session, session_id: str, kind: str) -> _Standing | None:
    """The session as it stands: alive, of an active user who is still a member."""
    query = (
        select(
            UserSession.user_id, UserSession.tenant_id, Tenant.slug, Tenant.policy_version,
            Credentials.session_version, User.locale, UserSession.expires_at,
        )
        .join(User, User.id == UserSession.user_id)
        .join(Credentials, Credentials.user_id == UserSession.user_id)
        .join(Tenant, Tenant.id == UserSession.tenant_id)
        .join(
            Membership,
            (Membership.user_id == UserSession.user_id) & (Membership.tenant_id == UserSession.tenant_id),
        )
        .where(UserSession.id == session_id, UserSession.kind == kind, UserSession.revoked_at.is_(None))
        .where(UserSession.expires_at > utc_now(), User.active)
    )  # fmt: skip
    row = session.execute(query).one_or_none()
    return _Standing(*row) if row is not None else None

"""Tables of the access room: tenants, people, what they may do, and by what they prove who they are.

Nothing here can be read as a name, an address or a secret: what identifies a person is sealed under that person's own
key, secrets are hashed, and what has to be had again (TOTP keys, signing keys) is sealed by the vault.
"""

from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import CheckConstraint, Enum, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from meschain.access.scopes import ScopeKind
from meschain.store.base import Base, Json, Sealed, TenantOwned, utc_now
from meschain.store.ids import new_id

HOME_TIME_ZONE = "Europe/Istanbul"
HOME_CURRENCY = "TRY"
Locale = Literal["en", "tr"]
LinkKind = Literal["first-owner", "invitation", "password-reset"]
SessionKind = Literal["api", "browser"]


def _one_of(words: object, name: str) -> Enum:
    return Enum(*get_args(words), name=name, native_enum=False, create_constraint=True, length=32)


class Tenant(Base):
    """One seller of the installation."""

    __tablename__ = "access_tenants"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    default_currency: Mapped[str | None]
    """ISO 4217 code taken for prices when neither the feed nor the profile names one."""
    time_zone: Mapped[str] = mapped_column(default=HOME_TIME_ZONE)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    version: Mapped[int] = mapped_column(default=1)
    policy_version: Mapped[int] = mapped_column(default=1)
    """Counts up whenever a role, a grant or a membership changes: what was concluded before no longer holds."""
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it once


class User(Base):
    """A person who may log in; the same one may belong to several tenants."""

    __tablename__ = "access_users"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    email_token: Mapped[str | None] = mapped_column(unique=True)
    """Keyed hash of the e-mail address, to find the person by; None once erased."""
    profile: Mapped[bytes] = mapped_column(LargeBinary)
    """`email` and `name`, under the person's own key."""
    locale: Mapped[Locale] = mapped_column(_one_of(Locale, "locale"), default="tr")
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    erased_at: Mapped[datetime | None]


class Credentials(Base):
    """By what a user proves who it is. No tenant's session can read it."""

    __tablename__ = "access_credentials"

    user_id: Mapped[str] = mapped_column(ForeignKey("access_users.id"), primary_key=True)
    password_hash: Mapped[str | None]
    session_version: Mapped[int] = mapped_column(default=1)
    """Counts up when every session of the user has to end."""
    totp_secret: Mapped[bytes | None] = mapped_column(Sealed)
    totp_confirmed: Mapped[bool] = mapped_column(default=False)
    totp_step: Mapped[int | None]
    """The last time step of which a code was taken: none is taken twice."""
    failures: Mapped[int] = mapped_column(default=0)
    """Failed attempts in a row."""
    locked_until: Mapped[datetime | None]


class RecoveryCode(Base):
    """A code that stands in for the second factor once."""

    __tablename__ = "access_recovery_codes"

    hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("access_users.id"), index=True)


class Membership(TenantOwned, Base):
    """A user belongs to a tenant; what it may do there, its grants say."""

    __tablename__ = "access_memberships"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("access_tenants.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("access_users.id"), primary_key=True, index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Role(TenantOwned, Base):
    """A tenant's own role, beside the built-in ones."""

    __tablename__ = "access_roles"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    allow: Mapped[list[str]] = mapped_column(Json)
    deny: Mapped[list[str]] = mapped_column(Json, default=list)
    """Patterns of permissions; what is denied is not allowed by any other role."""
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it once


class ApiKey(TenantOwned, Base):
    """A machine's key; only its hash is kept."""

    __tablename__ = "access_api_keys"
    __table_args__ = (UniqueConstraint("tenant_id", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    """The public part of the key."""
    name: Mapped[str]
    hash: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Grant(TenantOwned, Base):
    """A role given to a member or to an API key, over everything or within one scope."""

    __tablename__ = "access_grants"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "user_id"], ["access_memberships.tenant_id", "access_memberships.user_id"]),
        ForeignKeyConstraint(["tenant_id", "api_key_id"], ["access_api_keys.tenant_id", "access_api_keys.id"]),
        CheckConstraint("(user_id IS NULL) <> (api_key_id IS NULL)", name="one_subject"),
        CheckConstraint("(scope_kind IS NULL) = (scope_pattern IS NULL)", name="whole_scope"),
        Index(None, "tenant_id", "user_id"),
        Index(None, "tenant_id", "api_key_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[str | None]
    api_key_id: Mapped[str | None]
    role: Mapped[str]
    """Name of a built-in role or of one of the tenant's own."""
    scope_kind: Mapped[ScopeKind | None] = mapped_column(_one_of(ScopeKind, "scope_kind"))
    scope_pattern: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Link(TenantOwned, Base):
    """A link that works once: an invitation, a new password, the first owner."""

    __tablename__ = "access_links"
    __table_args__ = (Index(None, "tenant_id"),)

    hash: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(default=new_id, unique=True)
    kind: Mapped[LinkKind] = mapped_column(_one_of(LinkKind, "kind"))
    tenant_id: Mapped[str | None] = mapped_column(ForeignKey("access_tenants.id"))
    user_id: Mapped[str]
    """Whom it is for: of an invitation a person of its own, who becomes a user unless the address is one's already."""
    email_token: Mapped[str | None] = mapped_column(index=True)
    """By which the invited person is known, as a user is."""
    profile: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The invited person's e-mail address, under that person's key."""
    grants: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """What whoever accepts it is given: role, scope_kind, scope_pattern."""
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class UserSession(TenantOwned, Base):
    """One login of a user to one tenant; its tokens are a family that lives and dies together."""

    __tablename__ = "access_sessions"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("access_users.id"), index=True)
    kind: Mapped[SessionKind] = mapped_column(_one_of(SessionKind, "kind"))
    detail: Mapped[bytes] = mapped_column(LargeBinary)
    """Address and browser of the login, under the person's own key."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    seen_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class RefreshToken(Base):
    """An opaque token of a session, good for one exchange; a second use of it ends the session."""

    __tablename__ = "access_refresh_tokens"

    hash: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("access_sessions.id"), index=True)
    issued_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SigningKey(Base):
    """A key that signs access tokens: the newest signs, one that is retired verifies until its last token ends."""

    __tablename__ = "access_signing_keys"

    kid: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[bytes] = mapped_column(Sealed)
    public: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    retired_at: Mapped[datetime | None]

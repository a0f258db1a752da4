"""What the routes of the access room take and give."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from meschain.access.grants import GivenRole
from meschain.access.scopes import ScopeKind
from meschain.access.sessions import Seen
from meschain.access.tables import ApiKey, Grant, Link, Locale, Role, Tenant
from meschain.access.users import Person

Password = Annotated[str, Field(max_length=256, examples=["yedi mavi çaydanlık 7"])]
Email = Annotated[str, Field(max_length=200, examples=["mehmet@example.com"])]
Patterns = Annotated[list[str], Field(max_length=100, examples=[["catalog:*", "suppliers:read"]])]


class Body(BaseModel):
    """What is sent; a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class GivenRoleBody(Body):
    """A role, over everything or within one scope."""

    role: str = Field(max_length=63, examples=["ops"])
    scope_kind: ScopeKind | None = None
    scope_pattern: str | None = Field(default=None, max_length=63, examples=["acme-*"])

    def given(self) -> GivenRole:
        """As the use cases take it."""
        return GivenRole(self.role, self.scope_kind, self.scope_pattern)

    @classmethod
    def of(cls, grant: Grant) -> Self:
        """From a grant."""
        return cls(role=grant.role, scope_kind=grant.scope_kind, scope_pattern=grant.scope_pattern)


Given = Annotated[list[GivenRoleBody], Field(min_length=1, max_length=50)]


class UserOut(BaseModel):
    """A member of the tenant."""

    id: str
    email: str
    name: str
    locale: Locale
    active: bool
    roles: list[GivenRoleBody] = []

    @classmethod
    def of(cls, person: Person, grants: list[Grant]) -> Self:
        """From a person and the tenant's grants."""
        roles = [GivenRoleBody.of(grant) for grant in grants if grant.user_id == person.id]
        return cls(
            id=person.id, email=person.email, name=person.name, locale=person.locale, active=person.active, roles=roles
        )


class InvitationOut(BaseModel):
    """An invitation that is open."""

    id: str
    email: str
    roles: list[GivenRoleBody]
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, link: Link, email: str) -> Self:
        """From a link and the address it is for."""
        roles = [GivenRoleBody.model_validate(given) for given in link.grants]
        return cls(id=link.id, email=email, roles=roles, created_at=link.created_at, expires_at=link.expires_at)


class InvitationMade(InvitationOut):
    """A new invitation with its link, which is shown this once."""

    link: str


class RoleOut(BaseModel):
    """A role: built in, or one of the tenant's own."""

    name: str
    builtin: bool
    allow: list[str]
    deny: list[str]
    description: str = ""

    @classmethod
    def of(cls, role: Role) -> Self:
        """From a role of the tenant's own."""
        return cls(name=role.name, builtin=False, allow=role.allow, deny=role.deny)


class ApiKeyOut(BaseModel):
    """An API key, without its secret."""

    id: str
    name: str
    roles: list[GivenRoleBody]
    created_by: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey, grants: list[Grant]) -> Self:
        """From a key and what it may do."""
        return cls(
            id=key.id, name=key.name, roles=[GivenRoleBody.of(grant) for grant in grants], created_by=key.created_by,
            created_at=key.created_at, expires_at=key.expires_at, last_used_at=key.last_used_at,
            revoked_at=key.revoked_at,
        )  # fmt: skip


class ApiKeyMade(ApiKeyOut):
    """A new API key with its secret, which is shown this once."""

    key: str


class SessionOut(BaseModel):
    """A session of one's own."""

    id: str
    kind: str
    tenant: str
    current: bool
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    ip: str | None
    user_agent: str | None

    @classmethod
    def of(cls, seen: Seen, current: str | None) -> Self:
        """From a session; `current` is the id of the one that asks."""
        return cls(
            id=seen.id, kind=seen.kind, tenant=seen.tenant, current=seen.id == current, created_at=seen.created_at,
            seen_at=seen.seen_at, expires_at=seen.expires_at, ip=seen.ip, user_agent=seen.user_agent,
        )  # fmt: skip


class TenantOut(BaseModel):
    """The tenant's settings."""

    slug: str
    name: str
    currency: str | None
    time_zone: str

    @classmethod
    def of(cls, tenant: Tenant) -> Self:
        """From the tenant."""
        return cls(slug=tenant.slug, name=tenant.name, currency=tenant.default_currency, time_zone=tenant.time_zone)


class Explanation(BaseModel):
    """Why something is allowed or not."""

    allowed: bool
    reason: str
    text: str = Field(description="The same for a person to read, with what would be needed.")

"""Views of people, roles and what may be done: members, invitations, grants, roles, explanations."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from meschain.access.grants import GivenRole
from meschain.web.console.views.page import EMPTY, Choice, Form, OneTime, View


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """A member of the tenant."""

    id: str
    name: str
    email: str
    grants: tuple[GivenRole, ...]
    active: bool = True
    second_factor: bool = False
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRow:
    """An invitation that nobody has accepted yet."""

    id: str
    email: str
    grants: tuple[GivenRole, ...]
    created_by: str
    expires_at: datetime
    expired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class People(View):
    """Who is in, and who is invited."""

    template: ClassVar[str] = "people.html"
    members: tuple[MemberRow, ...]
    invitations: tuple[InvitationRow, ...]
    me: str
    """Id of the reader."""
    made: OneTime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite(View):
    """Invite somebody. Posts `email` and rows of roles (see `grant_rows`)."""

    template: ClassVar[str] = "invite.html"
    roles: tuple[Choice, ...]
    grants: tuple[GivenRole, ...] = ()
    form: Form = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(View):
    """What one member may do. Posts rows of roles (see `grant_rows`)."""

    template: ClassVar[str] = "member.html"
    member: MemberRow
    roles: tuple[Choice, ...]
    grants: tuple[GivenRole, ...]
    """As they stand in the form."""
    is_me: bool = False
    form: Form = EMPTY
    made: OneTime | None = None


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role in a list."""

    name: str
    description: str
    builtin: bool
    holders: int
    """How many members and keys have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles(View):
    """Every role that can be given."""

    template: ClassVar[str] = "roles.html"
    roles: tuple[RoleRow, ...]


Rule = Literal["", "allow", "deny"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Role(View):
    """What a role allows and denies. Posts `name` (of a new one), `version` and the rules (see `role_rules`)."""

    template: ClassVar[str] = "role.html"
    name: str = ""
    """Empty for a new one."""
    builtin: bool = False
    description: str = ""
    holders: int = 0
    version: int = 0
    rules: Mapping[str, Rule]
    """By pattern of permissions; one that is not there says nothing."""
    form: Form = EMPTY


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why something is allowed or refused."""

    allowed: bool
    because: str
    needed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explain(View):
    """Ask whether somebody may do something. Asks by GET: `who`, `permission`, `kind`, `name`."""

    template: ClassVar[str] = "explain.html"
    subjects: tuple[Choice, ...]
    form: Form = EMPTY
    explanation: Explanation | None = None

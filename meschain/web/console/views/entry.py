"""Views of the pages before and after a session: log in, second factor, links, choosing a tenant, errors."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from meschain.access.tables import LinkKind
from meschain.web.console.views.page import EMPTY, Asked, Form, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Login(View):
    """E-mail address and password. Values: email."""

    template: ClassVar[str] = "login.html"
    form: Form = EMPTY
    next: str = ""
    """Page to go to afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactor(View):
    """A code of the app, or a recovery code. Values: none."""

    template: ClassVar[str] = "second_factor.html"
    form: Form = EMPTY
    next: str = ""


@dataclass(frozen=True, slots=True)
class TenantChoice:
    """A tenant one may work for."""

    slug: str
    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseTenant(View):
    """For which tenant to work. Posts `tenant` (slug) and `next`."""

    template: ClassVar[str] = "choose_tenant.html"
    tenants: tuple[TenantChoice, ...]
    current: str | None = None
    next: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UseLink(View):
    """What a single-use link is for: accept an invitation, set a new password. Values: name. Posts also `password`."""

    template: ClassVar[str] = "use_link.html"
    kind: LinkKind
    token: str
    email: str
    tenant_name: str
    form: Form = EMPTY
    known: bool = False
    """Whether the person has a password already, and proves by it who joins. Posts also `code`."""


@dataclass(frozen=True, slots=True)
class SignedOut(View):
    """After the end of a session."""

    template: ClassVar[str] = "signed_out.html"


ProblemKind = Literal[400, 401, 403, 404, 409, 410, 413, 422, 429, 500, 503]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem(View):
    """Why a page could not be given."""

    template: ClassVar[str] = "problem.html"
    status: ProblemKind
    detail: Asked = ""
    """What was expected and what to do, if it is fit for a person to read."""

"""Views of what belongs to one person or machine: account, second factor, sessions, API keys; tenant settings."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from markupsafe import Markup

from meschain.access.grants import GivenRole
from meschain.access.tables import Locale, SessionKind
from meschain.web.console.views.page import EMPTY, Choice, Form, OneTime, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(View):
    """The reader's own account. Posts `name`; `current`, `password`; `language`."""

    template: ClassVar[str] = "account.html"
    name: str
    email: str
    language: Locale
    second_factor: bool
    recovery_codes: int = 0
    """How many are left."""
    naming: Form = EMPTY
    password: Form = EMPTY
    factor: Form = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolSecondFactor(View):
    """Take up a second factor. Posts `code`."""

    template: ClassVar[str] = "enrol_second_factor.html"
    picture: Markup
    """QR code of the address that the app reads (see `qr.picture`)."""
    secret: str
    """The same for typing."""
    form: Form = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodes(View):
    """Codes that stand in for the second factor, shown once."""

    template: ClassVar[str] = "recovery_codes.html"
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session of the reader's own."""

    id: str
    kind: SessionKind
    tenant: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    ip: str | None = None
    browser: str | None = None
    is_this: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions(View):
    """Where the reader is logged in."""

    template: ClassVar[str] = "sessions.html"
    sessions: tuple[SessionRow, ...]


KeyState = Literal["active", "expired", "revoked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """An API key; its secret is known to nobody."""

    id: str
    """Its public part."""
    name: str
    grants: tuple[GivenRole, ...]
    state: KeyState
    created_by: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeys(View):
    """Keys of machines. Posts `name`, `days` and rows of roles (see `grant_rows`)."""

    template: ClassVar[str] = "api_keys.html"
    keys: tuple[KeyRow, ...]
    roles: tuple[Choice, ...]
    grants: tuple[GivenRole, ...] = ()
    form: Form = EMPTY
    made: OneTime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(View):
    """Settings of the tenant. Posts `name`, `currency`, `time_zone`, `version`."""

    template: ClassVar[str] = "settings.html"
    slug: str
    name: str
    currency: str | None
    time_zone: str
    version: int
    currencies: tuple[str, ...]
    time_zones: tuple[str, ...]
    form: Form = EMPTY

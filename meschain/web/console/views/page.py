"""What every page of the console is made from: the page around it, and the small parts that many views share.

A view holds what one page shows, ready to be written: names instead of ids, no secrets, nothing to be looked up. Routes
fill views from the rooms' services; templates read nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from meschain.access.permissions import Permission
from meschain.access.policy import Policy
from meschain.access.scopes import Scope, ScopeKind
from meschain.access.tables import HOME_TIME_ZONE, Locale
from meschain.web.console.formats import Formats
from meschain.web.console.language import Message
from meschain.web.console.notices import Notice

Asked = Message | str
"""What a template says in the reader's language; a bare text from a service stays as it is if nobody translated it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who is logged in."""

    name: str
    email: str
    tenant: str
    """Slug of the tenant worked for."""
    tenant_name: str
    tenants: int = 1
    """How many tenants could be worked for."""
    rights: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What surrounds a view: the reader, the language, the request."""

    language: Locale
    csrf_token: str
    """Goes into every form that posts."""
    path: str
    """Path and query of this page: where a change of language leads back to."""
    zone_name: str = HOME_TIME_ZONE
    request_id: str = ""
    reader: Reader | None = None
    """None while nobody is logged in."""
    notice: Notice | None = None
    """What has just been done."""
    formats: Formats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "formats", Formats(self.language, self.zone_name))  # frozen for everybody else

    def may(self, permission: str, supplier: str | None = None, *, channel: str | None = None) -> bool:
        """Whether the reader may do it, for the tenant as a whole or for one of a kind; ValueError if nobody could.

        Only for what a page offers: the routes ask again.
        """
        scope: Scope | None = ("supplier", supplier) if supplier is not None else None
        scope = ("channel", channel) if channel is not None else scope
        wanted = Permission(permission)
        return self.reader is not None and self.reader.rights.allows(wanted, scope)

    def may_anywhere(self, permission: str, kind: ScopeKind = "supplier") -> bool:
        """Whether there is a supplier, or a channel, at all for which the reader may do it."""
        if self.reader is None:
            return False
        scopes = self.reader.rights.scopes(Permission(permission), kind)
        return scopes is None or bool(scopes)


class View:
    """One page's content; `template` writes it."""

    __slots__ = ()
    template: ClassVar[str]
    fragment: ClassVar[str] = ""
    """Template of the part that is fetched again and again while something goes on; empty if nothing does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What was given into a form, and what is wrong with it, by name of the field."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, Asked] = field(default_factory=dict)
    refused: Asked = ""
    """Why the whole of it cannot be done."""

    def value(self, name: str, default: object = "") -> str:
        """What stands in the field."""
        return self.values.get(name, "" if default is None else str(default))

    @property
    def wrong(self) -> bool:
        """Whether there is anything to mend."""
        return bool(self.errors or self.refused)


EMPTY = Form()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """The way through a long list."""

    first_url: str | None = None
    """To the beginning; None on the first page."""
    next_url: str | None = None
    """To what follows; None at the end."""


ONE_PAGE = Paging()


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be chosen."""

    value: str
    label: Asked


@dataclass(frozen=True, slots=True)
class OneTime:
    """A secret that is shown now and never again."""

    kind: Literal["api-key", "invitation", "password-reset"]
    value: str
    whom: str
    """For whom, or what it is called."""

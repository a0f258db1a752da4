"""The menu: which pages it leads to, under which heading, and what one has to be permitted to see each."""

from typing import NamedTuple

from meschain.access.scopes import ScopeKind
from meschain.web.console.language import N_
from meschain.web.console.views.page import Page


class Entry(NamedTuple):
    """One line of the menu; `place` names the page, an empty permission is everybody's.

    Who has the permission for anything of the `kind` sees the line.
    """

    place: str
    label: str
    permission: str
    kind: ScopeKind = "supplier"
    whole: bool = False
    """Whether the page is only for who may it for the tenant as a whole, not for some supplier."""


class Section(NamedTuple):
    """Some lines under a heading; the first has none."""

    heading: str
    entries: tuple[Entry, ...]


MENU = (
    Section("", (Entry("home", N_("Overview"), ""),)),
    Section(
        N_("Catalog"),
        (
            Entry("suppliers", N_("Suppliers"), "suppliers:read"),
            Entry("runs", N_("Runs"), "catalog:read"),
            Entry("quarantine", N_("Quarantine"), "catalog:read"),
            Entry("offers", N_("Offers"), "catalog:read"),
        ),
    ),
    Section(N_("Sales"), (Entry("channels", N_("Channels"), "channels:read", "channel"),)),
    Section(
        N_("Prices"),
        (
            Entry("margins", N_("Margins"), "pricing:read", "channel"),
            Entry("prices", N_("Prices"), "pricing:read", "channel"),
            Entry("refused-prices", N_("Refused prices"), "pricing:read", "channel"),
            Entry("quote", N_("Quote"), "pricing:read", "channel"),
            Entry("what-ifs", N_("What-if"), "pricing:read", whole=True),
            Entry("price-rules", N_("Price rules"), "pricing:read", whole=True),
            Entry("terms", N_("Fees and taxes"), "pricing:read", "channel"),
            Entry("rates", N_("Rates"), "pricing:read", whole=True),
            Entry("tariffs", N_("Cargo tariffs"), "pricing:read", "channel"),
        ),
    ),
    Section(N_("Work"), (Entry("flows", N_("Flows"), "flows:read"),)),
    Section(
        N_("Access"),
        (
            Entry("people", N_("People"), "access:read"),
            Entry("roles", N_("Roles"), "access:read"),
            Entry("api-keys", N_("API keys"), "api-keys:read"),
            Entry("audit", N_("Audit log"), "audit:read"),
        ),
    ),
    Section(N_("Tenant"), (Entry("settings", N_("Settings"), "settings:read"),)),
)


def menu(page: Page) -> list[Section]:
    """The menu as the reader may use it: what can be seen for some supplier or channel only counts as well."""
    sections = (Section(heading, tuple(each for each in entries if _shown(each, page))) for heading, entries in MENU)
    return [section for section in sections if section.entries]


def _shown(entry: Entry, page: Page) -> bool:
    if not entry.permission:
        return True
    return page.may(entry.permission) if entry.whole else page.may_anywhere(entry.permission, entry.kind)

"""Everything that can be permitted, as `resource:action`, and the patterns that name several of them."""

from collections.abc import Iterable
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from typing import Self

from commerce.errors import Refused

EVERYTHING = "*"
_PROPOSED, _LONGEST = 3, 80


class Permission(StrEnum):
    """One thing that may be allowed or denied, in alphabetical order, each with the words a person reads."""

    description: str

    def __new__(cls, value: str, description: str = "") -> Self:
        """A member whose value is the text of the permission alone."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member

    ACCESS_READ = "access:read", "see users, roles, grants and invitations"
    ACCESS_WRITE = "access:write", "invite and remove users, change roles and what people may do"
    API_KEYS_READ = "api-keys:read", "see API keys and when they were last used"
    API_KEYS_WRITE = "api-keys:write", "make and revoke API keys"
    AUDIT_EXPORT = "audit:export", "take a copy of the audit log"
    AUDIT_READ = "audit:read", "search the audit log and see its proofs"
    CATALOG_APPROVE = "catalog:approve", "approve, reject and roll back runs"
    CATALOG_READ = "catalog:read", "see offers, their history, runs and the quarantine"
    CATALOG_RETRY = "catalog:retry", "try quarantined rows again"
    CATALOG_SYNC = "catalog:sync", "fetch and import a supplier's feed"
    CHANNELS_READ = "channels:read", "see sales channels"
    CHANNELS_WRITE = "channels:write", "add and change sales channels"
    FLOWS_CANCEL = "flows:cancel", "stop a running flow"
    FLOWS_READ = "flows:read", "see flow runs and their logs"
    FLOWS_TRIGGER = "flows:trigger", "start a flow"
    PERSONAL_ERASE = "personal:erase", "erase a person for good"
    PERSONAL_READ = "personal:read", "see and hand out what is known of a person"
    PRICING_APPROVE = "pricing:approve", "approve price rules, prices below the floor and unusual rates"
    PRICING_READ = "pricing:read", "see margins, prices, their rules, fees and rates"
    PRICING_REFRESH = "pricing:refresh", "fetch rates, compute margins, prices and what-ifs"
    PRICING_WRITE = "pricing:write", "change fees, tariffs and drafts of price rules"
    PROFILES_WRITE = "profiles:write", "change how a supplier's feed is read"
    REPORTS_READ = "reports:read", "see reports"
    SETTINGS_READ = "settings:read", "see the tenant's settings"
    SETTINGS_WRITE = "settings:write", "change the tenant's settings"
    SUPPLIERS_READ = "suppliers:read", "see suppliers and how they are reached"
    SUPPLIERS_TEST = "suppliers:test", "try the connection to a supplier"
    SUPPLIERS_WRITE = "suppliers:write", "add, change and remove suppliers"
    WAREHOUSE_MAINTAIN = "warehouse:maintain", "tidy up the warehouse and let old data go"

    @property
    def resource(self) -> str:
        """What it is about: the part before the colon."""
        return self.value.partition(":")[0]

    @property
    def patterns(self) -> frozenset[str]:
        """Every pattern that names it: itself, all of its resource, everything."""
        return _patterns(self)


@cache
def _patterns(permission: Permission) -> frozenset[str]:
    return frozenset((permission.value, f"{permission.resource}:*", EVERYTHING))


PATTERNS = frozenset().union(*(permission.patterns for permission in Permission))
"""Every pattern there is: each names at least one permission."""


def expand(patterns: Iterable[str]) -> frozenset[Permission]:
    """The permissions that any of the patterns names; a pattern that names none adds none."""
    given = frozenset(patterns)
    return frozenset(permission for permission in Permission if not permission.patterns.isdisjoint(given))


def check_patterns(patterns: Iterable[str]) -> tuple[str, ...]:
    """The patterns, each once and in order; Refused if one names no permission, telling which and what was meant."""
    given = sorted(set(patterns))
    wrong = [pattern for pattern in given if pattern not in PATTERNS]
    if wrong:
        raise Refused("; ".join(map(_correction, wrong)))
    return tuple(given)


def _correction(pattern: str) -> str:
    shown = pattern[:_LONGEST]
    near = get_close_matches(shown, sorted(PATTERNS), n=_PROPOSED)
    meant = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(Permission)}"
    return f"{shown!r} is no permission; expected one such as catalog:read, a resource (catalog:*) or *: {meant}"

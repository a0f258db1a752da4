"""What forms about rights post, read back: the roles given to somebody, and the rules of a role. Pure."""

from collections.abc import Mapping
from typing import Literal, cast

from meschain.access.grants import GivenRole
from meschain.access.permissions import EVERYTHING, Permission
from meschain.access.scopes import ScopeKind

SPARE_ROWS = 2
"""Empty rows at the end of a form of roles."""
MOST_ROWS = 50
RULE = "rule."
"""Stands before a pattern of permissions in the form of a role."""
Rule = Literal["", "allow", "deny"]


def read_grants(posted: Mapping[str, str]) -> tuple[GivenRole, ...]:
    """The roles of the rows `role-0`, `kind-0`, `name-0`, `role-1` …; a row without a role gives none, a row twice one.

    Whether there are such roles and scopes is for the use case to say.
    """
    rows = [(posted.get(f"role-{n}", ""), posted.get(f"kind-{n}", ""), posted.get(f"name-{n}", "").strip())
            for n in range(MOST_ROWS)]  # fmt: skip
    given = (
        GivenRole(role, cast("ScopeKind", kind), name) if kind else GivenRole(role) for role, kind, name in rows if role
    )
    return tuple(dict.fromkeys(given))


def read_rules(posted: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The patterns that a role allows and those that it denies."""
    rules = {key.removeprefix(RULE): rule for key, rule in posted.items() if key.startswith(RULE)}
    return (
        tuple(sorted(pattern for pattern, rule in rules.items() if rule == "allow")),
        tuple(sorted(pattern for pattern, rule in rules.items() if rule == "deny")),
    )


def rules_of(allow: tuple[str, ...], deny: tuple[str, ...]) -> dict[str, Rule]:
    """The other way round: what stands in the form."""
    return {**dict.fromkeys(allow, "allow"), **dict.fromkeys(deny, "deny")}


def matrix() -> tuple[tuple[str, tuple[Permission, ...]], ...]:
    """Every permission, by the resource it is about: `everything` first."""
    resources = dict.fromkeys(permission.resource for permission in Permission)
    return (
        (EVERYTHING, ()),
        *((name, tuple(each for each in Permission if each.resource == name)) for name in resources),
    )

"""What policies are compared with: grants drawn at random, and evaluated one by one, slowly and obviously."""

from fnmatch import fnmatchcase

from hypothesis import strategies as st

from meschain.access.permissions import PATTERNS, Permission
from meschain.access.policy import Grant
from meschain.access.scopes import Scope

kinds = st.sampled_from(["channel", "supplier"])
held = st.tuples(kinds, st.sampled_from(["*", "a", "ab", "a*", "*b", "*a*", "a*b", "zz"]))
rights = st.lists(st.sampled_from(sorted(PATTERNS)), max_size=3).map(tuple)
grants = st.lists(st.builds(Grant, st.sampled_from("xyz"), rights, rights, st.none() | held), max_size=6)
scopes = st.none() | st.tuples(kinds, st.sampled_from(["a", "b", "ab", "ba", "aab", "acb", "zz", ""]))


def names(patterns: tuple[str, ...], permission: Permission) -> bool:
    return any(fnmatchcase(permission.value, pattern) for pattern in patterns)


def holds(grant: Grant, scope: Scope | None, *, deny: bool) -> bool:
    if grant.scope is None:
        return True
    if scope is None:
        return deny
    return grant.scope[0] == scope[0] and fnmatchcase(scope[1], grant.scope[1])


def allowed_one_by_one(several: list[Grant], permission: Permission, scope: Scope | None) -> bool:
    for grant in several:
        if names(grant.deny, permission) and holds(grant, scope, deny=True):
            return False
    return any(names(grant.allow, permission) and holds(grant, scope, deny=False) for grant in several)

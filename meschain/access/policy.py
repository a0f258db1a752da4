"""What a subject may do, compiled from its grants. Pure decisions: grants come in, no store is asked.

- What nobody allowed is refused. What any grant denies is refused, whatever else allows it.
- A grant without a scope holds for the tenant as a whole and for everything in it.
- A grant with a scope holds for what its pattern names. It allows no act upon the tenant as a whole; but what it denies
  is denied for the whole as well, since such an act would reach what it protects.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self

from meschain.access.permissions import Permission, expand
from meschain.access.scopes import ANY, Matcher, Scope, Scopes, matches, overlap

_KNOWN: Mapping[str, Permission] = {permission.value: permission for permission in Permission}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role given to a subject: what the role allows and denies, over everything or within one scope."""

    role: str
    allow: tuple[str, ...]
    deny: tuple[str, ...] = ()
    scope: Scope | None = None
    """A kind and a pattern, such as ("supplier", "acme-*"); None for the tenant as a whole."""

    def allows_at(self, scope: Scope | None) -> bool:
        """Whether what the role allows holds for the scope of an act."""
        return self.scope is None or (scope is not None and self._names(scope))

    def denies_at(self, scope: Scope | None) -> bool:
        """Whether what the role denies holds for the scope of an act."""
        return self.scope is None or scope is None or self._names(scope)

    def _names(self, scope: Scope) -> bool:
        return self.scope is not None and self.scope[0] == scope[0] and matches(self.scope[1], scope[1])

    def __str__(self) -> str:
        return f"{self.role} {place(self.scope)}" if self.scope else self.role


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether an act is allowed, and by which grant; true if it is. No grant decides what nobody allowed."""

    allowed: bool
    reason: str
    grant: Grant | None = None

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, slots=True)
class _Rule:
    """What all grants together say about one permission."""

    whole: bool = False
    """Allowed for the tenant as a whole, and hence everywhere."""
    anywhere: bool = False
    """Allowed wherever it is not denied."""
    allow: Mapping[str, Matcher] = field(default_factory=dict)
    deny: Mapping[str, Matcher] = field(default_factory=dict)

    def allows(self, scope: Scope | None) -> bool:
        if scope is None or self.whole:
            return self.whole
        kind, name = scope
        if not self.anywhere and ((allow := self.allow.get(kind)) is None or not allow.covers(name)):
            return False
        return (deny := self.deny.get(kind)) is None or not deny.covers(name)


_NOTHING = _Rule()


class Policy:
    """The grants of one subject in one tenant, each permission compiled when it is first asked for."""

    __slots__ = ("_rules", "grants")

    def __init__(self, grants: tuple[Grant, ...]) -> None:
        self.grants = grants
        self._rules: dict[str, _Rule] = {}

    @classmethod
    def of(cls, grants: Iterable[Grant]) -> Self:
        """The policy that these grants make."""
        return cls(tuple(grants))

    def allows(self, permission: Permission, scope: Scope | None = None) -> bool:
        """Whether it is allowed for what `scope` names, or for the tenant as a whole."""
        return self._rule(permission).allows(scope)

    def decide(self, permission: Permission, scope: Scope | None = None) -> Decision:
        """The same as `allows`, with the reason in words."""
        denying = next((grant for grant in self.denying(permission) if grant.denies_at(scope)), None)
        if denying is not None:
            return Decision(allowed=False, reason=f"role {denying} denies {permission}", grant=denying)
        allowing = list(self.allowing(permission))
        found = next((grant for grant in allowing if grant.allows_at(scope)), None)
        if found is not None:
            return Decision(allowed=True, reason=f"role {found} allows {permission}", grant=found)
        if allowing:
            elsewhere = ", ".join(map(str, allowing))
            reason = f"{permission} is allowed by {elsewhere} only, not {place(scope)}"
        elif self.grants:
            had = ", ".join(dict.fromkeys(map(str, self.grants)))
            reason = f"no role allows {permission}; there are: {had}"
        else:
            reason = "no role was given"
        return Decision(allowed=False, reason=reason)

    def scopes(self, permission: Permission, kind: str) -> Scopes | None:
        """Of which things of a kind a list may show something: None means all of them, a false answer none."""
        rule = self._rule(permission)
        deny = rule.deny.get(kind)
        if rule.anywhere and deny is None:
            return None
        allow = (ANY,) if rule.anywhere else rule.allow[kind].patterns if kind in rule.allow else ()
        denied = deny.patterns if deny is not None else ()
        seen = sorted({each for each in allow if not any(matches(wide, each) for wide in denied)})
        return Scopes(tuple(seen), tuple(sorted(set(denied))) if seen else ())

    def lacks(self, grant: Grant) -> tuple[Permission, ...]:
        """What the grant would give that the subject of this policy has not got itself, in alphabetical order.

        Nobody may give more than that: whoever may change grants could make itself owner otherwise.
        """
        given = expand(grant.allow) - expand(grant.deny)
        return tuple(sorted(permission for permission in given if not self._has(permission, grant.scope)))

    def allowing(self, permission: Permission) -> Iterator[Grant]:
        """The grants that allow it, wherever they hold."""
        misses = _patterns(permission).isdisjoint
        return (grant for grant in self.grants if not misses(grant.allow))

    def denying(self, permission: Permission) -> Iterator[Grant]:
        """The grants that deny it, wherever they hold."""
        misses = _patterns(permission).isdisjoint
        return (grant for grant in self.grants if not misses(grant.deny))

    def _has(self, permission: Permission, scope: Scope | None) -> bool:
        """Whether it is allowed for everything that the scope's pattern names."""
        rule = self._rule(permission)
        if scope is None or rule.whole:
            return rule.whole
        kind, pattern = scope
        allow, deny = rule.allow.get(kind), rule.deny.get(kind)
        wide = rule.anywhere or (allow is not None and any(matches(each, pattern) for each in allow.patterns))
        return wide and not (deny is not None and any(overlap(each, pattern) for each in deny.patterns))

    def _rule(self, permission: Permission) -> _Rule:
        rule = self._rules.get(permission)
        if rule is None:
            if permission not in _KNOWN:
                return _NOTHING  # and is not kept: texts from outside would fill the memory
            rule = self._rules[permission] = self._compile(permission)
        return rule

    def _compile(self, permission: Permission) -> _Rule:
        misses = _patterns(permission).isdisjoint
        allowed = [grant.scope for grant in self.grants if not misses(grant.allow)]
        denied = [grant.scope for grant in self.grants if grant.deny and not misses(grant.deny)]
        if None in denied or not allowed:
            return _NOTHING
        if None in allowed:
            return _Rule(whole=not denied, anywhere=True, deny=_by_kind(denied))
        return _Rule(allow=_by_kind(allowed), deny=_by_kind(denied))


def place(scope: Scope | None) -> str:
    """Where, in words: `on supplier acme-toys`, or for the tenant as a whole."""
    return f"on {scope[0]} {scope[1]}" if scope else "for the tenant as a whole"


def _patterns(permission: Permission) -> frozenset[str]:
    known = _KNOWN.get(permission)
    return known.patterns if known is not None else frozenset()


def _by_kind(scopes: list[Scope | None]) -> Mapping[str, Matcher]:
    named = [scope for scope in scopes if scope is not None]
    return {kind: Matcher([name for each, name in named if each == kind]) for kind in {kind for kind, _ in named}}

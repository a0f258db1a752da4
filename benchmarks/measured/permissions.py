"""Permission checks in the fresh process: many tenants with many grants each, asked for at random. No store.

One grant of ten is over everything, the others within a scope, by name or by pattern, and some deny; half of the checks
name a supplier. The floor asks a set for the same answers.
"""

import random
from collections.abc import Iterator
from typing import Any

from benchmarks.measured.clock import Stopwatch
from meschain.access.permissions import Permission
from meschain.access.policy import Grant, Policy
from meschain.access.policy_cache import PolicyCache, PolicyKey
from meschain.access.roles import builtin_roles
from meschain.access.scopes import Scope

Check = tuple[PolicyKey, Permission, Scope | None]
_ROLES = ("ops", "analyst", "viewer", "intern")
_INTERN = (("catalog:*",), ("catalog:approve",))
_WHOLE = 0.1


def look_up(tenants: int, grants: int, subjects: int, checks: int, seed: int) -> dict[str, Any]:
    """The floor: the answers are known, and looked up in a set of each subject."""
    world = _world(tenants, grants, subjects, seed)
    asked = _asked(world, checks, seed)
    allowed: dict[PolicyKey, set[tuple[Permission, Scope | None]]] = {key: set() for key in world}
    for key, permission, scope in asked:
        if Policy.of(world[key]).allows(permission, scope):
            allowed[key].add((permission, scope))
    with Stopwatch() as watch:
        found = sum((permission, scope) in allowed[key] for key, permission, scope in asked)
    return {**watch.told(), "checks": checks, "allowed": found}


def check_warm(tenants: int, grants: int, subjects: int, checks: int, seed: int) -> dict[str, Any]:
    """Through the cache, in which every subject's policy is kept and has been asked before."""
    world = _world(tenants, grants, subjects, seed)
    asked = _asked(world, checks, seed)
    cache = PolicyCache(len(world))
    _checked(cache, world, asked)
    with Stopwatch() as watch:
        found = _checked(cache, world, asked)
    return {**watch.told(), "checks": checks, "allowed": found}


def check_cold(tenants: int, grants: int, subjects: int, checks: int, seed: int) -> dict[str, Any]:
    """Through a cache that keeps one policy: nearly every check compiles one from the subject's grants."""
    world = _world(tenants, grants, subjects, seed)
    asked = _asked(world, checks, seed)
    cache = PolicyCache(1)
    with Stopwatch() as watch:
        found = _checked(cache, world, asked)
    return {**watch.told(), "checks": checks, "allowed": found}


def _checked(cache: PolicyCache, world: dict[PolicyKey, list[Grant]], asked: list[Check]) -> int:
    return sum(cache.get(key, lambda key=key: Policy.of(world[key])).allows(permission, scope)
               for key, permission, scope in asked)  # fmt: skip


def _world(tenants: int, grants: int, subjects: int, seed: int) -> dict[PolicyKey, list[Grant]]:
    """Every subject of every tenant with its share of the tenant's grants."""
    drawn = random.Random(seed)
    return {
        PolicyKey(f"tenant-{tenant}", 1, f"user:{subject}"): [*_grants(drawn, grants // subjects)]
        for tenant in range(tenants)
        for subject in range(subjects)
    }


def _grants(drawn: random.Random, number: int) -> Iterator[Grant]:
    for _ in range(number):
        role = drawn.choice(_ROLES)
        allow, deny = builtin_roles().get(role, _INTERN)
        name = f"supplier-{drawn.randrange(50)}"
        pattern = drawn.choice((name, f"{name}*", f"*-{drawn.randrange(50)}", f"s*-{drawn.randrange(50)}"))
        yield Grant(role, allow, deny, None if drawn.random() < _WHOLE else ("supplier", pattern))


def _asked(world: dict[PolicyKey, list[Grant]], checks: int, seed: int) -> list[Check]:
    drawn = random.Random(seed + 1)
    keys, permissions = list(world), list(Permission)
    scopes: list[Scope | None] = [("supplier", f"supplier-{number}") for number in range(50)]
    return [
        (drawn.choice(keys), drawn.choice(permissions), drawn.choice(scopes) if drawn.random() < 0.5 else None)
        for _ in range(checks)
    ]

"""The built-in roles hold what their names promise, each more than the next; what a role may hold is checked."""

import pytest

from commerce.errors import Refused
from meschain.access.permissions import Permission, check_patterns, expand
from meschain.access.policy import Grant, Policy
from meschain.access.roles import builtin_roles, describe_role

HELD = {name: expand(rights.allow) - expand(rights.deny) for name, rights in builtin_roles().items()}


def test_the_built_in_roles():
    assert list(builtin_roles()) == ["owner", "admin", "ops", "analyst", "viewer"]
    assert HELD["owner"] == set(Permission)
    assert HELD["admin"] == set(Permission) - {Permission.PERSONAL_ERASE}
    assert {permission.resource for permission in HELD["ops"]} == {
        "catalog", "channels", "flows", "pricing", "profiles", "reports", "suppliers", "warehouse",
    }  # fmt: skip
    assert {permission.value for permission in HELD["analyst"]} == {
        "catalog:read", "channels:read", "flows:read", "pricing:read", "reports:read", "suppliers:read",
    }  # fmt: skip
    assert HELD["viewer"] == {Permission.CATALOG_READ, Permission.SUPPLIERS_READ}


def test_each_holds_all_of_the_next():
    for more, less in zip(HELD.values(), [*HELD.values()][1:], strict=False):
        assert more > less


def test_they_hold_only_what_there_is():
    for rights in builtin_roles().values():
        assert check_patterns(rights.allow) == tuple(sorted(rights.allow))
        assert check_patterns(rights.deny) == tuple(sorted(rights.deny))


def test_they_are_described_and_cannot_be_changed():
    assert all(describe_role(name).endswith(".") for name in builtin_roles())
    assert describe_role("a-role-of-the-tenants-own") == ""
    with pytest.raises(TypeError):
        builtin_roles()["owner"] = ((), ())  # type: ignore[index]  # it is read-only: that is what is tested


def test_a_role_holds_no_unknown_permission():
    assert check_patterns(["catalog:*", "audit:read", "catalog:*"]) == ("audit:read", "catalog:*")
    with pytest.raises(Refused, match=r"'catalog:sink' is no permission.*did you mean catalog:sync"):
        check_patterns(["audit:read", "catalog:sink"])


@pytest.mark.parametrize("giver", ["admin", "ops", "analyst", "viewer"])
def test_nobody_below_makes_an_owner(giver):
    policy = Policy.of([Grant(giver, *builtin_roles()[giver])])
    assert Permission.PERSONAL_ERASE in policy.lacks(Grant("owner", *builtin_roles()["owner"]))
    assert policy.lacks(Grant(giver, *builtin_roles()[giver])) == ()

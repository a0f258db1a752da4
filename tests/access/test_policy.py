"""Decisions of a policy: by example, and against the grants evaluated one by one."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from meschain.access.permissions import Permission, expand
from meschain.access.policy import Grant, Policy
from meschain.access.scopes import Scopes
from tests.access.one_by_one import allowed_one_by_one, grants, held, kinds, rights, scopes

READ, SYNC, WRITE = Permission.CATALOG_READ, Permission.CATALOG_SYNC, Permission.SETTINGS_WRITE
TOYS = ("supplier", "acme-toys")


@given(grants, st.sampled_from(Permission), scopes)
def test_decisions_are_those_of_the_grants_one_by_one(several, permission, scope):
    policy = Policy.of(several)
    expected = allowed_one_by_one(several, permission, scope)
    assert policy.allows(permission, scope) == expected
    assert policy.allows(permission, scope) == expected, "asked again, from what was compiled"
    decision = policy.decide(permission, scope)
    assert bool(decision) == decision.allowed == expected
    assert decision.grant in several or (decision.grant is None and not expected)


@given(grants, st.sampled_from(Permission), kinds)
def test_a_list_shows_what_would_be_allowed_one_by_one(several, permission, kind):
    shown = Policy.of(several).scopes(permission, kind)
    for name in ("a", "b", "ab", "ba", "aab", "acb", "zz", "zzz", ""):
        expected = allowed_one_by_one(several, permission, (kind, name))
        assert (True if shown is None else shown.covers(name)) == expected
        assert not expected or shown is None or shown


@given(grants, st.builds(Grant, st.just("new"), rights, rights, st.none() | held), st.sampled_from(Permission), scopes)
def test_nobody_gives_more_than_he_has(own, new, permission, scope):
    policy = Policy.of(own)
    assume(not policy.lacks(new))
    if allowed_one_by_one([new], permission, scope):
        assert policy.allows(permission, scope)


@given(grants)
def test_whoever_has_a_role_without_denials_may_give_it(own):
    allowing = [Grant(grant.role, grant.allow, (), grant.scope) for grant in own]
    assert all(Policy.of(allowing).lacks(grant) == () for grant in allowing)


def test_nothing_is_allowed_without_a_grant():
    policy = Policy.of([])
    assert not any(policy.allows(permission, scope) for permission in Permission for scope in (None, TOYS))
    assert policy.decide(READ).reason == "no role was given"
    assert policy.scopes(READ, "supplier") == Scopes(())


def test_deny_beats_allow_whatever_the_order():
    allow, deny = Grant("ops", ("catalog:*",)), Grant("intern", (), ("catalog:sync",))
    for several in ([allow, deny], [deny, allow]):
        policy = Policy.of(several)
        assert policy.allows(READ)
        assert not policy.allows(SYNC)
        assert not policy.allows(SYNC, TOYS)
        assert policy.decide(SYNC).reason == "role intern denies catalog:sync"
        assert policy.scopes(SYNC, "supplier") == Scopes(())


def test_a_scoped_grant_allows_within_its_scope_only():
    policy = Policy.of([Grant("ops", ("catalog:*",), (), ("supplier", "acme-*"))])
    assert policy.allows(SYNC, TOYS)
    assert not policy.allows(SYNC, ("supplier", "zeta"))
    assert not policy.allows(SYNC, ("channel", "acme-toys"))
    assert not policy.allows(SYNC), "an act upon the whole"
    assert policy.scopes(SYNC, "supplier") == Scopes(("acme-*",))
    assert policy.scopes(SYNC, "channel") == Scopes(())
    assert policy.decide(SYNC, TOYS).reason == "role ops on supplier acme-* allows catalog:sync"
    assert policy.decide(SYNC).reason == (
        "catalog:sync is allowed by ops on supplier acme-* only, not for the tenant as a whole"
    )


def test_a_scoped_denial_protects_from_acts_upon_the_whole():
    policy = Policy.of([Grant("ops", ("catalog:*",)), Grant("not-acme", (), ("catalog:sync",), ("supplier", "acme-*"))])
    assert policy.allows(SYNC, ("supplier", "zeta"))
    assert policy.allows(SYNC, ("channel", "acme-toys"))
    assert not policy.allows(SYNC, TOYS)
    assert not policy.allows(SYNC)
    assert policy.allows(READ)
    assert policy.scopes(SYNC, "supplier") == Scopes(("*",), ("acme-*",))
    assert policy.scopes(SYNC, "channel") is None
    assert policy.scopes(READ, "supplier") is None


def test_a_list_of_what_is_denied_altogether_shows_nothing():
    within = Grant("ops", ("catalog:*",), (), ("supplier", "acme-toys"))
    assert not Policy.of([within, Grant("no", (), ("*",), ("supplier", "acme-*"))]).scopes(SYNC, "supplier")
    assert not Policy.of([within, Grant("no", (), ("*",))]).scopes(SYNC, "supplier")


def test_what_nobody_allows_says_which_roles_there_are():
    policy = Policy.of([Grant("viewer", ("catalog:read",)), Grant("ops", ("catalog:*",), (), ("supplier", "acme-*"))])
    assert policy.decide(WRITE).reason == "no role allows settings:write; there are: viewer, ops on supplier acme-*"


@pytest.mark.parametrize("unknown", ["catalog:sing", "catalog:*", "*", "", "catalog", "Catalog:read"])
def test_a_permission_that_there_is_not_is_refused_even_to_owners(unknown):
    policy = Policy.of([Grant("owner", ("*", unknown))])
    assert not policy.allows(unknown)
    assert not policy.decide(unknown)
    assert policy.scopes(unknown, "supplier") == Scopes(())
    assert policy._rules == {}, "texts from outside are not kept"


def test_what_was_taken_out_of_the_product_is_passed_over():
    policy = Policy.of([Grant("old", ("gone:*", "catalog:read"), ("gone:read",))])
    assert policy.allows(READ)
    assert expand(("gone:*",)) == frozenset()


def test_what_a_giver_lacks():
    owner = Grant("owner", ("*",))
    assert Policy.of([owner]).lacks(owner) == ()
    ops = Policy.of([Grant("ops", ("catalog:*",), (), ("supplier", "acme-*"))])
    assert ops.lacks(Grant("reader", ("catalog:read",))) == (READ,)
    assert ops.lacks(Grant("reader", ("catalog:read",), (), ("supplier", "acme-t*"))) == ()
    assert ops.lacks(Grant("reader", ("catalog:read",), (), ("supplier", "*"))) == (READ,)
    assert ops.lacks(Grant("reader", ("catalog:read",), (), ("channel", "acme-t*"))) == (READ,)
    but = Policy.of([owner, Grant("not-acme", (), ("catalog:*",), ("supplier", "acme-*"))])
    assert but.lacks(Grant("reader", ("catalog:read",))) == (READ,)
    assert but.lacks(Grant("reader", ("catalog:read",), (), ("supplier", "*-toys"))) == (READ,)
    assert but.lacks(Grant("reader", ("catalog:read",), (), ("supplier", "zeta-*"))) == ()
    assert but.lacks(Grant("nothing", ("catalog:*",), ("catalog:*",))) == ()

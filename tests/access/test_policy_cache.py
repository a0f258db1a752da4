"""Policies are kept by tenant, version and subject, a bounded number, each built once however many threads wait."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meschain.access.permissions import Permission
from meschain.access.policy import Grant, Policy
from meschain.access.policy_cache import PolicyCache, PolicyKey

ALICE = PolicyKey("acme", 1, "user:alice")


def owner() -> Policy:
    return Policy.of([Grant("owner", ("*",))])


def test_a_policy_is_built_once():
    cache, built = PolicyCache(), []
    first = cache.get(ALICE, lambda: built.append(1) or owner())
    assert cache.get(ALICE, lambda: built.append(2) or owner()) is first
    assert built == [1]


@pytest.mark.parametrize("other", [("zeta", 1, "user:alice"), ("acme", 2, "user:alice"), ("acme", 1, "api_key:alice")])
def test_another_tenant_version_or_subject_is_another_policy(other):
    cache = PolicyCache()
    cache.get(ALICE, owner)
    assert not cache.get(PolicyKey(*other), lambda: Policy.of([])).allows(Permission.CATALOG_READ)
    assert cache.get(ALICE, owner).allows(Permission.CATALOG_READ)


def test_what_could_not_be_built_is_not_kept():
    cache = PolicyCache()

    def fails() -> Policy:
        raise OSError("the store is away")

    with pytest.raises(OSError, match="away"):
        cache.get(ALICE, fails)
    assert len(cache) == 0
    assert cache.get(ALICE, owner).allows(Permission.CATALOG_READ)


@example([1, 2, 1, 3, 1, 2], 2)
@given(st.lists(st.integers(0, 6), max_size=60), st.integers(1, 4))
def test_the_ones_asked_for_last_are_kept(asked, capacity):
    cache, recent = PolicyCache(capacity), []
    for number in asked:
        built = []
        cache.get(PolicyKey("acme", 1, str(number)), lambda built=built: built.append(1) or owner())
        assert bool(built) == (number not in recent)
        recent = [*(each for each in recent if each != number), number][-capacity:]
        assert len(cache) == len(recent)


def test_forgetting():
    cache = PolicyCache()
    first = cache.get(ALICE, owner)
    cache.clear()
    assert len(cache) == 0
    assert cache.get(ALICE, owner) is not first


def test_a_cache_that_keeps_nothing_is_a_mistake():
    with pytest.raises(ValueError, match="at least 1"):
        PolicyCache(0)


def test_many_threads_that_wait_build_once():
    cache, built, together = PolicyCache(), Counter(), threading.Barrier(8)

    def build() -> Policy:
        built["alice"] += 1
        time.sleep(0.05)
        return owner()

    def ask(_: int) -> Policy:
        together.wait()
        return cache.get(ALICE, build)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(map(id, pool.map(ask, range(8))))) == 1
    assert built == {"alice": 1}


def test_threads_that_ask_for_many_never_see_anothers_policy():
    cache = PolicyCache(capacity=5)

    def ask(number: int) -> bool:
        name = str(number % 17)
        found = cache.get(PolicyKey("acme", 1, name), lambda: Policy.of([Grant(name, ("*",))]))
        return found.grants[0].role == name

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(3_000)))
    assert len(cache) == 5

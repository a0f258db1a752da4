"""Passwords are hashed as OWASP asks, few at a time; nobody learns who exists; guessing is held up ever longer."""

import threading
import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import argon2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import Transient
from meschain.access import passwords
from meschain.access.passwords import LONGEST, Passwords, lockout_seconds, normal

GOOD = "mavi kaplumbağa uçtu 7"


@pytest.fixture(scope="module")
def keeper() -> Passwords:
    return Passwords()


@pytest.fixture(scope="module")
def stored(keeper: Passwords) -> str:
    return keeper.hash(GOOD)


def test_the_right_one_is_told_from_others(keeper, stored):
    verdict = keeper.verify(stored, GOOD)
    assert (verdict.right, verdict.outdated, bool(verdict)) == (True, False, True)
    for wrong in ("", GOOD + " ", GOOD.upper(), GOOD[:-1]):
        assert not keeper.verify(stored, wrong)


def test_costs_are_at_least_what_owasp_asks(stored):
    found = argon2.extract_parameters(stored)
    assert found.type is argon2.Type.ID
    assert (found.memory_cost, found.time_cost, found.parallelism) == (19 * 1024, 2, 1)
    assert (found.salt_len, found.hash_len, found.version) == (16, 32, 19)


def test_no_two_hashes_are_the_same(keeper, stored):
    assert keeper.hash(GOOD) != stored


@pytest.mark.parametrize(
    "typed", [unicodedata.normalize("NFD", GOOD), GOOD.replace("m", "ｍ"), GOOD.replace(" ", "\u00a0")]
)
def test_a_password_is_the_same_on_every_keyboard(keeper, stored, typed):
    assert typed != GOOD
    assert keeper.verify(stored, typed)


def test_case_and_dots_are_not_folded(keeper):
    stored = keeper.hash("Iı İi and more")
    assert not keeper.verify(stored, "Ii İi and more")
    assert not keeper.verify(stored, "iı ii and more")


@pytest.mark.parametrize("costs", [{"time_cost": 1}, {"memory_cost": 8 * 1024}, {"parallelism": 2}])
def test_a_hash_of_other_costs_is_outdated_but_good(keeper, costs):
    known = {"time_cost": 2, "memory_cost": 19 * 1024, "parallelism": 1} | costs
    old = argon2.PasswordHasher(**known).hash(normal(GOOD))
    assert keeper.verify(old, GOOD).outdated
    assert not keeper.verify(old, "something else").outdated


@pytest.mark.parametrize("stored", [None, "", "no hash", "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$", "$2b$12$bcrypt"])
def test_nobody_has_no_password(keeper, stored):
    for typed in ("", GOOD, "x" * 10_000, "\ud800"):
        assert not keeper.verify(stored, typed)


@pytest.mark.parametrize("typed", ["x" * (LONGEST + 1), "x" * 1_000_000, "\ud800" * 12, "\0" * 20])
def test_what_cannot_be_a_password_is_just_wrong(keeper, stored, typed):
    assert not keeper.verify(stored, typed)


def test_nothing_longer_is_even_hashed(keeper):
    password = "x" * (LONGEST + 1)
    assert not keeper.verify(argon2.PasswordHasher().hash(password), password)


def test_an_unknown_user_takes_as_long_as_a_wrong_password(keeper, stored, monkeypatch):
    """Since the same is computed: once, with the same parameters."""
    computed: list[tuple[argon2.Parameters, bool]] = []
    verify = argon2.PasswordHasher.verify

    def noted(hasher, known, typed):
        computed.append((argon2.extract_parameters(known), len(typed) < 1_000))
        return verify(hasher, known, typed)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", noted)
    for known, typed in ((stored, "wrong"), (None, GOOD), (stored, "x" * 100_000), (stored, "")):
        assert not keeper.verify(known, typed)
    assert computed == [(argon2.extract_parameters(stored), True)] * 4


def test_only_few_are_computed_at_the_same_time(keeper, monkeypatch):
    now, most, lock = 0, 0, threading.Lock()

    class Slow:
        def hash(self, password):
            nonlocal now, most
            with lock:
                now += 1
                most = max(most, now)
            time.sleep(0.01)
            with lock:
                now -= 1

    monkeypatch.setattr(keeper, "_hasher", Slow())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(keeper.hash, ["x"] * 24))
    assert most == passwords.AT_ONCE


def test_whoever_waits_too_long_is_told_to_come_again(stored):
    keeper = Passwords(at_once=1, patience=0.05)
    with keeper._turn():
        for ask in (lambda: keeper.verify(stored, GOOD), lambda: keeper.hash(GOOD)):
            with pytest.raises(Transient, match="try again in a few seconds"):
                ask()
    assert keeper.verify(stored, GOOD), "the turn was given back"


def test_a_failure_gives_the_turn_back(stored):
    keeper = Passwords(at_once=1, patience=0.05)
    for _ in range(3):
        assert not keeper.verify("no hash", GOOD)
    with pytest.raises(UnicodeEncodeError):
        keeper.hash("\ud800")
    assert keeper.verify(stored, GOOD)


def test_guessing_is_held_up_longer_and_longer():
    assert [lockout_seconds(failures) for failures in range(12)] == [
        0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900,
    ]  # fmt: skip


@given(st.integers(-5, 10**12))
def test_a_lockout_never_shrinks_and_never_ends_beyond_a_quarter_of_an_hour(failures):
    assert 0 <= lockout_seconds(failures) <= lockout_seconds(failures + 1) <= 900


def test_a_day_of_guessing_stays_below_a_hundred_attempts_and_some():
    """NIST SP 800-63B lets at most 100 wrong attempts in a row pass before more is asked of whoever tries."""
    seconds = attempts = 0
    while seconds < 86_400:
        attempts += 1
        seconds += lockout_seconds(attempts)
    assert attempts <= 106

"""Rate limit and circuit breaker against a clock that the test turns by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.http.hosts import Breaker, Hosts, TokenBucket
from connectors.http.settings import HttpSettings


class Clock:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@given(
    st.floats(0.1, 100),
    st.integers(1, 20),
    st.lists(st.tuples(st.floats(0, 5), st.floats(0, 3)), min_size=1, max_size=60),
)
def test_no_window_holds_more_than_rate_and_burst_allow(rate, burst, calls):
    clock = Clock()
    bucket = TokenBucket(rate, burst, clock)
    due = []
    for pause, longest in calls:
        clock.now += pause
        wait = bucket.reserve(longest)
        assert wait is None or 0 <= wait <= longest
        if wait is not None:
            due.append(clock.now + wait)
    assert due == sorted(due)
    for first in range(len(due)):
        for last in range(first, len(due)):
            assert last - first + 1 <= burst + rate * (due[last] - due[first]) + 1e-6


def test_a_burst_goes_at_once_and_then_each_waits_its_turn():
    bucket = TokenBucket(2, 3, Clock())
    assert [bucket.reserve(10) for _ in range(5)] == [0, 0, 0, 0.5, 1.0]
    assert bucket.reserve(1.0) is None
    assert bucket.reserve(1.5) == 1.5, "a refused reservation takes nothing"


def test_the_breaker_opens_cools_down_and_lets_one_probe_through():
    clock = Clock()
    breaker = Breaker(2, 30, clock)
    assert [breaker.admit(), breaker.failed("status 500"), breaker.admit(), breaker.failed("status 502")] == [
        0,
        False,
        0,
        True,
    ]
    assert breaker.why == "status 502"
    assert breaker.admit() == 30
    clock.now += 31
    assert breaker.admit() == 0
    assert breaker.admit() > 0, "only one probe at a time"
    assert breaker.failed("status 500"), "a failed probe opens it again"
    assert breaker.admit() == 30
    clock.now += 31
    assert breaker.admit() == 0
    breaker.succeeded()
    assert [breaker.admit(), breaker.admit()] == [0, 0]


def test_a_probe_that_says_nothing_makes_room_for_another():
    clock = Clock()
    breaker = Breaker(1, 30, clock)
    breaker.failed("no answer")
    clock.now += 31
    assert breaker.admit() == 0
    breaker.released()
    assert breaker.admit() == 0


def test_a_success_forgets_the_failures_before_it():
    breaker = Breaker(2, 30, Clock())
    breaker.failed("status 500")
    breaker.succeeded()
    assert not breaker.failed("status 500")


def test_hosts_are_kept_apart_by_port():
    hosts = Hosts(HttpSettings())
    assert hosts.of("a", 80) is hosts.of("a", 80)
    assert hosts.of("a", 80) is not hosts.of("a", 81)


@pytest.mark.parametrize("wrong", [{"rate": 0}, {"attempts": 0}, {"unknown": 1}, {"allow_private": ("10.0.0.0/99",)}])
def test_settings_refuse_what_cannot_work(wrong):
    with pytest.raises(ValueError, match="HttpSettings"):
        HttpSettings(**wrong)

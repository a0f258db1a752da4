"""How many requests a minute, of whom, and that nobody's too many is another's too few."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from meschain.settings import ApiSettings
from meschain.web.rates import Rates, TooMany
from tests.web.conftest import owner_of
from tests.web.stage import Stage, check_problem, staged


class Clock:
    """Time that the test tells."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Time that the test tells."""
    return Clock()


@pytest.fixture
def limited(tmp_path: Path, clock: Clock) -> Iterator[Stage]:
    """The API with narrow limits."""
    with staged(tmp_path / "home", limited=True) as stage:
        settings = ApiSettings(rate_per_minute=5, rate_per_minute_tenant=8)
        stage.app.state.rates = Rates(settings, visits=3, probes=4, clock=clock)
        yield stage


def test_who_asks_too_often_waits(limited: Stage, clock: Clock) -> None:
    token = owner_of(limited).token
    left = []
    for _ in range(5):
        answered = limited.ask("GET", "/v1/me", token)
        assert answered.status_code == 200
        assert answered.headers["ratelimit-policy"] == '"subject";q=5;w=60, "tenant";q=8;w=60'
        left.append(answered.headers["ratelimit"])
    assert left[0] == '"subject";r=4;t=60, "tenant";r=7;t=60'
    assert left[4] == '"subject";r=0;t=60, "tenant";r=3;t=60'
    clock.now = 17.5
    refused = limited.ask("GET", "/v1/me", token)
    assert "43 seconds" in check_problem(refused, 429, "too-many-requests")["detail"]
    assert refused.headers["retry-after"] == "43"
    assert refused.headers["ratelimit"] == '"subject";r=0;t=43'
    clock.now = 60.0
    assert limited.ask("GET", "/v1/me", token).status_code == 200


def test_what_a_subject_has_too_many_costs_no_tenant(limited: Stage) -> None:
    owner = owner_of(limited)
    for _ in range(50):
        limited.ask("GET", "/v1/me", owner.token)
    key = limited.key(owner.tenant_id, "viewer")
    assert [limited.ask("GET", "/v1/me", key).status_code for _ in range(4)] == [200, 200, 200, 429]
    other = owner_of(limited, "other", "fatma@example.com")
    assert limited.ask("GET", "/v1/me", other.token).status_code == 200


def test_who_may_not_is_counted_too(limited: Stage) -> None:
    owner = owner_of(limited)
    key = limited.key(owner.tenant_id, "viewer")
    assert [limited.ask("GET", "/v1/users", key).status_code for _ in range(6)] == [403] * 5 + [429]


def test_visitors_are_counted_by_their_address(limited: Stage) -> None:
    def visit(address: str) -> list[int]:
        client = TestClient(limited.app, client=(address, 1))
        return [client.get("/v1/auth/jwks").status_code for _ in range(4)]

    assert visit("192.0.2.1") == [200, 200, 200, 429]
    assert visit("::ffff:192.0.2.1") == [429] * 4, "the same address in another form"
    assert visit("192.0.2.2") == [200, 200, 200, 429]
    assert visit("2001:db8:0:1::1") == [200, 200, 200, 429]
    assert visit("2001:db8:0:1:ffff::2") == [429] * 4, "the same subscriber"
    assert visit("2001:db8:0:2::1") == [200, 200, 200, 429]


def test_a_guess_is_a_visit(limited: Stage) -> None:
    guess = {"username": "ayse@example.com", "password": "wrong"}
    assert [limited.ask("POST", "/v1/auth/token", data=guess).status_code for _ in range(4)] == [401] * 3 + [429]


def test_a_watchman_keeps_nobody_out(limited: Stage) -> None:
    assert [limited.ask("GET", "/health/live").status_code for _ in range(5)] == [200] * 4 + [429]
    assert limited.ask("GET", "/v1/auth/jwks").status_code == 200


def test_nothing_is_kept_of_a_minute_that_is_over(clock: Clock) -> None:
    rates = Rates(ApiSettings(), visits=1, clock=clock)
    for minute in range(3):
        clock.now = minute * 60 + 59.9
        for number in range(1000):
            request = Request({"type": "http", "client": (f"192.0.{number // 250}.{number % 250}", 1), "headers": []})
            rates.count_visitor(request)
        assert len(rates._counts) == 1000
        with pytest.raises(TooMany) as refused:
            rates.count_visitor(request)
        assert refused.value.seconds == 1

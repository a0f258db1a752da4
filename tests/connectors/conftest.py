"""Fixtures for whatever speaks HTTP: clients that may reach loopback, do not wait between attempts, and are closed."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from connectors.http.client import HttpClient
from connectors.http.settings import HttpSettings

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@pytest.fixture
def waits() -> list[float]:
    """The seconds that clients would have waited."""
    return []


@pytest.fixture
def new_client(waits: list[float]) -> Iterator[Callable[..., HttpClient]]:
    """Makes clients; keyword arguments are settings, except `resolve` and `dial`."""
    with ExitStack() as stack:

        def make(**given) -> HttpClient:
            extra = {name: given.pop(name) for name in ("resolve", "dial") if name in given}
            settings = HttpSettings(**{"allow_private": LOOPBACK, "total_timeout": 10, "rate": 1000, **given})
            return stack.enter_context(
                HttpClient(settings, sleep=waits.append, spread=lambda longest: longest, **extra)
            )

        yield make


@pytest.fixture
def client(new_client) -> HttpClient:
    """A client with ordinary settings."""
    return new_client()

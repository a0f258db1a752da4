"""Whoever changes something says which version it has seen."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.web.conftest import Owner, owner_of
from tests.web.stage import Stage, check_problem


@pytest.fixture(scope="module")
def owner(either: Stage) -> Owner:
    """The owner of `acme`."""
    return owner_of(either)


@pytest.fixture
def tag(either: Stage, owner: Owner) -> str:
    """The present version of the tenant's settings."""
    return either.ask("GET", "/v1/tenant", owner.token).headers["etag"]


def test_a_change_needs_the_version_that_was_seen(either: Stage, owner: Owner, tag: str) -> None:
    answered = either.ask("PATCH", "/v1/tenant", owner.token, json={"name": "Acme"})
    check_problem(answered, 428, "precondition-required")
    changed = either.ask("PATCH", "/v1/tenant", owner.token, json={"name": "Acme"}, headers={"if-match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag
    assert either.ask("GET", "/v1/tenant", owner.token).headers["etag"] == changed.headers["etag"]


@pytest.mark.parametrize(
    "given", ["*", 'W/"v1"', '"v0"', '"v-1"', '"v1", "v2"', "v1", '""', '"x"', '"v99999999999999999999999"', '"v1\t"']
)
def test_another_version_changes_nothing(either: Stage, owner: Owner, tag: str, given: str) -> None:
    answered = either.ask("PATCH", "/v1/tenant", owner.token, json={"name": "No"}, headers={"if-match": given})
    check_problem(answered, 412, "changed-meanwhile")
    assert either.ask("GET", "/v1/tenant", owner.token).headers["etag"] == tag


def test_of_many_who_saw_the_same_one_changes_it(either: Stage, owner: Owner, tag: str) -> None:
    def change(number: int) -> int:
        sent = {"json": {"name": f"Acme {number}"}, "headers": {"if-match": tag}}
        return either.ask("PATCH", "/v1/tenant", owner.token, **sent).status_code

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(change, range(8))) == [200] + [412] * 7

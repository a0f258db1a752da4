"""What a query lets through is what the scopes themselves cover. On both databases."""

import itertools

import pytest
from sqlalchemy import Engine, literal, select

from meschain.access.scopes import Scopes
from meschain.access.visibility import visible
from meschain.store.session import reading

NAMES = ["acme", "acme-toys", "acme-tools", "bravo", "a", "toys", "my-toys-2", "acmex"]
PATTERNS = ["acme", "acme-*", "acme*", "*", "*toys", "*-*", "a*s", "none"]


def seen(engine: Engine, names: list[str], scopes: Scopes | None) -> list[str]:
    """Those of the names that the database lets through."""
    with reading(engine) as session:
        answers = session.execute(select(*(visible(literal(name), scopes) for name in names))).one()
    return [name for name, answer in zip(names, answers, strict=True) if answer]


@pytest.mark.parametrize("denied", [(), ("acme-toys",), ("*toys*", "bravo"), ("*",)])
def test_a_query_lets_through_what_is_covered(engine, denied):
    for allowed in itertools.combinations(PATTERNS, 2):
        scopes = Scopes(allowed, denied)
        assert seen(engine, NAMES, scopes) == [name for name in NAMES if scopes.covers(name)]


def test_without_scopes_everything_is_seen(engine):
    assert seen(engine, NAMES, None) == NAMES


@pytest.mark.parametrize("pattern", ["a_b", "a%b", "a\\b"])
def test_what_sql_takes_for_a_sign_stands_for_itself(engine, pattern):
    assert seen(engine, ["a_b", "axb", "a%b", "a\\b", "ab"], Scopes((pattern,))) == [pattern]

"""A star stands for any characters and nothing else is special: against an expression, and against SQL's LIKE."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from commerce.errors import Refused
from meschain.access.scopes import Matcher, Scopes, as_like, check_scope, matches, overlap

names = st.text("ab-", max_size=8)
patterns = st.text("ab-*", max_size=6)


def obvious(pattern: str, value: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), value, re.DOTALL) is not None


@pytest.mark.parametrize(
    ("pattern", "named", "other"),
    [
        ("acme", ["acme"], ["acme-toys", "acm", ""]),
        ("acme-*", ["acme-toys", "acme-"], ["acme", "xacme-toys"]),
        ("*-tr", ["acme-tr", "-tr"], ["acme-tr2", "tr"]),
        ("*toys*", ["toys", "acme-toys-tr"], ["toy-s"]),
        ("a*b*c", ["abc", "a-b-c", "abbc"], ["acb", "abcd", "ac"]),
        ("aa*aa", ["aaaa", "aabaa"], ["aa", "aaa"]),
        ("*", ["", "anything"], []),
        ("**", ["", "anything"], []),
        ("", [""], ["a"]),
        ("a.c[b]?", ["a.c[b]?"], ["abc[b]x", "a.cb"]),
    ],
)
def test_what_a_pattern_names(pattern, named, other):
    assert [value for value in [*named, *other] if matches(pattern, value)] == named
    assert [value for value in [*named, *other] if Matcher([pattern]).covers(value)] == named


@given(patterns, names)
def test_matching_is_what_an_expression_says(pattern, value):
    assert matches(pattern, value) == obvious(pattern, value)


@given(st.lists(patterns, max_size=5), names)
def test_a_matcher_is_any_of_its_patterns(several, value):
    assert Matcher(several).covers(value) == any(obvious(pattern, value) for pattern in several)
    assert Matcher(several).patterns == tuple(several)


@given(patterns, patterns, names)
def test_a_pattern_within_another(wide, narrow, value):
    if matches(wide, narrow) and matches(narrow, value):
        assert matches(wide, value)
    if not matches(wide, narrow):
        outside = narrow.replace("*", "?")  # a sign that no pattern holds
        assert matches(narrow, outside)
        assert not matches(wide, outside)


@given(patterns, patterns, names)
def test_patterns_that_overlap(one, other, value):
    if matches(one, value) and matches(other, value):
        assert overlap(one, other)
    assert overlap(one, other) == overlap(other, one)
    if overlap(one, other):
        assert any(matches(one, both) and matches(other, both) for both in _both(one, other))


def _both(one: str, other: str) -> list[str]:
    """Values that both may name: start and end of the longer, everything between of both, one behind the other."""
    (a, *b), (c, *d) = one.split("*"), other.split("*")
    if not b or not d:
        return [one, other]
    middle = [*b[:-1], *d[:-1]]
    return ["".join((max(a, c, key=len), *middle, max(b[-1], d[-1], key=len)))]


@given(st.lists(st.tuples(st.text("ab*%_\\", max_size=5), st.text("ab%_\\", max_size=6)), min_size=1, max_size=8))
def test_like_names_the_same(pairs):
    with create_engine("sqlite://").connect() as connection:
        for pattern, value in pairs:
            query = text("SELECT :value LIKE :pattern ESCAPE '\\'")
            found = connection.execute(query, {"value": value, "pattern": as_like(pattern)}).scalar_one()
            assert bool(found) == matches(pattern, value)


def test_no_pattern_is_slow():
    started = time.process_time()
    assert not matches("*a" * 30 + "*b", "a" * 100_000)
    assert time.process_time() - started < 1


def test_what_a_list_may_show():
    shown = Scopes(("acme-*", "zeta"), ("acme-secret*",))
    assert [name for name in ("acme-toys", "acme-secrets", "zeta", "beta") if shown.covers(name)] == [
        "acme-toys",
        "zeta",
    ]
    assert shown
    assert not Scopes(())
    assert not Scopes((), ("a",)).covers("a")


@pytest.mark.parametrize("pattern", ["acme-*", "*", "a", "*-tr", "a*b*c", "x" * 63])
def test_patterns_that_can_be_given(pattern):
    assert check_scope("supplier", pattern) == ("supplier", pattern)
    assert check_scope("channel", pattern) == ("channel", pattern)


@pytest.mark.parametrize("pattern", ["", "Acme", "a?", "[ab]", "a.b", "a b", "a\n", "ç", "x" * 64, ".*", "a%"])
def test_patterns_that_cannot(pattern):
    with pytest.raises(Refused, match="no pattern of suppliers"):
        check_scope("supplier", pattern)


def test_there_is_no_other_kind():
    with pytest.raises(Refused, match="'warehouse' is no kind of scope; expected one of channel, supplier"):
        check_scope("warehouse", "a")

"""Permissions are in order and described; patterns name what they should; a wrong one is told with what was meant."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from commerce.errors import Refused
from meschain.access.permissions import EVERYTHING, PATTERNS, Permission, check_patterns, expand


def test_permissions_are_in_alphabetical_order():
    values = [permission.value for permission in Permission]
    assert values == sorted(set(values))


@pytest.mark.parametrize("permission", Permission)
def test_each_is_resource_and_action_and_is_described(permission):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*:[a-z]+", permission.value)
    assert permission.name == re.sub(r"\W", "_", permission.value.upper())
    assert permission.description
    assert permission.description[0].islower()
    assert not permission.description.endswith(".")
    assert permission.patterns == {permission.value, f"{permission.resource}:*", "*"}


def test_it_is_its_text():
    assert Permission("catalog:read") is Permission.CATALOG_READ
    assert f"{Permission.CATALOG_READ}" == Permission.CATALOG_READ == "catalog:read"


def test_it_stands_in_schemas_by_its_text():
    schema = TypeAdapter(Permission)
    assert schema.validate_python("catalog:read") is Permission.CATALOG_READ
    assert schema.dump_json(Permission.CATALOG_READ) == b'"catalog:read"'
    assert schema.json_schema()["enum"] == [permission.value for permission in Permission]


def test_patterns_name_permissions():
    assert expand([EVERYTHING]) == set(Permission)
    assert expand(["api-keys:*", "audit:read"]) == {
        Permission.API_KEYS_READ,
        Permission.API_KEYS_WRITE,
        Permission.AUDIT_READ,
    }
    assert expand([]) == expand(["gone:read", "catalog", "*:read", ""]) == set()


@given(st.sets(st.sampled_from(sorted(PATTERNS))))
def test_a_pattern_names_what_begins_with_it(patterns):
    obvious = {p for p in Permission for q in patterns if p.value == q or (q[-1] == "*" and p.value.startswith(q[:-1]))}
    assert expand(patterns) == obvious
    assert check_patterns([*patterns, *patterns]) == tuple(sorted(patterns))


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("catalog:raed", "catalog:read"),
        ("Catalog:Read", "catalog:read"),
        ("catalogue:*", "catalog:*"),
        ("flow:trigger", "flows:trigger"),
        ("*:read", "did you mean"),
        ("", "there are access:read, access:write"),
    ],
)
def test_a_wrong_one_is_told_with_what_was_meant(wrong, meant):
    with pytest.raises(Refused) as refused:
        check_patterns(["catalog:read", wrong])
    assert f"{wrong!r} is no permission" in str(refused.value)
    assert meant in str(refused.value)
    assert "'catalog:read' is no" not in str(refused.value)


def test_every_wrong_one_is_told_and_none_at_length():
    with pytest.raises(Refused) as refused:
        check_patterns(["one", "two", "x" * 10_000])
    assert str(refused.value).count("is no permission") == 3
    assert len(str(refused.value)) < 3_000

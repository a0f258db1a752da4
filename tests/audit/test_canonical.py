"""A value is written in one way only, and what has several is refused by its place; commitments hide and bind."""

import datetime as dt
import enum
import hashlib
import json
from collections import OrderedDict
from decimal import Decimal
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import Refused
from meschain.audit.canonical import SALT_BYTES, canonical, commitment

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(st.text(max_size=4), parts, max_size=4),
    max_leaves=12,
)


class Colour(enum.StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None, "ş"], "B": {}}, '{"B":{},"a":[true,null,"ş"],"b":1}'),
        ({"\U0001f600": 1, "\uffff": 2}, '{"\uffff":2,"\U0001f600":1}'),
        ('"\\\n\x01\x7f\u2028é', '"\\"\\\\\\n\\u0001\x7f\u2028é"'),
        (-(10**30), "-1000000000000000000000000000000"),
        (("x", ["y"]), '["x",["y"]]'),
        (MappingProxyType({"k": OrderedDict(z=1, a=Colour.RED)}), '{"k":{"a":"red","z":1}}'),
        ("", '""'),
        (None, "null"),
    ],
)
def test_how_values_are_written(value, text):
    assert canonical(value) == text


@given(VALUES)
def test_equal_values_have_one_text_and_come_back(value):
    text = canonical(value)
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text
    assert canonical(json.loads(json.dumps(value, indent=2))) == text
    text.encode()


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (1.0, "/"),
        ({"after": [{"price": 1.5}]}, "/after/0/price"),
        ([float("nan")], "/0"),
        (Decimal("1.5"), "/"),
        ({"at": dt.datetime.now(dt.UTC)}, "/at"),
        ({"raw": b"\0"}, "/raw"),
        ({"raw": bytearray(1)}, "/raw"),
        ({1, 2}, "/"),
        ({"a": {1: 2}}, "/a"),
        ({"a": "\ud800"}, "/a"),
        ({"\udfff": 1}, "/"),
    ],
)
def test_what_has_no_one_text_is_refused_by_its_place(value, place):
    with pytest.raises(Refused, match=f"^{place}: .*expected"):
        canonical(value)


def test_a_commitment_is_a_hash_over_salt_and_payload():
    salt, payload = b"\1" * SALT_BYTES, '{"ip":"ı"}'
    assert commitment(salt, payload) == hashlib.sha256(salt + payload.encode()).digest()
    assert (
        commitment(b"\0" * 32, "{}").hex() == "fb1634c4e6cd4b1f1afe3ce2d6ef080f7ac5d1f357d723ad4dfca782733b62db"
    )  # by sha256sum
    assert commitment(b"\2" * SALT_BYTES, payload) != commitment(salt, payload) != commitment(salt, payload + " ")


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_salt_of_another_length_is_refused(size):
    with pytest.raises(Refused, match=f"a salt of {size} bytes"):
        commitment(b"\0" * size, "{}")

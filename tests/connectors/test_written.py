"""YAML that people write: nothing is dropped, nothing is taken for another number than the one that stands there."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import Permanent
from connectors.written import read_yaml, read_yaml_file

RULE = """\
- name: dear
  floor: {profit: 50}
  price: {kind: markup, rate: 5}
  floor: {profit: -100}
"""


def test_a_key_that_stands_twice_is_named_with_its_lines() -> None:
    with pytest.raises(Permanent) as caught:
        read_yaml(RULE, "rules.yml")
    assert str(caught.value) == (
        "rules.yml is not YAML: line 4: 'floor' stands twice in one mapping, first in line 2; keep one of them"
    )


@pytest.mark.parametrize(
    "text", ['{"a": 1, "a": 1}', "{a: 1, 'a': 2}", "x:\n- {b: {c: 1, c: 2}}", "? a\n: 1\n? a\n: 2", "{1: x, 1: y}"]
)
def test_a_key_stands_twice_however_it_is_written(text: str) -> None:
    with pytest.raises(Permanent, match="stands twice in one mapping"):
        read_yaml(text, "it")


def test_the_same_key_in_two_mappings_and_in_what_is_merged_is_none_that_stands_twice() -> None:
    assert read_yaml("- {a: 1}\n- {a: {a: 2}}", "it") == [{"a": 1}, {"a": {"a": 2}}]
    merged = "base: &base {a: 1, b: 2}\nnext: &next {<<: *base, b: 3}\nlast: {<<: *next, a: 4}"
    assert read_yaml(merged, "it") == {"base": {"a": 1, "b": 2}, "next": {"a": 1, "b": 3}, "last": {"a": 4, "b": 3}}


@pytest.mark.parametrize("text", ["1:30", "-1:30", "1:30.5", "190:20:30", "010", "-07", "0x1F", "0b11", "1e5", "1.2.3"])
def test_what_only_looks_like_a_number_stays_text(text: str) -> None:
    assert read_yaml(f"rate: {text}", "it") == {"rate": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0), ("-5", -5), ("+5", 5), ("1_000", 1000), ("12.50", 12.5), (".5", 0.5), ("-0.5", -0.5), ("1.", 1.0),
        ("1.5e+3", 1500.0), ("1.5E3", 1500.0), ("true", True), ("no", False), ("~", None), ("", None),
        ("'1:30'", "1:30"), ('"5"', "5"), ("Süpürge", "Süpürge"),
    ],
)  # fmt: skip
def test_plain_values(text: str, value: object) -> None:
    found = read_yaml(f"rate: {text}", "it")
    assert found == {"rate": value}
    assert type(found["rate"]) is type(value)


_leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8"))
_values = st.recursive(_leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text("abc:013-"), inner))


@given(_values)
def test_what_is_written_for_people_to_change_is_read_as_it_was(value: object) -> None:
    assert read_yaml(yaml.safe_dump(value, allow_unicode=True), "it") == value


@pytest.mark.parametrize("text", ["- [", "!!int x", "!!python/name:os.system", "? {a: 1}\n: x", "[" * 5000, "a: *b"])
def test_what_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(Permanent, match=r"rules\.yml is not YAML"):
        read_yaml(text, "rules.yml")


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    with pytest.raises(Permanent, match=r"rules\.yml cannot be read: No such file"):
        read_yaml_file(file)
    file.write_bytes(b"name: \xff")
    with pytest.raises(Permanent, match=r"^rules\.yml is not YAML: byte 6 is no UTF-8"):
        read_yaml_file(file)
    file.write_text("- name: Süpürge", encoding="utf-8")
    assert read_yaml_file(file) == [{"name": "Süpürge"}]

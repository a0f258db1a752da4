"""Parameters are written into statements as literals, and come out of DuckDB as they went in."""

from datetime import UTC

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import Refused
from warehouse.statements import bound, literal

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
moments = st.datetimes(timezones=st.just(UTC))
values = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts | moments | st.lists(texts, min_size=1)


@given(values)
def test_a_value_comes_back_as_it_was(value: object) -> None:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        assert connection.execute(bound("SELECT $value, '$value' -- $value", {"value": value})).fetchall() == [
            (value, "$value")
        ]


@pytest.mark.parametrize("text", ["\udc80", "a\0b"])
def test_a_text_that_no_database_holds_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="surrogate or a NUL"):
        literal(text)


def test_another_kind_of_value_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="float"):
        literal(1.5)

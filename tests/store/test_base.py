"""Moments, JSON and free text come back from either database as they went in, or are refused the same way."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, MetaData, insert, select
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from meschain.store.base import Base, FreeText, NaiveTimeError
from meschain.store.engine import open_engine
from meschain.store.ids import new_id
from meschain.store.session import reading, transaction

once_per_test = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
zones = st.sampled_from([UTC, timezone(timedelta(hours=3)), timezone(timedelta(hours=-11, minutes=-30))])
moments = st.builds(
    lambda microseconds, zone: (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)).astimezone(
        zone
    ),
    st.integers(-(2 * 10**15), 2 * 10**17),  # 1906 to 8307
    zones,
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


class _Own(DeclarativeBase):
    metadata = MetaData()
    type_annotation_map = Base.type_annotation_map


class Note(_Own):
    __tablename__ = "notes"
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    moment: Mapped[datetime | None]
    body: Mapped[dict[str, Any] | None]
    text: Mapped[str | None] = mapped_column(FreeText)


@pytest.fixture
def notes(blank_store_url: str) -> Iterator[Engine]:
    engine = open_engine(blank_store_url)
    _Own.metadata.create_all(engine)
    yield engine
    engine.dispose()


def _round_trip(engine: Engine, **values: Any) -> Note:
    with transaction(engine) as session:
        note = Note(**values)
        session.add(note)
    with reading(engine) as session:
        return session.scalars(select(Note).where(Note.id == note.id)).one()


@once_per_test
@given(moment=moments)
def test_a_moment_comes_back_the_same_and_in_utc(notes: Engine, moment: datetime) -> None:
    back = _round_trip(notes, moment=moment).moment
    assert back == moment
    assert back is not None
    assert back.tzinfo is UTC


@pytest.mark.parametrize("use", ["stored", "compared"])
def test_a_naive_datetime_is_refused(notes: Engine, use: str) -> None:
    naive = datetime(2026, 1, 1, 12)  # noqa: DTZ001 the very thing to refuse
    statement = insert(Note).values(moment=naive) if use == "stored" else select(Note).where(Note.moment < naive)
    with pytest.raises(NaiveTimeError, match="has no time zone"), transaction(notes) as session:
        session.execute(statement)


def test_moments_sort_and_compare_whatever_zone_they_came_in(notes: Engine) -> None:
    start = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    zones = [timezone(timedelta(hours=hours)) for hours in (3, -8, 0, 12)]
    with transaction(notes) as session:
        for step, zone in enumerate(zones):
            session.add(Note(moment=(start + timedelta(microseconds=step)).astimezone(zone), body={"step": step}))
    with reading(notes) as session:
        later = session.scalars(select(Note).where(Note.moment > start).order_by(Note.moment)).all()
    assert [note.body for note in later] == [{"step": 1}, {"step": 2}, {"step": 3}]


@once_per_test
@given(body=st.dictionaries(st.text(), json_values, max_size=4))
def test_json_comes_back_the_same_in_the_same_order(notes: Engine, body: dict[str, Any]) -> None:
    back = _round_trip(notes, body=body).body
    assert back == body
    assert list(back or {}) == list(body)


def test_a_number_json_does_not_know_is_refused(notes: Engine) -> None:
    with pytest.raises((StatementError, ValueError), match="Out of range float"):
        _round_trip(notes, body={"ratio": float("nan")})


@once_per_test
@given(text=st.text(st.characters(exclude_categories=[])))
def test_free_text_of_any_origin_can_be_stored(notes: Engine, text: str) -> None:
    back = _round_trip(notes, text=text).text
    assert back is not None
    assert len(back) == len(text)
    assert "\0" not in back
    if text.isascii() and text.isprintable():
        assert back == text

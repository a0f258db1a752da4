"""Whoever remembers an answer by the stamp never takes one from before a write for one from after it."""

import sqlite3

import pytest

from meschain.store.changes import Changes, Recent
from meschain.store.engine import open_engine


@pytest.fixture
def changes(tmp_path):
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    engine = open_engine(f"sqlite:///{tmp_path / 'store.sqlite'}")
    looking = Changes(engine)
    yield looking
    looking.close()
    engine.dispose()


def write(folder) -> None:
    with sqlite3.connect(folder / "store.sqlite") as connection:
        connection.execute("INSERT INTO t VALUES (1)")
    connection.close()


def test_a_write_is_noticed(changes, tmp_path):
    before = changes.stamp()
    assert changes.stamp() == before
    write(tmp_path)
    assert changes.stamp() != before


def test_one_that_came_while_nobody_looked_is_noticed_as_well(changes, tmp_path):
    before = changes.stamp()
    changes.close()  # as after an error
    write(tmp_path)
    assert changes.stamp() != before


def test_what_was_read_is_used_again_until_something_is_written(changes, tmp_path):
    recent, read = Recent(changes), iter(range(9))
    assert [recent.get("key", lambda: next(read)) for _ in range(3)] == [0, 0, 0]
    assert recent.get("other", lambda: next(read)) == 1
    write(tmp_path)
    assert [recent.get("key", lambda: next(read)) for _ in range(2)] == [2, 2]


def test_what_was_read_while_something_was_written_is_not_kept_as_what_came_after(changes, tmp_path):
    recent = Recent(changes)

    def read() -> str:
        write(tmp_path)
        return "of before"

    assert recent.get("key", read) == "of before"
    assert recent.get("key", lambda: "of after") == "of after"


def test_nothing_is_kept_where_nobody_looks_out():
    recent, read = Recent(), iter(range(9))
    assert [recent.get("key", lambda: next(read)) for _ in range(3)] == [0, 1, 2]

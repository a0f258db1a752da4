"""Whoever remembers an answer by the stamp never takes one from before a write for one from after it."""

import sqlite3

import pytest

from meschain.store.changes import Changes
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

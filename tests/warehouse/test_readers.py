"""Connections that stay open: lent to one at a time, of one lake each, never too many, none that is stale or broken."""

import threading
from pathlib import Path

import duckdb
import pytest

from commerce.errors import Transient
from warehouse.readers import LIFE_SECONDS, Readers


class Place:
    """A lake that counts how often it was opened."""

    def __init__(self, file: Path) -> None:
        self.place = file
        self.opened: list[duckdb.DuckDBPyConnection] = []

    def open_reader(self) -> duckdb.DuckDBPyConnection:
        self.opened.append(duckdb.connect())
        return self.opened[-1]

    @property
    def alive(self) -> int:
        """How many of its connections are open."""
        return sum(map(is_open, self.opened))


def is_open(connection: duckdb.DuckDBPyConnection) -> bool:
    try:
        connection.execute("SELECT 1")
    except duckdb.Error:
        return False
    return True


@pytest.fixture
def lakes(tmp_path: Path) -> list[Place]:
    for n in range(4):
        (tmp_path / f"{n}").touch()
    return [Place(tmp_path / f"{n}") for n in range(4)]


def test_a_connection_is_used_again_by_the_same_lake_only(lakes):
    readers = Readers()
    seen = []
    for lake in (lakes[0], lakes[1], lakes[0], lakes[0]):
        with readers.lend(lake) as connection:
            seen.append(connection)
    assert seen[0] is seen[2] is seen[3] is not seen[1]
    readers.close()
    assert (lakes[0].alive, lakes[1].alive) == (0, 0)


def test_two_at_once_have_two_connections(lakes):
    readers = Readers()
    with readers.lend(lakes[0]) as one, readers.lend(lakes[0]) as two:
        assert one is not two
    assert len(lakes[0].opened) == 2


def test_the_one_unused_longest_makes_room(lakes):
    readers = Readers(most=2)
    for n in (0, 1, 0, 2):
        with readers.lend(lakes[n]):
            pass
    assert [lake.alive for lake in lakes] == [1, 0, 1, 0]


def test_what_is_broken_or_old_or_of_a_lake_made_anew_is_not_used_again(lakes):
    now = 0.0
    readers = Readers(clock=lambda: now)
    with pytest.raises(duckdb.Error), readers.lend(lakes[0]) as connection:
        connection.execute("SELECT no_such_column")
    assert lakes[0].alive == 0
    with readers.lend(lakes[0]):
        pass
    now = LIFE_SECONDS + 1
    with readers.lend(lakes[0]):
        pass
    assert (len(lakes[0].opened), lakes[0].alive) == (3, 1)
    lakes[0].place.rename(lakes[0].place.with_name("gone"))
    lakes[0].place.touch()
    with readers.lend(lakes[0]):
        pass
    assert len(lakes[0].opened) == 4


def test_an_error_of_ours_leaves_the_connection_as_it_is(lakes):
    readers = Readers()
    with pytest.raises(ValueError, match="ours"), readers.lend(lakes[0]):
        raise ValueError("ours")
    with readers.lend(lakes[0]):
        pass
    assert len(lakes[0].opened) == 1


def test_who_asks_too_much_waits_and_keeps_nobody_else_waiting(lakes):
    readers = Readers(most=3, most_of_one=2, wait_seconds=0.1)
    with readers.lend(lakes[0]), readers.lend(lakes[0]):
        with pytest.raises(Transient, match="too many questions"), readers.lend(lakes[0]):
            pass
        with (
            readers.lend(lakes[1]),
            pytest.raises(Transient, match="too many questions"),
            readers.lend(lakes[2]),
        ):
            pass
    with readers.lend(lakes[2]):
        pass


def test_one_that_comes_free_is_given_to_who_waits(lakes):
    readers = Readers(most=1, wait_seconds=10)
    got = threading.Event()

    def ask() -> None:
        with readers.lend(lakes[1]):
            got.set()

    with readers.lend(lakes[0]):
        waiting = threading.Thread(target=ask)
        waiting.start()
        assert not got.wait(0.1)
    waiting.join()
    assert got.is_set()
    assert (lakes[0].alive, lakes[1].alive) == (0, 1)


def test_a_lake_that_cannot_be_opened_takes_no_place(lakes, monkeypatch):
    readers = Readers(most=1, wait_seconds=0.1)
    monkeypatch.setattr(lakes[0], "open_reader", lambda: duckdb.connect("/nowhere/at/all"))
    for _ in range(3):
        with pytest.raises(duckdb.Error), readers.lend(lakes[0]):
            pass
    with readers.lend(lakes[1]):
        pass

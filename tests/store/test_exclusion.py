"""One holder of a name at a time: over threads and processes, on both databases, and free when the holder is killed."""

import fcntl
import os
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from commerce.errors import Permanent, Refused, Transient
from meschain.settings import Settings
from meschain.store.engine import open_engine
from meschain.store.exclusion import exclusive
from meschain.store.file_lock import FileLock, file_name
from tests.processes import FORKS, race
from tests.store.children import count, hold

NAME = "sync acme/toptanci"


@pytest.fixture
def store(blank_store_url: str) -> Iterator[Engine]:
    engine = open_engine(blank_store_url)
    yield engine
    engine.dispose()


@pytest.fixture
def locks(settings: Settings) -> Path:
    return settings.locks_dir()


@contextmanager
def _held_by_child(engine: Engine, locks: Path) -> Iterator[tuple[BaseProcess, "Connection[str, str]"]]:
    """A process that holds the name until something is sent to it."""
    here, there = FORKS.Pipe()
    child = FORKS.Process(target=hold, args=(there, _url(engine), locks, NAME))
    child.start()
    try:
        assert here.poll(30)
        assert here.recv() == "held"
        yield child, here
    finally:
        here.send("enough")
        child.join(30)


def _url(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def test_another_process_is_refused_and_told_who_holds_it(store: Engine, locks: Path) -> None:
    with _held_by_child(store, locks) as (child, _):
        with pytest.raises(Refused) as refusal, exclusive(store, locks, NAME):
            pass
        assert NAME in str(refusal.value)
        assert "run of the child" in str(refusal.value)
        assert f"process {child.pid}" in str(refusal.value) or store.dialect.name == "postgresql"
        with exclusive(store, locks, NAME + "-2"):  # another name is nobody's business
            pass
    with exclusive(store, locks, NAME) as exclusion:
        exclusion.confirm()


@pytest.mark.parametrize("_attempt", range(3))
def test_a_killed_holder_frees_the_name_at_once(store: Engine, locks: Path, _attempt: int) -> None:
    with _held_by_child(store, locks) as (child, _):
        child.kill()
        child.join(30)
        killed = time.monotonic()
        # A file lock is gone with the process; a server needs a moment to read the end of the connection.
        with exclusive(store, locks, NAME, wait_seconds=0 if store.dialect.name == "sqlite" else 5):
            assert time.monotonic() - killed < 2


def test_whoever_waits_gets_the_name_when_it_comes_free(store: Engine, locks: Path) -> None:
    with _held_by_child(store, locks) as (_, holder), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(_take, store, locks)
        holder.send("let go")
        assert waiting.result(timeout=30)


def _take(engine: Engine, locks: Path) -> bool:
    with exclusive(engine, locks, NAME, wait_seconds=30):
        return True


def test_waiting_ends_in_time(store: Engine, locks: Path) -> None:
    with exclusive(store, locks, NAME):
        started = time.monotonic()
        with pytest.raises(Refused), exclusive(store, locks, NAME, wait_seconds=0.2):
            pass
        assert 0.2 <= time.monotonic() - started < 5


def test_threads_exclude_each_other(store: Engine, locks: Path) -> None:
    inside, most, total = 0, 0, 0
    start = threading.Barrier(4)

    def work() -> None:
        nonlocal inside, most, total
        start.wait()
        for _ in range(5):
            with exclusive(store, locks, NAME, wait_seconds=60):
                inside += 1
                most = max(most, inside)
                time.sleep(0.001)  # room for a second one to step in, if it could
                inside -= 1
                total += 1

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work) for _ in range(4)]:
            done.result()
    assert (most, total) == (1, 20)


def test_processes_lose_no_step_of_a_read_and_write(store: Engine, locks: Path, tmp_path: Path) -> None:
    file = tmp_path / "count"
    file.write_text("0")
    race(count, [(_url(store), locks, file, 10)] * 3)
    assert file.read_text() == "30"


def test_a_block_that_raises_frees_the_name(store: Engine, locks: Path) -> None:
    with pytest.raises(ZeroDivisionError), exclusive(store, locks, NAME):
        _ = 1 / 0
    with exclusive(store, locks, NAME):
        pass


def test_a_lock_whose_connection_broke_is_noticed(postgres_database: str, locks: Path) -> None:
    engine = open_engine(postgres_database)
    with exclusive(engine, locks, NAME, holder="run 1") as first:
        with psycopg.connect(postgres_database, autocommit=True) as other:
            ended = other.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name LIKE 'run 1%'"
            ).fetchall()
        assert ended == [(True,)]
        with exclusive(engine, locks, NAME) as second:
            with pytest.raises(Transient, match="was lost"):
                first.confirm()
            second.confirm()
    engine.dispose()


def test_a_lock_whose_file_was_removed_is_noticed(settings: Settings, locks: Path) -> None:
    engine = open_engine(settings.store.url)
    with exclusive(engine, locks, NAME) as first:
        (locks / file_name(NAME)).unlink()
        with exclusive(engine, locks, NAME), pytest.raises(Transient, match="was lost"):
            first.confirm()


def test_a_file_that_vanished_while_it_was_locked_does_not_count(locks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lock_and_lose(file: int, operation: int) -> None:
        flock(file, operation)
        (locks / file_name(NAME)).unlink()

    flock = fcntl.flock
    lock = FileLock(locks, NAME, "")
    monkeypatch.setattr(fcntl, "flock", lock_and_lose)
    assert not lock.acquire()
    monkeypatch.undo()
    assert lock.acquire()
    assert lock.is_held()
    lock.release()
    assert not lock.is_held()


def test_a_lock_file_that_cannot_be_opened_says_so(settings: Settings) -> None:
    engine = open_engine(settings.store.url)
    with pytest.raises(Permanent, match="MESCHAIN_HOME"), exclusive(engine, settings.home / "none", NAME):
        pass


def test_a_server_that_is_away_is_a_failure_of_the_moment(tmp_path: Path, locks: Path) -> None:
    engine = open_engine(f"postgresql://me@/x?host={tmp_path}")
    with pytest.raises(Transient, match="does not answer"), exclusive(engine, locks, NAME):
        pass


@pytest.mark.parametrize("holder", ["", "run 7 " + "ş" * 200])
def test_any_holder_can_be_described(store: Engine, locks: Path, holder: str) -> None:
    with exclusive(store, locks, NAME, holder=holder):
        expected = "by run 7 " if holder else f"process {os.getpid()}"
        with pytest.raises(Refused, match=expected), exclusive(store, locks, NAME):
            pass


@given(names=st.lists(st.text(), min_size=2, max_size=6, unique=True))
def test_every_name_has_a_safe_file_of_its_own(names: list[str]) -> None:
    files = [file_name(name) for name in names]
    assert len({file.lower() for file in files}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,120}", file) for file in files)


def test_nothing_is_left_behind_in_the_lock_file(settings: Settings, locks: Path) -> None:
    engine = open_engine(settings.store.url)
    with exclusive(engine, locks, NAME, holder="run 7"):
        assert (locks / file_name(NAME)).read_text().startswith("run 7, process ")
    assert (locks / file_name(NAME)).read_text() == ""
    assert (locks / file_name(NAME)).stat().st_mode & 0o777 == 0o600

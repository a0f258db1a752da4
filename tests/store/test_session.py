"""Transactions on real databases: all or nothing, no upgrade deadlock, views that stand still, failures explained."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, func, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from commerce.errors import Permanent, Transient
from meschain.access.tables import Tenant
from meschain.store.engine import open_engine
from meschain.store.session import explain, reading, transaction


def _count(engine: Engine) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(Tenant)) or 0


def _tenant(slug: str, name: str = "n") -> Tenant:
    return Tenant(slug=slug, name=name)


def test_a_block_that_raises_leaves_nothing(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError):
        _add_and_fail(engine)
    assert _count(engine) == 0


def _add_and_fail(engine: Engine) -> None:
    with transaction(engine) as session:
        session.add(_tenant("a"))
        session.flush()
        _ = 1 / 0


def test_a_block_that_ends_is_committed_and_its_rows_stay_readable(engine: Engine) -> None:
    with transaction(engine) as session:
        tenant = _tenant("a")
        session.add(tenant)
    assert tenant.slug == "a"
    assert tenant.created_at.tzinfo is not None
    assert _count(engine) == 1


def test_a_transaction_inside_a_transaction_is_a_mistake(engine: Engine) -> None:
    with transaction(engine), pytest.raises(RuntimeError, match="inside a transaction"), transaction(engine):
        pass
    with transaction(engine) as session:
        session.add(_tenant("a"))
    assert _count(engine) == 1


def test_reading_cannot_write(engine: Engine) -> None:
    with pytest.raises((DBAPIError, Permanent), match=r"(?i)read-?only"), reading(engine) as session:
        session.execute(insert(Tenant).values(slug="a", name="a"))
    with transaction(engine) as session:  # the connection goes back to the pool able to write
        session.add(_tenant("b"))
    assert _count(engine) == 1


def test_a_view_stands_still_while_others_write(engine: Engine) -> None:
    with reading(engine) as view:
        assert view.scalar(select(func.count()).select_from(Tenant)) == 0
        with ThreadPoolExecutor(1) as other:
            other.submit(_add, engine, "a").result()
        assert view.scalar(select(func.count()).select_from(Tenant)) == 0
    assert _count(engine) == 1


def _add(engine: Engine, slug: str) -> None:
    with transaction(engine) as session:
        session.add(_tenant(slug))


def test_read_then_write_from_many_threads_never_deadlocks_and_loses_nothing(engine: Engine) -> None:
    _add(engine, "counter")
    start = threading.Barrier(4)

    def count_up() -> None:
        start.wait()
        for _ in range(10):
            with transaction(engine) as session:
                tenant = session.scalars(select(Tenant).with_for_update()).one()
                tenant.name += "x"

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(count_up) for _ in range(4)]:
            done.result()
    with reading(engine) as session:
        assert session.scalars(select(Tenant.name)).one() == "n" + "x" * 40


def test_a_broken_rule_reaches_the_caller_as_it_is(engine: Engine) -> None:
    _add(engine, "a")
    with pytest.raises(IntegrityError):
        _add(engine, "a")


def test_values_do_not_appear_in_errors(engine: Engine) -> None:
    _add(engine, "a")
    with pytest.raises(IntegrityError) as broken, transaction(engine) as session:
        session.add(_tenant("a", name="card-4111"))
    assert "card-4111" not in str(broken.value)


def test_tables_that_are_missing_are_named_as_such(blank_store_url: str) -> None:
    engine = open_engine(blank_store_url)
    with pytest.raises(Permanent, match="tables are missing"):
        _count(engine)
    engine.dispose()


def test_sqlite_is_set_up_for_many_processes(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'new' / 'store.sqlite'}")
    with engine.connect() as connection:
        pragmas = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in
                   ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")}  # fmt: skip
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 30_000, "synchronous": 1}
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    engine.dispose()


def test_a_store_that_stays_locked_is_a_failure_of_the_moment(tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite"
    engine = open_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=0")
    with sqlite3.connect(file, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Transient, match="busy for too long"), transaction(engine) as session:
            session.execute(select(1))
    other.close()
    engine.dispose()


def test_a_file_that_is_no_database_is_permanent(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite").write_bytes(b"not a database, by any means" * 100)
    engine = open_engine(f"sqlite:///{tmp_path / 'store.sqlite'}")
    with pytest.raises(Permanent, match="not a database"):
        _count(engine)
    engine.dispose()


@pytest.mark.parametrize("url", ["mysql://me:pw@db/x", "sqlite://", "sqlite:///:memory:"])
def test_only_the_two_databases_are_opened(url: str) -> None:
    with pytest.raises(Permanent, match="MESCHAIN_STORE__URL") as refusal:
        open_engine(url)
    assert "pw" not in str(refusal.value)


def test_a_server_that_is_away_is_a_failure_of_the_moment(tmp_path: Path) -> None:
    engine = open_engine(f"postgres://me:secret-pw@/x?host={tmp_path}")
    with pytest.raises(Transient, match="does not answer") as refusal:
        _count(engine)
    assert "secret-pw" not in str(refusal.value)


def test_a_database_that_is_not_there_is_permanent(postgres_url: str) -> None:
    engine = open_engine(postgres_url.replace("/postgres?", "/nowhere?"))
    with pytest.raises(Permanent, match="MESCHAIN_STORE__URL"):
        _count(engine)


def test_a_connection_lost_in_mid_transaction_is_a_failure_of_the_moment(postgres_database: str) -> None:
    engine = open_engine(postgres_database)
    with pytest.raises(Transient, match="does not answer"):
        _lose_connection(engine, postgres_database)
    with reading(engine) as session:  # and the pool has recovered
        assert session.scalar(select(1)) == 1
    engine.dispose()


def _lose_connection(engine: Engine, url: str) -> None:
    with transaction(engine) as session:
        mine = session.scalar(select(func.pg_backend_pid()))
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (mine,))
        session.execute(select(1))


def test_a_deadlock_on_postgresql_is_a_failure_of_the_moment(postgres_database: str) -> None:
    deadlock = OperationalError("", {}, psycopg.errors.DeadlockDetected("deadlock detected"))
    engine = open_engine(postgres_database)
    assert isinstance(explain(engine, deadlock), Transient)
    assert explain(engine, DBAPIError("", {}, ValueError("a bug"))) is None
    syntax = DBAPIError("", {}, psycopg.errors.SyntaxError("a bug"))
    assert explain(engine, syntax) is None


def test_too_many_at_once_are_told_to_come_again(engine):
    with pytest.raises(Transient, match="too many are at the store at once"), reading(engine):
        raise PoolTimeout("QueuePool limit of size 5 overflow 10 reached")

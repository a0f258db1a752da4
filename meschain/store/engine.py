"""Opens the operational store: one SQLAlchemy engine for SQLite or PostgreSQL. Sessions are in `session`."""

import json
import sqlite3
import time
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.pool import ConnectionPoolEntry

from commerce.errors import Permanent
from meschain.settings import private_dir

READING = "meschain_reading"
"""Execution option of a connection that only reads."""

BUSY_SECONDS = 30
_to_json = partial(json.dumps, allow_nan=False)  # PostgreSQL refuses NaN; SQLite would take it


def open_engine(url: str, *, pooled: bool = True, foreign_keys: bool = True) -> Engine:
    """Engine for `sqlite:///PATH` or `postgresql://…`; nothing is connected yet.

    `pooled=False` gives every connection its own life. `foreign_keys=False` is for migrations on SQLite only:
    rebuilding a table there must not touch the rows that point to it.
    """
    address = _address(url)
    # A pool of its own size is the default of either database; parameters may be secrets and stay out of errors.
    options: dict[str, Any] = {"hide_parameters": True, "json_serializer": _to_json, "pool_pre_ping": True}
    if not pooled:
        options["poolclass"] = NullPool
    if address.get_backend_name() == "postgresql":
        return create_engine(address, connect_args=_postgresql_arguments("meschain"), **options)
    if address.database is not None:
        private_dir(Path(address.database).absolute().parent)
    engine = create_engine(address, connect_args={"timeout": BUSY_SECONDS}, **options)
    event.listen(engine, "connect", partial(_prepare_sqlite, foreign_keys=foreign_keys))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def open_session_engine(engine: Engine, application_name: str) -> Engine:
    """A second engine on a PostgreSQL store whose connections belong to nobody else and carry a name of their own."""
    return create_engine(
        engine.url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args=_postgresql_arguments(application_name),
    )


def _address(url: str) -> URL:
    address = make_url(url.replace("postgres://", "postgresql://", 1))
    if address.get_backend_name() == "postgresql":
        return address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() != "sqlite" or address.database in (None, "", ":memory:"):
        raise Permanent(
            f"{address.render_as_string(hide_password=True)} cannot hold the operational store; "
            "expected sqlite:///PATH or postgresql://USER:PASSWORD@HOST/DATABASE in MESCHAIN_STORE__URL"
        )
    return address


def _postgresql_arguments(application_name: str) -> dict[str, Any]:
    # The server asks a silent client after a minute whether it lives: a lost machine must not hold locks for hours.
    server = "-c timezone=UTC -c tcp_keepalives_idle=60 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
    return {"application_name": application_name, "connect_timeout": 10, "options": server}


def _prepare_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry, *, foreign_keys: bool) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself; _begin_sqlite does
    connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    _ensure_wal(connection)
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")


def _ensure_wal(connection: sqlite3.Connection) -> None:
    """Switch a new file to WAL; SQLite does not wait for another process doing the same, so this does."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            if connection.execute("PRAGMA journal_mode=WAL").fetchone()[0] == "wal":
                return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once: a transaction that reads first and writes later could not upgrade its lock."""
    reading = connection.get_execution_options().get(READING, False)
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reading else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

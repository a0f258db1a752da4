"""A lock between processes and threads of many machines, in PostgreSQL; it dies with the connection that holds it."""

import hashlib
from contextlib import suppress

from sqlalchemy import Connection, Engine, cast, column, func, literal, select, table
from sqlalchemy.dialects.postgresql import OID
from sqlalchemy.exc import DBAPIError

from meschain.store.engine import open_session_engine
from meschain.store.session import translated

_locks = table("pg_locks", *map(column, ("locktype", "database", "classid", "objid", "objsubid", "pid", "granted")))
_activity = table("pg_stat_activity", column("pid"), column("application_name"))
_databases = table("pg_database", column("oid"), column("datname"))


def lock_key(name: str) -> int:
    """The number that PostgreSQL knows a lock by."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)


def holder_of(connection: Connection, key: int) -> str:
    """What the present holder of a lock says of itself; empty if it is not known."""
    unsigned = key & (1 << 64) - 1
    here = select(_databases.c.oid).where(_databases.c.datname == func.current_database()).scalar_subquery()
    query = (
        select(_activity.c.application_name)
        .join(_locks, _locks.c.pid == _activity.c.pid)
        .where(_locks.c.locktype == "advisory", _locks.c.granted, _locks.c.database == here, _locks.c.objsubid == 1)
        .where(_locks.c.classid == cast(literal(str(unsigned >> 32)), OID))
        .where(_locks.c.objid == cast(literal(str(unsigned & 0xFFFFFFFF)), OID))
    )
    return str(connection.scalar(query) or "")


class AdvisoryLock:
    """A session advisory lock on a connection of its own, whose `application_name` says who holds it.

    The server frees it the moment the connection ends, however it ends. A pooler that shares sessions between
    clients (PgBouncer in transaction mode) breaks it: the store needs a direct connection.
    """

    def __init__(self, engine: Engine, name: str, holder: str) -> None:
        self._store = engine
        # The server takes 63 bytes and turns all but ASCII into escapes.
        self._engine = open_session_engine(engine, holder.encode("ascii", "replace").decode()[:63])
        self._key = lock_key(name)
        self._connection: Connection | None = None
        self._held = False

    def acquire(self) -> bool:
        """Take the lock if it is free; never waits."""
        with translated(self._store):
            if self._connection is None:
                self._connection = self._engine.connect()
            self._held = bool(self._connection.scalar(select(func.pg_try_advisory_lock(self._key))))
        return self._held

    def holder(self) -> str:
        """What the present holder says of itself; empty if it is not known."""
        return holder_of(self._connection, self._key) if self._connection is not None else ""

    def is_held(self) -> bool:
        """Whether the connection, and with it the lock, is still there."""
        if not self._held or self._connection is None:
            return False
        try:
            self._connection.scalar(select(1))
        except DBAPIError:
            self._held = False
        return self._held

    def release(self) -> None:
        """Let the next one in, and close the connection."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with suppress(DBAPIError):  # a broken connection has freed the lock already
            if self._held:  # said aloud: a mere close is noticed by the server a moment later
                connection.scalar(select(func.pg_advisory_unlock(self._key)))
        self._held = False
        with suppress(DBAPIError):
            connection.close()
        self._engine.dispose()

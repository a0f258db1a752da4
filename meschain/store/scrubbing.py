"""Takes away what a database keeps of values that are no more: old pages, row versions, its write-ahead log.

What other files hold (backups, archived logs, the disk below a file system) is out of its reach.
"""

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from meschain.store.engine import BUSY_SECONDS, open_session_engine
from meschain.store.session import translated

WAIT_SECONDS = 30.0
_POLL_SECONDS = 0.05
_DENIED = "42501"


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """Whether all of it is gone; if not, what is in the way and what to do about it."""

    hint: str = ""
    done: bool = True
    """Whether nothing more can be done from here; if not, it is worth while to do it again."""

    @property
    def complete(self) -> bool:
        """Whether all of it is gone."""
        return not self.hint


def scrub(engine: Engine, tables: Sequence[str], *, wait_seconds: float = WAIT_SECONDS) -> Scrubbed:
    """Take away former values of these tables, in their names' order, once they are committed.

    On SQLite the whole file is written anew, on PostgreSQL these tables alone; others wait meanwhile.
    """
    with translated(engine):
        if engine.dialect.name == "postgresql":
            return _scrub_postgresql(engine, sorted(tables), wait_seconds)
        return _scrub_sqlite(engine, wait_seconds)


def _scrub_sqlite(engine: Engine, wait_seconds: float) -> Scrubbed:
    """Pages that were freed or split may hold copies: only a file without them is certain."""
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("PRAGMA query_only=OFF")
        cursor.execute("VACUUM")
        try:
            cursor.execute(f"PRAGMA busy_timeout={round(wait_seconds * 1000)}")
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    hint = "somebody keeps reading an old state of the store; let that end and run the same again"
    return Scrubbed(hint, done=False) if busy else Scrubbed()


def _scrub_postgresql(engine: Engine, tables: Sequence[str], wait_seconds: float) -> Scrubbed:
    """Old row versions go with the tables' files; pages of the log are written over as the server comes to them."""
    own = open_session_engine(engine, "scrubbing")
    try:
        with own.connect() as connection:
            if not _await_older(connection, wait_seconds):
                return Scrubbed(
                    "a transaction from before is still open; let it end and run the same again", done=False
                )
            connection.execute(text(f"SET lock_timeout = {round(wait_seconds * 1000)}"))
            for table in tables:
                connection.execute(text(f"VACUUM (FULL, ANALYZE) {table}"))
            return _checkpoint(connection)
    finally:
        own.dispose()


def _await_older(connection: Connection, wait_seconds: float) -> bool:
    """Wait until nobody sees a state from before now: what somebody may still see is kept."""
    older = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_xmin IS NOT NULL AND xact_start < :begun"
    )
    begun = connection.scalar(text("SELECT clock_timestamp()"))
    deadline = time.monotonic() + wait_seconds
    while connection.scalar(older, {"begun": begun}):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _checkpoint(connection: Connection) -> Scrubbed:
    try:
        connection.execute(text("SELECT pg_switch_wal()"))
        connection.execute(text("CHECKPOINT"))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _DENIED:
            raise
        return Scrubbed("the database user may not write a checkpoint; have an administrator run CHECKPOINT")
    return Scrubbed()

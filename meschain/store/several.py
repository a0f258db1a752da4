"""Holds several names at once as `exclusion` holds one: in PostgreSQL all of them on a single connection.

A lock of its own for each would take as many connections as there are tenants.
"""

import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError

from meschain.store.advisory_lock import holder_of, lock_key
from meschain.store.engine import open_session_engine
from meschain.store.exclusion import Busy, exclusive
from meschain.store.session import translated

_POLL_SECONDS = 0.05


@contextmanager
def all_exclusive(
    engine: Engine, locks_dir: Path, names: Sequence[str], *, holder: str, wait_seconds: float
) -> Iterator[None]:
    """Hold all of the names for the length of the block, taken in order, so that two who want several never block.

    Raises Busy, naming the name that does not come free within `wait_seconds`.
    """
    if engine.dialect.name == "postgresql":
        with _on_one_connection(engine, sorted(names), holder, wait_seconds):
            yield
        return
    with ExitStack() as stack:
        for name in sorted(names):
            stack.enter_context(exclusive(engine, locks_dir, name, holder=holder, wait_seconds=wait_seconds))
        yield


@contextmanager
def _on_one_connection(engine: Engine, names: Sequence[str], holder: str, wait_seconds: float) -> Iterator[None]:
    described = f"{holder}, process {os.getpid()} on {socket.gethostname()}"
    own = open_session_engine(engine, described.encode("ascii", "replace").decode()[:63])
    try:
        with translated(engine):
            connection = own.connect()
        try:
            with translated(engine):
                for name in names:
                    _take(connection, name, time.monotonic() + wait_seconds)
            yield
        finally:
            with suppress(DBAPIError):  # a broken connection has freed its locks already
                connection.scalar(select(func.pg_advisory_unlock_all()))
            with suppress(DBAPIError):
                connection.close()
    finally:
        own.dispose()


def _take(connection: Connection, name: str, deadline: float) -> None:
    key = lock_key(name)
    while not connection.scalar(select(func.pg_try_advisory_lock(key))):
        if time.monotonic() > deadline:
            other = holder_of(connection, key) or "another process"
            raise Busy(f"{name} is being worked on by {other}; wait until it ends, or end it, and try again")
        time.sleep(_POLL_SECONDS)

"""How a use case reaches the store: one `with transaction(engine)` or `with reading(engine)`. Nobody calls commit."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from commerce.errors import MesChainError, Permanent, Transient
from meschain.store.engine import READING
from meschain.store.tenancy import TenantSession

_open: ContextVar[frozenset[str]] = ContextVar("open_transactions", default=frozenset())

# SQLSTATE classes and codes that pass by themselves: connection, resources, operator, rollback, lock not available.
_PASSING = ("08", "53", "57P", "40", "55P03", "25P03", "25P04")
_WRONG_ADDRESS = ("authentication failed", "does not exist", "no password supplied", "could not translate host name")
_PASSING_SQLITE = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_NO_TABLES = "the store's tables are missing or of another version; `meschain doctor` says more"


@contextmanager
def transaction(engine: Engine) -> Iterator[TenantSession]:
    """One use case, one transaction: committed when the block ends, undone when it raises.

    On SQLite it holds the write lock from its first statement on: keep it short and call nothing outside within it.
    Raises Transient (store busy or away) or Permanent (store unusable); IntegrityError is left to the caller,
    who knows which rule it means. What was loaded stays readable after the end.
    """
    here = str(engine.url)
    if here in _open.get():
        # On SQLite the inner one would wait for the outer one, which is itself.
        raise RuntimeError(
            "a transaction was begun inside a transaction of the same store; pass the session on instead"
        )
    token = _open.set(_open.get() | {here})
    try:
        with translated(engine), TenantSession(engine, expire_on_commit=False) as session, session.begin():
            yield session
    finally:
        _open.reset(token)


@contextmanager
def reading(engine: Engine) -> Iterator[TenantSession]:
    """One unchanging view of the store, for as many queries as needed; never waits for a writer, cannot write."""
    view = engine.execution_options(**{READING: True})
    if engine.dialect.name == "postgresql":
        view = view.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with translated(engine), TenantSession(view, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def translated(engine: Engine) -> Iterator[None]:
    """Turn failures of the database itself into the kinds of `commerce.errors`; leave the others as they are."""
    try:
        yield
    except IntegrityError:
        raise
    except PoolTimeout as error:
        raise Transient("too many are at the store at once; try again in a moment") from error
    except DBAPIError as error:
        explained = explain(engine, error)
        if explained is None:
            raise
        raise explained from error


def explain(engine: Engine, error: DBAPIError) -> MesChainError | None:
    """The error kind for a failure of the database itself; None when the statement was at fault."""
    place = engine.url.render_as_string(hide_password=True)
    cause = str(error.orig).strip()
    if isinstance(error.orig, sqlite3.Error):
        return _explain_sqlite(error.orig, place, cause)
    if engine.dialect.name != "postgresql":
        return None
    state = getattr(error.orig, "sqlstate", None) or ""
    if state == "42P01":
        return Permanent(f"{place}: {_NO_TABLES} ({cause})")
    if not state and any(words in cause for words in _WRONG_ADDRESS):
        return Permanent(f"{place} cannot be opened: {cause}; check MESCHAIN_STORE__URL")
    if error.connection_invalidated or state.startswith(_PASSING) or isinstance(error, OperationalError):
        return Transient(f"{place} does not answer or is busy: {cause}; try again, see whether the server runs")
    return None


def _explain_sqlite(error: sqlite3.Error, place: str, cause: str) -> MesChainError | None:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in _PASSING_SQLITE:
        return Transient(f"{place} was busy for too long: {cause}; another process keeps writing, try again")
    if "no such table" in cause or "no such column" in cause:
        return Permanent(f"{place}: {_NO_TABLES} ({cause})")
    if code == sqlite3.SQLITE_ERROR:
        return None
    return Permanent(f"{place} cannot be used: {cause}; check the file, its folder's permissions and the free space")

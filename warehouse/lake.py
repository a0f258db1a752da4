"""DuckLake access: one lake per tenant, its catalog in SQLite or PostgreSQL, its data in Parquet files.

Readers never wait. Writers take the lake's lock around a write transaction: two overlapping ones on a SQLite catalog
always end in an error for the second, whatever tables they touch.
"""

import glob
import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

import duckdb
from pydantic import BaseModel, ByteSize, ConfigDict, TypeAdapter

from commerce.errors import Permanent, Transient
from warehouse import statements
from warehouse.readers import Readers
from warehouse.spill import clear_spill, spill_name

log = logging.getLogger(__name__)
T = TypeVar("T")
Connection = duckdb.DuckDBPyConnection
Lock = Callable[[str], AbstractContextManager[object]]
_LONGEST_NAME = 63
"""Of a schema in PostgreSQL."""

_CONFLICTS = ("conflict", "database is locked", "could not serialize")
_ATTEMPTS = 5
_BYTES = TypeAdapter(ByteSize)
_SPARING = 128_000_000
_READING = 48_000_000
"""Memory of a connection that is kept open for reading: many of them share a small process."""
_IN_USE = ("could not set lock", "unique file handle")
_FULL = ("no space left", "disk quota", "disk is full", "file too large")
_BROKEN = ("disk i/o error", "unable to open database", "readonly database")
"""How the system, SQLite and PostgreSQL say it; DuckDB wraps the text of any of them in an error of some kind."""
TRUSTING: dict[str, str | bool | int | float | list[str]] = {"allow_unsigned_extensions": "true"}
"""The extensions come out of wheels that the lock file holds by their hash; hashing 100 MB of them again for every
connection takes a quarter of a second. A confined connection can load none."""


class LakeSettings(BaseModel):
    """Where a tenant's lake is and what its connections may use. `catalog_url` empty: SQLite in `catalog_file`."""

    model_config = ConfigDict(frozen=True)

    tenant: str
    data_path: str
    """Folder or object-store prefix of the data files, the tenant's own."""
    catalog_file: Path
    catalog_url: str = ""
    temp_path: Path
    memory_limit: str = "256MB"
    threads: int = 2


def lake_lock(tenant: str) -> str:
    """Name of the lock of whoever writes into a tenant's lake; a blank stands in no tenant's name."""
    return f"lake {tenant}"


def files_lock(tenant: str) -> str:
    """Name of the lock of whoever removes files of a tenant's lake, and of whoever must not see them go."""
    return f"files of {lake_lock(tenant)}"


class Lake:
    """One tenant's lake; `lock` excludes other writers (threads and processes) by name.

    `readers` are the connections that the process keeps open, if it keeps any.
    """

    def __init__(self, settings: LakeSettings, lock: Lock, readers: Readers | None = None) -> None:
        self.settings = settings
        self._lock = lock
        self._readers = readers
        self._ready = False

    @property
    def place(self) -> Path | str:
        """The file of its catalog, or what tells it from other lakes in a catalog on PostgreSQL."""
        return (
            f"{self.settings.catalog_url}#{self._schema}" if self.settings.catalog_url else self.settings.catalog_file
        )

    @contextmanager
    def connect(
        self, *, delta: Path | None = None, snapshot: int | None = None, read_only: bool = False
    ) -> Iterator[Connection]:
        """A connection on which the lake is the default database, in the catalog `lake`.

        `delta` attaches a DuckDB file as `delta` and puts its folder into the variable `staged`.
        `snapshot` attaches the lake as it was then as `past`.
        Not to be shared between threads.
        """
        if not self._ready:
            self._create()
        with _told(), self._open(read_only=read_only) as connection:
            if delta is not None:
                _attach_delta(connection, delta, read_only=read_only)
            if snapshot is not None:
                connection.execute(self._attach("past", f"SNAPSHOT_VERSION {int(snapshot)}"))
            yield connection

    @contextmanager
    def read(self, *, delta: Path | None = None) -> Iterator[Connection]:
        """A connection for a few questions: one that is open already, in a process that keeps such.

        As `connect(read_only=True)`, but with little memory, and nothing may be set on it.
        """
        if self._readers is None:
            with self.connect(delta=delta, read_only=True) as connection:
                yield connection
            return
        try:
            with _told(), self._readers.lend(self) as connection, _attached(connection, delta):
                yield connection
        except duckdb.CatalogException:
            if self._ready:
                raise
            self._create()
            raise Transient("the lake was of an older version and is up to date now; ask again") from None

    def open_reader(self) -> Connection:
        """A connection that can be read only, for `Readers`; whoever asks closes it."""
        with _told():
            try:
                return self._opened_reader()
            except duckdb.Error:
                if self._ready:
                    raise
                self._create()  # there was no lake yet
                return self._opened_reader()

    def _opened_reader(self) -> Connection:
        connection = duckdb.connect(config=TRUSTING)
        try:
            self.prepare(connection, read_only=True)
            limit = min(_BYTES.validate_python(self.settings.memory_limit), _READING)
            connection.execute(f"SET memory_limit = '{limit}B'")
        except BaseException:
            connection.close()
            raise
        return connection

    def write(self, connection: Connection, work: Callable[[Connection], T], message: str) -> T:
        """Run `work` as one write transaction of the lake, again if another writer's commit came in between."""
        for attempt in range(1, _ATTEMPTS + 1):
            with self._lock(lake_lock(self.settings.tenant)):
                try:
                    return _transaction(connection, work, message)
                except duckdb.Error as error:
                    if attempt == _ATTEMPTS or not any(word in str(error).lower() for word in _CONFLICTS):
                        raise
                    log.warning(
                        "Write to the lake of %s conflicts, attempt %d: %s", self.settings.tenant, attempt, error
                    )
            time.sleep(0.05 * 2**attempt)
        raise Transient(f"The lake of {self.settings.tenant} stayed busy.")

    def prepare(self, connection: Connection, *, read_only: bool, snapshot: int | None = None) -> None:
        """Make a new in-memory connection, whoever opened it, one of the lake's: limits, UTC, the lake as its default.

        `snapshot` shows the lake as it was then. To be read only, the lake must be there.
        """
        limits = {
            "memory_limit": self.settings.memory_limit,
            "threads": self.settings.threads,
            "allocator_flush_threshold": "1MB",  # gives memory back at once; the default lets 128 MiB lie about
            "allocator_bulk_deallocation_flush_threshold": "1MB",
            "force_compression": "uncompressed",  # of a delta, which lives for seconds; the lake is Parquet
            "temp_directory": str(self.settings.temp_path / spill_name()),  # made when DuckDB first spills
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "TimeZone": "UTC",
        }
        for name, value in limits.items():
            connection.execute(f"SET {name} = '{_quoted(value)}'")
        for extension in ("ducklake", "postgres_scanner" if self.settings.catalog_url else "sqlite_scanner"):
            connection.load_extension(extension_file(extension))
        options = ["READ_ONLY"] if read_only else []
        options += [f"SNAPSHOT_VERSION {int(snapshot)}"] if snapshot is not None else []
        connection.execute(self._attach("lake", ", ".join(options)))
        connection.execute("USE lake")

    def allot(self, connection: Connection, *, sparing: bool) -> None:
        """Let the connection take all the memory that the settings allow, or as little as an ordinary sync needs.

        To set the limit also makes DuckDB give back at once what it keeps for later.
        """
        limit = _BYTES.validate_python(self.settings.memory_limit)
        connection.execute(f"SET memory_limit = '{min(limit, _SPARING) if sparing else limit}B'")

    def snapshot(self, connection: Connection) -> int:
        """Number of the newest snapshot."""
        found = statements.run(connection, "lake/snapshot").fetchone()
        return int(found[0]) if found else 0

    def confine(self, connection: Connection) -> None:
        """Shut a connection in: no file but the lake's own can be touched, and no setting changed any more."""
        settings = self.settings
        folders = [settings.data_path, str(settings.catalog_file.parent)]
        listed = ", ".join(f"'{_quoted(folder)}'" for folder in folders)
        connection.execute(f"SET allowed_directories = [{listed}]")
        for statement in ("SET enable_external_access = false", "SET lock_configuration = true"):
            connection.execute(statement)

    def _create(self) -> None:
        """Create catalog, schemas and relations once per process; a lake that has them is left as it is.

        Already the first ATTACH writes the catalog, so that too has to happen under the lock.
        """
        clear_spill(self.settings.temp_path)
        with self._lock(lake_lock(self.settings.tenant)), _told():
            self._create_catalog_schema()
            with self._open(read_only=False) as connection:
                if self.snapshot(connection) == 0:
                    statements.run(connection, "lake/options")
                _transaction(connection, _create_relations, "relations")
        self._ready = True

    @contextmanager
    def _open(self, *, read_only: bool) -> Iterator[Connection]:
        with duckdb.connect(config=TRUSTING) as connection:
            self.prepare(connection, read_only=read_only)
            yield connection

    def _create_catalog_schema(self) -> None:
        """Create the lake's schema in a PostgreSQL catalog, which DuckLake expects to find."""
        if not self.settings.catalog_url:
            return
        with duckdb.connect() as connection:
            connection.load_extension(extension_file("postgres_scanner"))
            connection.execute(f"ATTACH '{_quoted(self.settings.catalog_url)}' AS catalog (TYPE postgres)")
            there = statements.run(connection, "lake/catalog_schemas").fetchall()
            if ("catalog", self._schema) not in there:
                connection.execute(statements.text("lake/catalog_schema").replace("$schema", f'"{self._schema}"'))

    @property
    def _schema(self) -> str:
        """Of the lake's tables in a PostgreSQL catalog."""
        name = f"lake_{self.settings.tenant.replace('-', '_')}"
        if len(name) > _LONGEST_NAME:
            name = f"{name[:46]}_{hashlib.sha256(name.encode()).hexdigest()[:16]}"
        return name

    def _attach(self, name: str, option: str) -> str:
        """The ATTACH statement, which takes no parameters; names and paths are the installation's own."""
        settings = self.settings
        if settings.catalog_url:
            source = f"postgres:{_quoted(settings.catalog_url)}"
            options = [f"META_SCHEMA '{self._schema}'"]
        else:
            source = f"sqlite:{_quoted(settings.catalog_file)}"
            options = ["META_JOURNAL_MODE 'WAL'", "META_BUSY_TIMEOUT 30000"]
        options += [f"DATA_PATH '{_quoted(settings.data_path)}/'", "OVERRIDE_DATA_PATH true", option]
        return f"ATTACH 'ducklake:{source}' AS {name} ({', '.join(filter(None, options))})"


def _attach_delta(connection: Connection, delta: Path, *, read_only: bool) -> None:
    mode = "READ_ONLY" if read_only else "ROW_GROUP_SIZE 16384"
    connection.execute(f"ATTACH '{_quoted(delta)}' AS delta ({mode})")
    connection.execute(f"SET VARIABLE staged = '{_quoted(glob.escape(str(staged_folder(delta))))}'")


@contextmanager
def _attached(connection: Connection, delta: Path | None) -> Iterator[None]:
    """With the delta, if there is one, for the length of the block."""
    if delta is None:
        yield
        return
    _attach_delta(connection, delta, read_only=True)
    try:
        yield
    finally:
        connection.execute("DETACH delta")


def _create_relations(connection: Connection) -> None:
    """All in one transaction: a lake has all of its relations or none, and one commit costs less than twenty."""
    statements.run(connection, "lake/schemas")
    for relation in statements.relations():
        statements.run(connection, relation)


def _transaction(connection: Connection, work: Callable[[Connection], T], message: str) -> T:
    connection.begin()
    try:
        result = work(connection)
        statements.run(connection, "lake/commit_message", {"message": message})
        connection.commit()
    except BaseException:
        roll_back(connection)
        raise
    return result


def roll_back(connection: Connection) -> None:
    """End a failed transaction; the failure that led here is the one worth telling."""
    try:
        connection.rollback()
    except duckdb.Error as error:
        log.debug("Rollback after a failure: %s", error)


def staged_folder(delta: Path) -> Path:
    """The folder of Parquet files that belongs to a delta's DuckDB file."""
    return delta.with_suffix(".staged")


def extension_file(name: str) -> str:
    """Path of an extension as its wheel carries it: loaded from there, nothing is downloaded or installed."""
    folder = files(f"duckdb_extension_{name}").joinpath("extensions", f"v{duckdb.__version__}")
    return str(folder.joinpath(f"{name}.duckdb_extension"))


def _quoted(value: object) -> str:
    return str(value).replace("'", "''")


@contextmanager
def _told() -> Iterator[None]:
    """Turn failures of the storage into kinds of ours; leave the others as they are."""
    try:
        yield
    except (duckdb.Error, OSError) as error:
        kind = _kind(error)
        if kind is error:
            raise
        raise kind from error


def _kind(error: duckdb.Error | OSError) -> Exception:
    """A storage failure as a kind of ours: a full disk and a vanished catalog need a person."""
    text = " ".join(str(error).split())
    if isinstance(error, duckdb.OutOfMemoryException):
        return Permanent(
            f"DuckDB needs more memory than it may take: raise MESCHAIN_LAKE__MEMORY_LIMIT. ({text[:120]})"
        )
    if any(word in text.lower() for word in _IN_USE):
        return Transient(f"Somebody else has these staged changes open; try again. ({text[:120]})")
    if any(word in text.lower() for word in _FULL):
        return Permanent(f"The disk of the lake is full; nothing was changed. Make room and run again. ({text})")
    if isinstance(error, duckdb.IOException) or any(word in text.lower() for word in _BROKEN):
        return Permanent(f"The lake cannot be read or written; see whether its disk is there and has room. ({text})")
    return error

"""Brings the store's tables to the version this program needs, and says whether they are there. Defines no table."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from commerce.errors import Permanent
from meschain.store.base import Base
from meschain.store.engine import open_engine
from meschain.store.exclusion import exclusive
from meschain.store.session import reading, translated

_SCRIPTS = Path(__file__).parent / "migrations"
_WAIT_SECONDS = 120.0


def upgrade(engine: Engine, locks_dir: Path) -> None:
    """Bring the store to the newest revision; of several processes at once, one does it and the others wait.

    Raises Permanent when the store was written by a newer program.
    """
    if is_current(engine):
        return
    with exclusive(engine, locks_dir, "store-schema", holder="schema upgrade", wait_seconds=_WAIT_SECONDS):
        if not is_current(engine):
            _run_revisions(engine)


def is_current(engine: Engine) -> bool:
    """Whether the store's tables are of the revision this program needs."""
    return current_revision(engine) == newest_revision()


def newest_revision() -> str | None:
    """The revision this program needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def current_revision(engine: Engine) -> str | None:
    """The revision of the store; None if it has no tables yet."""
    with reading(engine) as session:
        return MigrationContext.configure(session.connection()).get_current_revision()


def list_differences(engine: Engine) -> list[Any]:
    """What an upgraded store lacks or has too much against the tables that are imported; empty if all is well."""
    with reading(engine) as session:
        return list(compare_metadata(MigrationContext.configure(session.connection()), Base.metadata))


def draft_revision(engine: Engine, message: str, revision: str) -> None:
    """Write the next revision's file from the tables that are imported; for developers, to be read before use."""
    with engine.begin() as connection:
        command.revision(_config(connection), message, autogenerate=True, rev_id=revision)


def _run_revisions(engine: Engine) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    present = current_revision(engine)
    if present is not None and present not in known:
        raise Permanent(
            f"the store is of revision {present}, which this MesChain does not know: a newer one wrote it; use that one"
        )
    migrating = open_engine(engine.url.render_as_string(hide_password=False), pooled=False, foreign_keys=False)
    with translated(engine), migrating.begin() as connection:
        command.upgrade(_config(connection), "head")
        _check_foreign_keys(connection)


def _check_foreign_keys(connection: Connection) -> None:
    """SQLite does not watch over foreign keys while tables are rebuilt: look once, before the change is final."""
    if connection.dialect.name != "sqlite":
        return
    orphan = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if orphan is not None:
        raise Permanent(f"the upgrade would leave rows of {orphan[0]} without their {orphan[2]}; nothing was changed")


def _config(connection: Connection | None = None) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config

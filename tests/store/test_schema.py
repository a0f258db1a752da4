"""The revisions make exactly the tables the code declares, on both databases, once, whoever starts at the same time."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, inspect, select, text
from sqlalchemy.exc import IntegrityError

from commerce.errors import Permanent
from meschain.access.tenants import create_tenant, list_tenants
from meschain.settings import Settings
from meschain.store import schema
from meschain.store.base import Base
from meschain.store.engine import open_engine
from meschain.store.schema import current_revision, is_current, list_differences, newest_revision, upgrade
from meschain.store.session import reading
from tests.processes import race
from tests.store.children import upgrade_store

PROJECT = Path(__file__).resolve().parents[2]
for _tables in sorted((PROJECT / "meschain").rglob("tables.py")):
    importlib.import_module(".".join(_tables.relative_to(PROJECT).with_suffix("").parts))


@pytest.fixture
def blank(blank_store_url: str) -> Iterator[Engine]:
    engine = open_engine(blank_store_url)
    yield engine
    engine.dispose()


def test_autogenerate_finds_nothing_to_do(engine: Engine) -> None:
    assert list_differences(engine) == []


def test_the_revisions_make_what_the_code_declares_to_the_last_constraint(blank: Engine, settings: Settings) -> None:
    upgrade(blank, settings.locks_dir())
    upgraded = _shape(blank)
    with blank.begin() as connection:
        for table in Base.metadata.sorted_tables:
            for policy in _policies(connection, table.name):
                connection.execute(text(f"DROP POLICY {policy} ON {table.name}"))
        for table in reversed(Base.metadata.sorted_tables):
            table.drop(connection)
    Base.metadata.create_all(blank)
    assert upgraded == _shape(blank)


def _policies(connection: Connection, table: str) -> list[str]:
    """The policies of row-level security on the table; they depend on other tables."""
    if connection.dialect.name != "postgresql":
        return []
    query = text("SELECT policyname FROM pg_policies WHERE tablename = :table")
    return list(connection.scalars(query, {"table": table}))


def _shape(engine: Engine) -> dict[str, Any]:
    """Everything the database itself knows of our tables, the order of columns and constraints left aside."""
    inspector = inspect(engine)
    shape: dict[str, Any] = {}
    for table in sorted(set(inspector.get_table_names()) - {"alembic_version"}):
        listed = [
            [{**i, "dialect_options": _words(i.get("dialect_options", {}))} for i in inspector.get_indexes(table)],
            inspector.get_check_constraints(table),
            inspector.get_unique_constraints(table),
            inspector.get_foreign_keys(table),
        ]
        columns = [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in inspector.get_columns(table)]
        shape[table] = [
            sorted(columns, key=str),
            inspector.get_pk_constraint(table),
            *(sorted(map(str, part)) for part in listed),
        ]
    return shape


def _words(options: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in options.items()}  # a condition is an object that prints as its SQL


def test_an_upgrade_happens_once_and_keeps_what_is_there(blank: Engine, settings: Settings) -> None:
    assert current_revision(blank) is None
    assert not is_current(blank)
    upgrade(blank, settings.locks_dir())
    assert current_revision(blank) == newest_revision()
    create_tenant(blank, "acme")
    upgrade(blank, settings.locks_dir())
    assert [tenant.slug for tenant in list_tenants(blank)] == ["acme"]


def test_several_processes_may_start_at_once(blank_store_url: str, settings: Settings) -> None:
    race(upgrade_store, [(blank_store_url, settings.locks_dir())] * 4)
    engine = open_engine(blank_store_url)
    assert is_current(engine)
    engine.dispose()


def test_a_store_of_a_newer_program_is_left_alone(engine: Engine, settings: Settings) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Permanent, match=r"revision 9999.*a newer one wrote it"):
        upgrade(engine, settings.locks_dir())
    assert current_revision(engine) == "9999"


def test_a_revision_that_fails_half_way_changes_nothing(
    blank: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_connection: object) -> None:
        raise Permanent("stopped")

    monkeypatch.setattr(schema, "_check_foreign_keys", fail)
    with pytest.raises(Permanent, match="stopped"):
        upgrade(blank, settings.locks_dir())
    assert inspect(blank).get_table_names() == []
    monkeypatch.undo()
    upgrade(blank, settings.locks_dir())
    assert is_current(blank)


def test_orphans_left_by_a_rebuild_on_sqlite_are_found(settings: Settings) -> None:
    engine = open_engine(settings.store.url, foreign_keys=False)
    upgrade(engine, settings.locks_dir())
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO catalog_feed_profiles VALUES "
                "('p', 'nobody', 1, '{}', 'declared', '2026-01-01 00:00:00', 't')"
            )
        )
    with engine.connect() as connection, pytest.raises(Permanent, match="catalog_feed_profiles"):
        schema._check_foreign_keys(connection)
    engine.dispose()


def test_foreign_keys_hold_after_an_upgrade(engine: Engine) -> None:
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO catalog_feed_profiles (id, supplier_id, version, body, origin, created_at) "
                "VALUES ('p', 'nobody', 1, '{}', 'declared', '2026-01-01 00:00:00')"
            )
        )


def test_a_drafted_revision_names_only_what_the_database_knows(
    blank: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = tmp_path / "migrations"
    (scripts / "versions").mkdir(parents=True)
    for name in ("env.py", "script.py.mako"):
        (scripts / name).write_text((schema._SCRIPTS / name).read_text())
    monkeypatch.setattr(schema, "_SCRIPTS", scripts)
    schema.draft_revision(blank, "first tables", "0001")
    drafted = (scripts / "versions" / "0001_first_tables.py").read_text()
    compile(drafted, "0001_first_tables.py", "exec")
    assert "sa.DateTime(timezone=True)" in drafted
    assert "meschain" not in drafted
    with reading(blank) as session:
        assert session.scalar(select(1)) == 1

"""What the database itself keeps of suppliers, profiles and runs, whatever the code above it does."""

import pytest
from sqlalchemy import Engine, select, table, update
from sqlalchemy import column as sql_column
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session

from meschain.access.tenants import create_tenant
from meschain.catalog.tables import FeedProfile, Run, Supplier
from meschain.store.session import reading, transaction
from meschain.store.tenancy import of_every_tenant


@pytest.fixture
def engine(engine: Engine) -> Engine:
    return of_every_tenant(engine)


@pytest.fixture
def supplier(engine: Engine) -> Supplier:
    return _supplier(engine, "acme", "toptanci")


def _supplier(engine: Engine, tenant: str, slug: str) -> Supplier:
    supplier = Supplier(tenant_id=create_tenant(engine, tenant).id, slug=slug, name=slug, source={"kind": "file"})
    with transaction(engine) as session:
        session.add(supplier)
    return supplier


def _run(supplier: Supplier, **values: object) -> Run:
    return Run(tenant_id=supplier.tenant_id, supplier_id=supplier.id, **values)


def _add(engine: Engine, *rows: Run | FeedProfile | Supplier) -> None:
    with transaction(engine) as session:
        session.add_all(rows)


def test_a_run_begins_with_nothing_done(engine: Engine, supplier: Supplier) -> None:
    _add(engine, _run(supplier))
    with reading(engine) as session:
        run = _only_run(session)
    assert (run.kind, run.status, run.files, run.counts, run.gate) == ("sync", "running", [], {}, [])
    assert run.started_at.tzinfo is not None
    assert run.finished_at is None


def _only_run(session: Session) -> Run:
    return session.scalars(select(Run)).one()


def test_one_supplier_has_at_most_one_running_run(engine: Engine, supplier: Supplier) -> None:
    other = _supplier(engine, "bravo", "toptanci")
    _add(engine, _run(supplier, status="applied"), _run(supplier, status="applied"), _run(supplier), _run(other))
    with pytest.raises(IntegrityError):
        _add(engine, _run(supplier))
    with transaction(engine) as session:
        for run in session.scalars(select(Run).where(Run.status == "running")):
            run.status = "failed"
    _add(engine, _run(supplier))


def test_a_run_cannot_name_a_supplier_of_another_tenant(engine: Engine, supplier: Supplier) -> None:
    other = _supplier(engine, "bravo", "toptanci")
    with pytest.raises(IntegrityError):
        _add(engine, Run(tenant_id=other.tenant_id, supplier_id=supplier.id))


@pytest.mark.parametrize("column", ["status", "kind"])
def test_only_known_words_are_kept(engine: Engine, supplier: Supplier, column: str) -> None:
    with pytest.raises(StatementError):
        _add(engine, _run(supplier, **{column: "done"}))
    _add(engine, _run(supplier))
    with pytest.raises(IntegrityError), transaction(engine) as session:
        session.execute(update(table("catalog_runs", sql_column(column))).values({column: "done"}))  # past the code


def test_a_slug_and_a_version_are_taken_once(engine: Engine, supplier: Supplier) -> None:
    with pytest.raises(IntegrityError):
        _add(engine, Supplier(tenant_id=supplier.tenant_id, slug=supplier.slug, name="again"))
    _add(
        engine,
        FeedProfile(
            tenant_id=supplier.tenant_id, supplier_id=supplier.id, version=1, body={"b": 1, "a": 2}, origin="declared"
        ),
    )
    with pytest.raises(IntegrityError):
        _add(
            engine,
            FeedProfile(tenant_id=supplier.tenant_id, supplier_id=supplier.id, version=1, body={}, origin="proposed"),
        )
    with reading(engine) as session:
        assert list(session.scalars(select(FeedProfile)).one().body) == ["b", "a"]


def test_an_error_may_repeat_any_bytes_of_a_feed(engine: Engine, supplier: Supplier) -> None:
    _add(engine, _run(supplier, status="failed", error="line 3: \0\udcff", gate=[{"raw": "\0"}], snapshot_after=2**40))
    with reading(engine) as session:
        run = _only_run(session)
    assert run.error == "line 3: \N{REPLACEMENT CHARACTER}?"
    assert run.gate == [{"raw": "\0"}]
    assert run.snapshot_after == 2**40

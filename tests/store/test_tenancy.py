"""No session sees another tenant's rows: the application narrows every statement, PostgreSQL does so once more."""

import importlib
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, exists, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import aliased

from meschain.access.tables import Tenant
from meschain.access.tenants import create_tenant
from meschain.catalog.tables import Run, Supplier
from meschain.store.base import Base, TenantOwned
from meschain.store.session import reading, transaction
from meschain.store.tenancy import ROLE, Unbound, of_every_tenant, of_tenant

PROJECT = Path(__file__).resolve().parents[2]
for _tables in sorted(PROJECT.glob("meschain/*/tables.py")):
    importlib.import_module(".".join(_tables.relative_to(PROJECT).with_suffix("").parts))
INSTALLATION = {
    "access_credentials", "access_recovery_codes", "access_refresh_tokens", "access_signing_keys", "access_tenants",
    "access_users", "audit_checkpoints", "audit_head", "audit_nodes", "audit_signing_keys", "audit_subject_keys",
    "runs_flows", "runs_runners", "store_installation",
}  # fmt: skip
"""Tables whose rows belong to no tenant. Each is a decision: a new table is a tenant's unless it is put here."""


@pytest.fixture
def tenants(engine: Engine) -> dict[str, str]:
    """Two tenants with a supplier each."""
    ids = {slug: create_tenant(engine, slug).id for slug in ("one", "two")}
    for slug, tenant_id in ids.items():
        with transaction(of_tenant(engine, tenant_id)) as session:
            session.add(Supplier(slug=f"of-{slug}", name=slug))
    return ids


def test_every_table_is_a_tenants_or_said_not_to_be():
    owned = {mapper.local_table.name for mapper in Base.registry.mappers if issubclass(mapper.class_, TenantOwned)}
    assert owned | INSTALLATION == set(Base.metadata.tables)
    assert not owned & INSTALLATION
    with_tenant = {name for name, table in Base.metadata.tables.items() if "tenant_id" in table.c}
    assert with_tenant == owned


QUERIES = {
    "rows": lambda s: [row.slug for row in s.scalars(select(Supplier))],
    "columns": lambda s: list(s.scalars(select(Supplier.slug))),
    "an alias": lambda s: list(s.scalars(select(aliased(Supplier).slug))),
    "a count": lambda s: ["of-one"] * s.scalar(select(func.count()).select_from(Supplier)),
    "a join": lambda s: list(s.scalars(select(Supplier.slug).join(Tenant, Tenant.id == Supplier.tenant_id))),
    "a subquery": lambda s: [
        f"of-{slug}" for slug in s.scalars(select(Tenant.slug).where(Tenant.id.in_(select(Supplier.tenant_id))))
    ],
    "exists": lambda s: [
        f"of-{slug}" for slug in s.scalars(select(Tenant.slug).where(
            select(Supplier.id).where(Supplier.tenant_id == Tenant.id).exists()
        ))
    ],
    "a union": lambda s: list(s.scalars(select(Supplier.slug).union(select(Supplier.slug)))),
}  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_a_session_reads_its_own_tenants_rows_only(engine, tenants, query):
    with reading(of_tenant(engine, tenants["one"])) as session:
        assert QUERIES[query](session) == ["of-one"]
    with pytest.raises(Unbound), reading(engine) as session:
        QUERIES[query](session)


def test_a_row_of_another_tenant_cannot_be_had_by_its_key(engine, tenants):
    with reading(of_every_tenant(engine)) as session:
        theirs = session.scalars(select(Supplier.id).where(Supplier.slug == "of-two")).one()
    with reading(of_tenant(engine, tenants["one"])) as session:
        assert session.get(Supplier, theirs) is None


def test_a_session_changes_its_own_tenants_rows_only(engine, tenants):
    with transaction(of_tenant(engine, tenants["one"])) as session:
        session.execute(update(Supplier).values(name="changed"))
        session.execute(delete(Run))
        session.execute(delete(Supplier).where(Supplier.slug == "of-two"))
    with reading(of_every_tenant(engine)) as session:
        assert dict(session.execute(select(Supplier.slug, Supplier.name)).tuples().all()) == {
            "of-one": "changed",
            "of-two": "two",
        }


def test_a_row_cannot_be_given_to_or_taken_from_another_tenant(engine, tenants):
    def give() -> None:
        with transaction(of_tenant(engine, tenants["one"])) as session:
            session.add(Supplier(tenant_id=tenants["two"], slug="x", name="x"))

    def push() -> None:
        with transaction(of_tenant(engine, tenants["one"])) as session:
            session.scalars(select(Supplier)).one().tenant_id = tenants["two"]

    def take() -> None:
        with reading(of_every_tenant(engine)) as session:
            theirs = session.scalars(select(Supplier).where(Supplier.slug == "of-two")).one()
        with transaction(of_tenant(engine, tenants["one"])) as session:
            session.add(theirs)
            theirs.name = "taken"

    def unbound() -> None:
        with transaction(engine) as session:
            session.add(Supplier(tenant_id=tenants["one"], slug="x", name="x"))

    for act in (give, push, take, unbound):
        with pytest.raises(Unbound):
            act()


class TestPostgresql:
    """What the database itself does, whatever the code above it forgets: statements as text pass the application by."""

    @pytest.fixture(autouse=True)
    def _postgresql(self, engine: Engine) -> None:
        if engine.dialect.name != "postgresql":
            pytest.skip("row-level security is PostgreSQL's")

    def test_every_tenants_table_has_row_level_security_that_is_forced(self, engine):
        query = text("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
        with engine.connect() as connection:
            guarded = set(connection.scalars(query))
        owned = {m.local_table.name for m in Base.registry.mappers if issubclass(m.class_, TenantOwned)}
        assert guarded == owned | {"access_tenants", "access_users"}

    def test_the_role_owns_nothing_and_gets_past_nothing(self, engine):
        with engine.connect() as connection:
            role = connection.execute(
                text("SELECT rolsuper, rolbypassrls, rolcanlogin, rolcreaterole FROM pg_roles WHERE rolname = :r"),
                {"r": ROLE},
            ).one()
            owned = connection.scalar(
                text("SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE rolname = :r"),
                {"r": ROLE},
            )
        assert (tuple(role), owned) == ((False, False, False, False), 0)

    def test_plain_sql_sees_one_tenant(self, engine, tenants):
        with transaction(of_tenant(engine, tenants["one"])) as session:
            raw = session.connection().connection.dbapi_connection
            assert raw.execute("SELECT slug FROM catalog_suppliers").fetchall() == [("of-one",)]
            assert raw.execute("SELECT slug FROM access_tenants").fetchall() == [("one",)]
            assert raw.execute("UPDATE catalog_suppliers SET name = 'x'").rowcount == 1
            assert raw.execute("DELETE FROM catalog_suppliers WHERE slug = 'of-two'").rowcount == 0

    def test_without_a_tenant_the_role_sees_nothing(self, engine, tenants):
        with engine.begin() as connection:
            connection.exec_driver_sql(f"SET LOCAL ROLE {ROLE}")
            assert connection.exec_driver_sql("SELECT count(*) FROM catalog_suppliers").scalar_one() == 0

    @pytest.mark.parametrize("table", ["access_credentials", "access_refresh_tokens", "access_signing_keys"])
    def test_a_tenants_session_cannot_touch_credentials(self, engine, tenants, table):
        with engine.connect() as connection:
            connection.exec_driver_sql(f"SET LOCAL ROLE {ROLE}")
            with pytest.raises(DBAPIError, match="permission denied"):
                connection.exec_driver_sql(f"SELECT 1 FROM {table}")

    def test_a_row_of_another_tenant_is_refused_by_the_database(self, engine, tenants):
        values = {"id": "x", "tenant_id": tenants["two"], "slug": "x", "name": "x", "source": {}, "active": True}
        rows = [{**values, "validators": {}, "created_at": func.now(), "version": 1}]
        with pytest.raises(DBAPIError, match="row-level security"), transaction(of_tenant(engine, tenants["one"])) as s:
            s.execute(insert(Supplier).values(rows))

    def test_the_next_transaction_on_the_connection_is_nobodys(self, engine, tenants):
        with transaction(of_tenant(engine, tenants["one"])) as session:
            session.execute(select(Supplier.id))
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT current_user").scalar_one() != ROLE
            assert not connection.exec_driver_sql("SELECT current_setting('meschain.tenant', true)").scalar_one()


def test_a_table_that_is_named_in_a_condition_only_is_noticed(engine, tenants):
    forgotten = [
        select(func.count()).where(Supplier.active),
        select(Run.id).where(exists().where(Supplier.id == Run.supplier_id)),
        select(Run.id).where(exists().where(aliased(Run).id == Run.id)),
    ]
    for statement in forgotten:
        with pytest.raises(AssertionError, match="not narrowed"), reading(of_tenant(engine, tenants["one"])) as session:
            session.execute(statement)

"""For which tenant a session works, and that it sees no other's rows. Who may be let in is decided elsewhere.

An engine is bound to a tenant (`of_tenant`) or, for work on the whole installation, to all (`of_every_tenant`). Every
statement of its sessions is narrowed to that tenant's rows; on PostgreSQL the database does the same once more. With an
engine that is bound to nothing, a tenant's tables cannot be used at all.
"""

from typing import Any

from sqlalchemy import Connection, Engine, Table, event, func, select
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria
from sqlalchemy.orm.session import SessionTransaction
from sqlalchemy.sql import visitors

from meschain.store.base import Base, TenantOwned

TENANT = "meschain_tenant"
"""Execution option of a bound engine: the tenant's id, or `EVERY`."""
EVERY = "*"
ROLE = "meschain_tenant"
"""PostgreSQL's role for a tenant's work: it owns nothing, and row-level security holds for it."""


class Unbound(RuntimeError):
    """A tenant's table was about to be used for no tenant, or for another one: a mistake in the code."""


def of_tenant(engine: Engine, tenant_id: str) -> Engine:
    """The engine for work on this tenant's rows."""
    return engine.execution_options(**{TENANT: tenant_id})


def of_every_tenant(engine: Engine) -> Engine:
    """The engine for work on the whole installation; never for what a tenant's user asks."""
    return engine.execution_options(**{TENANT: EVERY})


class TenantSession(Session):
    """A session that keeps to the tenant of its engine."""

    @property
    def tenant_id(self) -> str | None:
        """Whose rows it sees; `EVERY`, or None for an engine that is bound to nothing."""
        return self.get_bind().get_execution_options().get(TENANT)


@event.listens_for(TenantSession, "after_begin")
def _enter(session: TenantSession, _transaction: SessionTransaction, connection: Connection) -> None:
    """Let PostgreSQL know for whom this transaction works; it is forgotten with the transaction."""
    tenant = session.tenant_id
    if connection.dialect.name == "postgresql" and tenant not in {None, EVERY}:
        connection.execute(
            select(func.set_config("role", ROLE, True), func.set_config("meschain.tenant", tenant, True))  # noqa: FBT003  a parameter of SQL
        )


@event.listens_for(TenantSession, "do_orm_execute")
def _narrow(state: ORMExecuteState) -> None:
    """Narrow a statement to the rows of the session's tenant."""
    session = state.session
    tenant = session.tenant_id if isinstance(session, TenantSession) else None
    if tenant == EVERY or state.is_column_load or state.is_relationship_load:
        return
    if tenant is None:
        if owned := _owned_tables(state.statement):
            raise Unbound(f"{', '.join(sorted(owned))} can only be used with an engine bound to a tenant")
        return
    state.statement = state.statement.options(
        with_loader_criteria(TenantOwned, lambda cls: cls.tenant_id == tenant, include_aliases=True)
    )


@event.listens_for(TenantSession, "before_flush")
def _check_owner(session: TenantSession, _context: UOWTransaction, _instances: object) -> None:
    """Give new rows to the session's tenant; refuse a row of another."""
    tenant = session.tenant_id
    for row in [*session.new, *session.dirty, *session.deleted]:
        if not isinstance(row, TenantOwned) or tenant == EVERY:
            continue
        if tenant is not None and row.tenant_id is None and row in session.new:
            row.tenant_id = tenant
        if tenant is None or row.tenant_id != tenant:
            raise Unbound(f"a row of {type(row).__name__} does not belong to the tenant of this session")


def _owned_tables(statement: Any) -> set[str]:  # noqa: ANN401  whatever can be executed
    """The tenants' tables that the statement touches anywhere."""
    touched: set[Any] = {getattr(element, "table", element) for element in visitors.iterate(statement)}
    owners = (mapper.local_table for mapper in Base.registry.mappers if issubclass(mapper.class_, TenantOwned))
    return {table.name for table in owners if isinstance(table, Table) and table in touched}

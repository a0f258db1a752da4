"""PostgreSQL guards tenants' rows itself: row-level security for the role under which a tenant's work is done.

The role owns nothing, cannot log in and does not get past row-level security. Whoever owns the tables works on the
whole installation; no request of a tenant's user is carried out as the owner.
"""

import sqlalchemy as sa
from alembic import op

from commerce.errors import Permanent

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ROLE = "meschain_tenant"
_OWN = "tenant_id = current_setting('meschain.tenant', true)"
_POLICIES = {
    "access_api_keys": _OWN,
    "access_grants": _OWN,
    "access_links": _OWN,
    "access_memberships": _OWN,
    "access_roles": _OWN,
    "access_sessions": _OWN,
    "access_tenants": "id = current_setting('meschain.tenant', true)",
    "access_users": "EXISTS (SELECT 1 FROM access_memberships AS m WHERE m.user_id = access_users.id"
    " AND m.tenant_id = current_setting('meschain.tenant', true))",
    "audit_entries": _OWN,
    "audit_payloads": _OWN,
    "catalog_feed_profiles": _OWN,
    "catalog_runs": _OWN,
    "catalog_suppliers": _OWN,
    "runs_triggers": _OWN,
}
_APPENDED = ("audit_checkpoints", "audit_entries", "audit_nodes", "audit_payloads", "audit_signing_keys")
_HIDDEN = ("access_credentials", "access_recovery_codes", "access_refresh_tokens", "access_signing_keys")


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    _ensure_role(connection)
    schema = connection.scalar(sa.text("SELECT quote_ident(current_schema())"))
    op.execute(f"GRANT USAGE ON SCHEMA {schema} TO {ROLE}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {ROLE}")
    op.execute(f"REVOKE UPDATE, DELETE ON {', '.join(_APPENDED)} FROM {ROLE}")
    op.execute(f"REVOKE ALL ON {', '.join(_HIDDEN)} FROM {ROLE}")
    for table, condition in _POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} TO {ROLE} USING ({condition})")
        op.execute(f"CREATE POLICY installation ON {table} TO CURRENT_USER USING (true)")


def _ensure_role(connection: sa.Connection) -> None:
    """Make the role unless it is there, and let the installation's user take it on."""
    op.execute(
        f"""
        DO $$ BEGIN
          CREATE ROLE {ROLE} NOLOGIN NOINHERIT NOBYPASSRLS;
        EXCEPTION
          WHEN duplicate_object OR unique_violation THEN NULL;
          WHEN insufficient_privilege THEN NULL;
        END $$
        """
    )
    allowed = "SELECT count(*) FROM pg_roles WHERE rolname = :role AND pg_has_role(oid, 'SET') AND NOT rolbypassrls"
    if not connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": ROLE}):
        raise Permanent(_ASK.format(role=ROLE, user=connection.scalar(sa.text("SELECT current_user"))))
    if not connection.scalar(sa.text(allowed), {"role": ROLE}):
        op.execute(f"DO $$ BEGIN GRANT {ROLE} TO CURRENT_USER; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$")
    if not connection.scalar(sa.text(allowed), {"role": ROLE}):
        raise Permanent(_ASK.format(role=ROLE, user=connection.scalar(sa.text("SELECT current_user"))))


_ASK = (
    "the database user {user} may not make the role {role}, which keeps tenants apart; have an administrator run: "
    "CREATE ROLE {role} NOLOGIN NOBYPASSRLS; GRANT {role} TO {user};"
)

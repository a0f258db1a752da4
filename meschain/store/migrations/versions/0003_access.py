"""People and what they may do; every tenant's row says whose it is; what can run."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_WORDS: dict[str, Any] = {"native_enum": False, "create_constraint": True, "length": 32}


def upgrade() -> None:
    _access_signing_keys()
    _access_users()
    _store_installation()
    _access_api_keys()
    _access_credentials()
    _access_links()
    _access_memberships()
    _access_recovery_codes()
    _access_roles()
    _access_sessions()
    _access_grants()
    _access_refresh_tokens()
    _runs_flows()
    _access_tenants()
    _catalog_feed_profiles()
    _catalog_suppliers()
    _runs_triggers()


def _access_signing_keys() -> None:
    op.create_table(
        "access_signing_keys",
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("public", sa.JSON(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("retired_at", _MOMENT),
        sa.PrimaryKeyConstraint("kid", name="pk_access_signing_keys"),
    )


def _access_users() -> None:
    op.create_table(
        "access_users",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("email_token", sa.String()),
        sa.Column("profile", sa.LargeBinary(), nullable=False),
        sa.Column("locale", sa.Enum("en", "tr", name="locale", **_WORDS), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("erased_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_access_users"),
        sa.UniqueConstraint("email_token", name="uq_access_users_email_token"),
    )


def _store_installation() -> None:
    op.create_table(
        "store_installation",
        sa.Column("one", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("scrubbed_at", _MOMENT),
        sa.PrimaryKeyConstraint("one", name="pk_store_installation"),
    )


def _access_api_keys() -> None:
    op.create_table(
        "access_api_keys",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("last_used_at", _MOMENT),
        sa.Column("revoked_at", _MOMENT),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["access_tenants.id"], name="fk_access_api_keys_tenant_id_access_tenants"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_access_api_keys"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_access_api_keys_tenant_id_id"),
    )


def _access_credentials() -> None:
    op.create_table(
        "access_credentials",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String()),
        sa.Column("session_version", sa.Integer(), nullable=False),
        sa.Column("totp_secret", sa.LargeBinary()),
        sa.Column("totp_confirmed", sa.Boolean(), nullable=False),
        sa.Column("totp_step", sa.Integer()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", _MOMENT),
        sa.ForeignKeyConstraint(["user_id"], ["access_users.id"], name="fk_access_credentials_user_id_access_users"),
        sa.PrimaryKeyConstraint("user_id", name="pk_access_credentials"),
    )


def _access_links() -> None:
    op.create_table(
        "access_links",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column(
            "kind", sa.Enum("first-owner", "invitation", "password-reset", name="kind", **_WORDS), nullable=False
        ),
        sa.Column("tenant_id", sa.String()),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("email_token", sa.String()),
        sa.Column("profile", sa.LargeBinary()),
        sa.Column("grants", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("used_at", _MOMENT),
        sa.ForeignKeyConstraint(["tenant_id"], ["access_tenants.id"], name="fk_access_links_tenant_id_access_tenants"),
        sa.PrimaryKeyConstraint("hash", name="pk_access_links"),
        sa.UniqueConstraint("id", name="uq_access_links_id"),
    )
    op.create_index("ix_access_links_email_token", "access_links", ["email_token"])
    op.create_index("ix_access_links_tenant_id", "access_links", ["tenant_id"])


def _access_memberships() -> None:
    op.create_table(
        "access_memberships",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["access_tenants.id"], name="fk_access_memberships_tenant_id_access_tenants"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["access_users.id"], name="fk_access_memberships_user_id_access_users"),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name="pk_access_memberships"),
    )
    op.create_index("ix_access_memberships_user_id", "access_memberships", ["user_id"])


def _access_recovery_codes() -> None:
    op.create_table(
        "access_recovery_codes",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["access_users.id"], name="fk_access_recovery_codes_user_id_access_users"),
        sa.PrimaryKeyConstraint("hash", name="pk_access_recovery_codes"),
    )
    op.create_index("ix_access_recovery_codes_user_id", "access_recovery_codes", ["user_id"])


def _access_roles() -> None:
    op.create_table(
        "access_roles",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("allow", sa.JSON(), nullable=False),
        sa.Column("deny", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["access_tenants.id"], name="fk_access_roles_tenant_id_access_tenants"),
        sa.PrimaryKeyConstraint("id", name="pk_access_roles"),
        sa.UniqueConstraint("tenant_id", "name", name="uq_access_roles_tenant_id_name"),
    )


def _access_sessions() -> None:
    op.create_table(
        "access_sessions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("kind", sa.Enum("api", "browser", name="kind", **_WORDS), nullable=False),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("revoked_at", _MOMENT),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["access_tenants.id"], name="fk_access_sessions_tenant_id_access_tenants"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["access_users.id"], name="fk_access_sessions_user_id_access_users"),
        sa.PrimaryKeyConstraint("id", name="pk_access_sessions"),
    )
    op.create_index("ix_access_sessions_user_id", "access_sessions", ["user_id"])


def _access_grants() -> None:
    op.create_table(
        "access_grants",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String()),
        sa.Column("api_key_id", sa.String()),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("scope_kind", sa.Enum("channel", "supplier", name="scope_kind", **_WORDS)),
        sa.Column("scope_pattern", sa.String()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.CheckConstraint("(scope_kind IS NULL) = (scope_pattern IS NULL)", name=op.f("ck_access_grants_whole_scope")),
        sa.CheckConstraint("(user_id IS NULL) <> (api_key_id IS NULL)", name=op.f("ck_access_grants_one_subject")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "api_key_id"],
            ["access_api_keys.tenant_id", "access_api_keys.id"],
            name="fk_access_grants_tenant_id_api_key_id_access_api_keys",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["access_memberships.tenant_id", "access_memberships.user_id"],
            name="fk_access_grants_tenant_id_user_id_access_memberships",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["access_tenants.id"], name="fk_access_grants_tenant_id_access_tenants"),
        sa.PrimaryKeyConstraint("id", name="pk_access_grants"),
    )
    op.create_index("ix_access_grants_tenant_id_api_key_id", "access_grants", ["tenant_id", "api_key_id"])
    op.create_index("ix_access_grants_tenant_id_user_id", "access_grants", ["tenant_id", "user_id"])


def _access_refresh_tokens() -> None:
    op.create_table(
        "access_refresh_tokens",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("issued_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("used_at", _MOMENT),
        sa.ForeignKeyConstraint(
            ["session_id"], ["access_sessions.id"], name="fk_access_refresh_tokens_session_id_access_sessions"
        ),
        sa.PrimaryKeyConstraint("hash", name="pk_access_refresh_tokens"),
    )
    op.create_index("ix_access_refresh_tokens_session_id", "access_refresh_tokens", ["session_id"])


def _runs_flows() -> None:
    op.create_table(
        "runs_flows",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("announced_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_runs_flows"),
    )


def _access_tenants() -> None:
    with op.batch_alter_table("access_tenants") as batch:
        batch.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch.add_column(sa.Column("policy_version", sa.Integer(), nullable=False, server_default="1"))
    with op.batch_alter_table("access_tenants") as batch:
        for name in ("version", "policy_version"):
            batch.alter_column(name, existing_type=sa.Integer(), server_default=None)


def _catalog_feed_profiles() -> None:
    with op.batch_alter_table("catalog_feed_profiles") as batch:
        batch.add_column(sa.Column("tenant_id", sa.String()))
    op.execute(
        "UPDATE catalog_feed_profiles SET tenant_id = "
        "(SELECT tenant_id FROM catalog_suppliers WHERE catalog_suppliers.id = catalog_feed_profiles.supplier_id)"
    )
    with op.batch_alter_table("catalog_feed_profiles") as batch:
        batch.alter_column("tenant_id", existing_type=sa.String(), nullable=False)
        batch.drop_constraint("fk_catalog_feed_profiles_supplier_id_catalog_suppliers", type_="foreignkey")
        batch.create_foreign_key(
            "fk_catalog_feed_profiles_supplier",
            "catalog_suppliers",
            ["tenant_id", "supplier_id"],
            ["tenant_id", "id"],
        )
        batch.create_foreign_key(
            "fk_catalog_feed_profiles_tenant_id_access_tenants", "access_tenants", ["tenant_id"], ["id"]
        )


def _catalog_suppliers() -> None:
    with op.batch_alter_table("catalog_suppliers") as batch:
        batch.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    with op.batch_alter_table("catalog_suppliers") as batch:
        batch.alter_column("version", existing_type=sa.Integer(), server_default=None)


def _runs_triggers() -> None:
    with op.batch_alter_table("runs_triggers") as batch:
        batch.add_column(sa.Column("request_id", sa.String()))
        batch.add_column(sa.Column("idempotency_key", sa.String()))
        batch.add_column(sa.Column("cancel_requested_at", _MOMENT))
        batch.create_unique_constraint("uq_runs_triggers_tenant_id_idempotency_key", ["tenant_id", "idempotency_key"])

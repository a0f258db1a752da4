"""The first tables: tenants, suppliers, feed profiles and runs."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_WORD = sa.String(32)
_JSON = sa.JSON()
_ORIGINS = "'proposed', 'declared'"
_KINDS = "'sync', 'retry', 'rollback', 'expiry'"
_STATUSES = "'running', 'applied', 'held', 'unchanged', 'failed', 'rejected', 'rolled_back'"
_RUNNING = sa.text("status = 'running'")


def upgrade() -> None:
    _create_tenants()
    _create_suppliers()
    _create_feed_profiles()
    _create_runs()
    op.create_index("ix_catalog_runs_supplier_id_started_at", "catalog_runs", ["supplier_id", "started_at"])
    op.create_index(
        "uq_catalog_runs_running",
        "catalog_runs",
        ["supplier_id"],
        unique=True,
        sqlite_where=_RUNNING,
        postgresql_where=_RUNNING,
    )


def _create_tenants() -> None:
    op.create_table(
        "access_tenants",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("default_currency", sa.String()),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access_tenants"),
        sa.UniqueConstraint("slug", name="uq_access_tenants_slug"),
    )


def _create_suppliers() -> None:
    op.create_table(
        "catalog_suppliers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("source", _JSON, nullable=False),
        sa.Column("source_secret", sa.LargeBinary()),
        sa.Column("every_minutes", sa.Integer()),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("validators", _JSON, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["access_tenants.id"], name="fk_catalog_suppliers_tenant_id_access_tenants"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_catalog_suppliers"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_catalog_suppliers_tenant_id_id"),
        sa.UniqueConstraint("tenant_id", "slug", name="uq_catalog_suppliers_tenant_id_slug"),
    )


def _create_feed_profiles() -> None:
    op.create_table(
        "catalog_feed_profiles",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("supplier_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", _JSON, nullable=False),
        sa.Column("origin", _WORD, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint(f"origin IN ({_ORIGINS})", name=op.f("ck_catalog_feed_profiles_origin")),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["catalog_suppliers.id"], name="fk_catalog_feed_profiles_supplier_id_catalog_suppliers"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_catalog_feed_profiles"),
        sa.UniqueConstraint("supplier_id", "version", name="uq_catalog_feed_profiles_supplier_id_version"),
    )


def _create_runs() -> None:
    op.create_table(
        "catalog_runs",
        *_run_columns(),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_catalog_runs_kind")),
        sa.CheckConstraint(f"status IN ({_STATUSES})", name=op.f("ck_catalog_runs_status")),
        sa.ForeignKeyConstraint(["tenant_id"], ["access_tenants.id"], name="fk_catalog_runs_tenant_id_access_tenants"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "supplier_id"],
            ["catalog_suppliers.tenant_id", "catalog_suppliers.id"],
            name="fk_catalog_runs_tenant_id_supplier_id_catalog_suppliers",
        ),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["catalog_feed_profiles.id"], name="fk_catalog_runs_profile_id_catalog_feed_profiles"
        ),
        sa.ForeignKeyConstraint(["base_run_id"], ["catalog_runs.id"], name="fk_catalog_runs_base_run_id_catalog_runs"),
        sa.PrimaryKeyConstraint("id", name="pk_catalog_runs"),
    )


def _run_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("supplier_id", sa.String(), nullable=False),
        sa.Column("profile_id", sa.String()),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("status", _WORD, nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT),
        sa.Column("files", _JSON, nullable=False),
        sa.Column("counts", _JSON, nullable=False),
        sa.Column("gate", _JSON, nullable=False),
        sa.Column("error", sa.String()),
        sa.Column("base_run_id", sa.String()),
        sa.Column("snapshot_before", sa.BigInteger()),
        sa.Column("snapshot_after", sa.BigInteger()),
        sa.Column("seconds", sa.Float()),
        sa.Column("peak_mb", sa.Float()),
        sa.Column("flow_run_id", sa.String()),
        sa.Column("decided_by", sa.String()),
        sa.Column("decided_at", _MOMENT),
        sa.Column("decision_note", sa.String()),
    ]

"""Where a tenant sells, and how prices are made there: terms, tariffs, rates, rules, approvals, what-ifs."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ROLE = "meschain_tenant"
_OWN = "tenant_id = current_setting('meschain.tenant', true)"
_MOMENT = sa.DateTime(timezone=True)
_WORD = sa.String(32)
_TABLES = (
    "channels_channels", "pricing_approvals", "pricing_bulletins", "pricing_rule_sets", "pricing_scenarios",
    "pricing_tariffs", "pricing_terms",
)  # fmt: skip


def upgrade() -> None:
    _channels()
    _approvals()
    _bulletins()
    _rule_sets()
    _scenarios()
    _tariffs()
    _terms()
    _guard()


def _channels() -> None:
    op.create_table(
        "channels_channels",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["access_tenants.id"], name="fk_channels_channels_tenant_id_access_tenants"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_channels_channels"),
        sa.UniqueConstraint("tenant_id", "slug", name="uq_channels_channels_tenant_id_slug"),
    )


def _approvals() -> None:
    op.create_table(
        "pricing_approvals",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("supplier", sa.String(), nullable=False),
        sa.Column("supplier_sku", sa.String(), nullable=False),
        sa.Column("price", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("approved_at", _MOMENT, nullable=False),
        sa.Column("approved_by", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["access_tenants.id"], name="fk_pricing_approvals_tenant_id_access_tenants"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_pricing_approvals"),
    )
    op.create_index(
        "ix_pricing_approvals_tenant_id_channel_supplier_supplier_sku",
        "pricing_approvals",
        ["tenant_id", "channel", "supplier", "supplier_sku"],
    )


def _bulletins() -> None:
    op.create_table(
        "pricing_bulletins",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rates", sa.JSON(), nullable=False),
        sa.Column("status", _WORD, nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("former", sa.JSON()),
        sa.Column("fetched_at", _MOMENT, nullable=False),
        sa.Column("decided_by", sa.String()),
        sa.Column("decided_at", _MOMENT),
        sa.Column("decision_note", sa.String()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("published", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["access_tenants.id"], name="fk_pricing_bulletins_tenant_id_access_tenants"
        ),
        sa.CheckConstraint("status IN ('accepted', 'held', 'rejected')", name=op.f("ck_pricing_bulletins_status")),
        sa.PrimaryKeyConstraint("id", name="pk_pricing_bulletins"),
        sa.UniqueConstraint("tenant_id", "source", "day", name="uq_pricing_bulletins_tenant_id_source_day"),
    )


def _rule_sets() -> None:
    active = sa.text("status = 'active'")
    op.create_table(
        "pricing_rule_sets",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("status", _WORD, nullable=False),
        sa.Column("note", sa.String()),
        sa.Column("preview", sa.JSON(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("approved_at", _MOMENT),
        sa.Column("approved_by", sa.String()),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["access_tenants.id"], name="fk_pricing_rule_sets_tenant_id_access_tenants"
        ),
        sa.CheckConstraint("status IN ('draft', 'active', 'retired')", name=op.f("ck_pricing_rule_sets_status")),
        sa.PrimaryKeyConstraint("id", name="pk_pricing_rule_sets"),
        sa.UniqueConstraint("tenant_id", "version", name="uq_pricing_rule_sets_tenant_id_version"),
    )
    op.create_index(
        "uq_pricing_rule_sets_active",
        "pricing_rule_sets",
        ["tenant_id"],
        unique=True,
        sqlite_where=active,
        postgresql_where=active,
    )


def _scenarios() -> None:
    op.create_table(
        "pricing_scenarios",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("computed_at", _MOMENT),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["access_tenants.id"], name="fk_pricing_scenarios_tenant_id_access_tenants"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_pricing_scenarios"),
    )
    op.create_index("ix_pricing_scenarios_tenant_id_created_at", "pricing_scenarios", ["tenant_id", "created_at"])


def _tariffs() -> None:
    op.create_table(
        "pricing_tariffs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date()),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("rates", sa.JSON(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["access_tenants.id"], name="fk_pricing_tariffs_tenant_id_access_tenants"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_pricing_tariffs"),
        sa.UniqueConstraint("tenant_id", "channel", "since", name="uq_pricing_tariffs_tenant_id_channel_since"),
    )


def _terms() -> None:
    op.create_table(
        "pricing_terms",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("supplier", sa.String(), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date()),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["access_tenants.id"], name="fk_pricing_terms_tenant_id_access_tenants"),
        sa.PrimaryKeyConstraint("id", name="pk_pricing_terms"),
        sa.UniqueConstraint(
            "tenant_id", "name", "channel", "supplier", "brand", "category", "since", name="uq_pricing_terms_conditions"
        ),
    )


def _guard() -> None:
    """PostgreSQL guards the rows of the new tables, too."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in _TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {ROLE}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} TO {ROLE} USING ({_OWN})")
        op.execute(f"CREATE POLICY installation ON {table} TO CURRENT_USER USING (true)")

"""The triggers of flows and the runners that carry them out."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_WORD = sa.String(32)
_ORIGINS = "'outbox', 'prefect'"
_STATES = "'queued', 'started', 'finished', 'failed', 'crashed', 'cancelled'"


def upgrade() -> None:
    op.create_table(
        "runs_runners",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.Column("stopped_at", _MOMENT),
        sa.PrimaryKeyConstraint("name", name="pk_runs_runners"),
    )
    op.create_table(
        "runs_triggers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String()),
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("origin", _WORD, nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("requested_at", _MOMENT, nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("runner", sa.String()),
        sa.Column("flow_run_id", sa.String()),
        sa.Column("started_at", _MOMENT),
        sa.Column("finished_at", _MOMENT),
        sa.Column("outcome", sa.JSON(), nullable=False),
        sa.Column("message", sa.String()),
        sa.CheckConstraint(f"origin IN ({_ORIGINS})", name=op.f("ck_runs_triggers_origin")),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_runs_triggers_state")),
        sa.ForeignKeyConstraint(["tenant_id"], ["access_tenants.id"], name="fk_runs_triggers_tenant_id_access_tenants"),
        sa.ForeignKeyConstraint(["runner"], ["runs_runners.name"], name="fk_runs_triggers_runner_runs_runners"),
        sa.PrimaryKeyConstraint("id", name="pk_runs_triggers"),
        sa.UniqueConstraint("flow_run_id", name="uq_runs_triggers_flow_run_id"),
    )
    op.create_index("ix_runs_triggers_state_requested_at", "runs_triggers", ["state", "requested_at"])

"""The audit log, which the database itself keeps from being changed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _audit_checkpoints()
    _audit_entries()
    _audit_head()
    _audit_nodes()
    _audit_payloads()
    _audit_signing_keys()
    _audit_subject_keys()
    _forbid_changes()
    op.bulk_insert(
        sa.table("audit_head", sa.column("id"), sa.column("size"), sa.column("frontier", sa.LargeBinary())),
        [{"id": 1, "size": 0, "frontier": bytes(8)}],
    )


def _audit_checkpoints() -> None:
    op.create_table(
        "audit_checkpoints",
        sa.Column("size", _ROW_NUMBER, autoincrement=False, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_audit_checkpoints"),
    )


def _audit_entries() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("index", _ROW_NUMBER, autoincrement=False, nullable=False),
        sa.Column("tenant_id", sa.String()),
        sa.Column("sequence", sa.BigInteger()),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("request_id", sa.String()),
        sa.Column("flow_run_id", sa.String()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("index", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_tenant_id_actor_id_index", "audit_entries", ["tenant_id", "actor_id", "index"])
    op.create_index("ix_audit_entries_tenant_id_tag_index", "audit_entries", ["tenant_id", "tag", "index"])
    op.create_index("uq_audit_entries_tenant_id_sequence", "audit_entries", ["tenant_id", "sequence"], unique=True)


def _audit_head() -> None:
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )


def _audit_nodes() -> None:
    op.create_table(
        "audit_nodes",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "index", name="pk_audit_nodes"),
    )


def _audit_payloads() -> None:
    op.create_table(
        "audit_payloads",
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String()),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("index", "subject", name="pk_audit_payloads"),
        sqlite_with_rowid=False,
    )


def _audit_signing_keys() -> None:
    op.create_table(
        "audit_signing_keys",
        sa.Column("verifier", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("verifier", name="pk_audit_signing_keys"),
    )


def _audit_subject_keys() -> None:
    op.create_table(
        "audit_subject_keys",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("destroyed_at", _MOMENT),
        sa.PrimaryKeyConstraint("subject", name="pk_audit_subject_keys"),
    )


_FINAL = ("audit_checkpoints", "audit_entries", "audit_nodes", "audit_payloads", "audit_signing_keys")
"""Tables into which rows are put and never anything else; of the head, the size only grows."""
_CHANGED = {"audit_signing_keys": "UPDATE OF verifier, created_at"}
"""What is a change of a table, if not every update: a key may be sealed anew under another key of the vault."""


def _forbid_changes() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _forbid_on_postgresql()
        _stand_on_postgresql()
        return
    for table in _FINAL:
        for act in (_CHANGED.get(table, "UPDATE"), "DELETE"):
            _forbid_on_sqlite(table, act, "")
    _forbid_on_sqlite("audit_head", "DELETE", "")
    _forbid_on_sqlite("audit_head", "UPDATE", "WHEN NEW.size <= OLD.size OR NEW.id <> OLD.id")


def _forbid_on_sqlite(table: str, act: str, condition: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_no_{act.partition(' ')[0].lower()} BEFORE {act} ON {table} {condition} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is only ever appended to'); END"
    )


def _forbid_on_postgresql() -> None:
    op.execute(
        """
        CREATE FUNCTION audit_forbid() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION '% is only ever appended to', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """
    )
    for table in _FINAL:
        op.execute(
            f"CREATE TRIGGER {table}_final BEFORE {_CHANGED.get(table, 'UPDATE')} OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_forbid()"
        )
    op.execute(
        "CREATE TRIGGER audit_head_stays BEFORE DELETE OR TRUNCATE ON audit_head "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_forbid()"
    )
    op.execute(
        "CREATE TRIGGER audit_head_grows BEFORE UPDATE ON audit_head FOR EACH ROW "
        "WHEN (NEW.size <= OLD.size OR NEW.id <> OLD.id) EXECUTE FUNCTION audit_forbid()"
    )


def _stand_on_postgresql() -> None:
    """What an act asks before it is written down, in one way to the server and back: it locks the head, then looks.

    Each statement of such a function sees what was committed before it began, so also what the lock was waited for.
    """
    op.execute(
        """
        CREATE FUNCTION audit_stand(
          of_tenant text, of_subject text, OUT frontier bytea, OUT last bigint, OUT sealed bytea
        ) LANGUAGE plpgsql AS $$
        BEGIN
          SELECT h.frontier INTO frontier FROM audit_head AS h WHERE h.id = 1 FOR UPDATE;
          SELECT e.sequence INTO last FROM audit_entries AS e WHERE e.tenant_id = of_tenant
          ORDER BY e.sequence DESC LIMIT 1;
          SELECT k.sealed INTO sealed FROM audit_subject_keys AS k WHERE k.subject = of_subject;
        END $$
        """
    )

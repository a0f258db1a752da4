"""An approval of a price below its floor says down to which result it holds; a tariff is one of a currency.

An approval from before holds only where nothing is lost.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, widen the key."""
    with op.batch_alter_table("pricing_approvals") as table:
        table.add_column(sa.Column("net_cash", sa.String(), nullable=False, server_default="0"))
    _key(["tenant_id", "channel", "since"], ["tenant_id", "channel", "currency", "since"])


def downgrade() -> None:
    """Take it away, narrow the key."""
    with op.batch_alter_table("pricing_approvals") as table:
        table.drop_column("net_cash")
    _key(["tenant_id", "channel", "currency", "since"], ["tenant_id", "channel", "since"])


def _key(before: list[str], after: list[str]) -> None:
    with op.batch_alter_table("pricing_tariffs") as table:
        table.drop_constraint(f"uq_pricing_tariffs_{'_'.join(before)}", type_="unique")
        table.create_unique_constraint(f"uq_pricing_tariffs_{'_'.join(after)}", after)

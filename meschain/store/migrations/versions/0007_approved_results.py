"""An approval of a price below its floor says down to which result it holds.

One from before holds only where nothing is lost.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("pricing_approvals") as table:
        table.add_column(sa.Column("net_cash", sa.String(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Take it away."""
    with op.batch_alter_table("pricing_approvals") as table:
        table.drop_column("net_cash")

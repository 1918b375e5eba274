"""Why a due call was set aside after faults of ours. FUP-10."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("due_call", sa.Column("fault", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("due_call", "fault")

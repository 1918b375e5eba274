"""The caller's satisfaction on the call (QUA-1). Only Alembic runs it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("call", sa.Column("satisfaction", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("call", "satisfaction")

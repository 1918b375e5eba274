"""Which festival a day of the calendar belongs to, and of which year its notice is. CPL-3."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calendar_day", sa.Column("festival", sa.Text(), nullable=False, server_default=""))
    op.add_column("calendar_day", sa.Column("notice", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("calendar_day", "notice")
    op.drop_column("calendar_day", "festival")

"""Search over tickets, and days of the calendar that the site has entered. TKT-7, CPL-3."""

import sqlalchemy as sa
from alembic import op

from crm.db.tickets.search_index import CREATE, DROP, INDEX, reindex_all

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", "source", name="pk_calendar_day"),
    )
    connection = op.get_bind()
    op.execute(CREATE[connection.dialect.name])
    reindex_all(connection)
    for statement in INDEX[connection.dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.execute(DROP)
    op.drop_table("calendar_day")

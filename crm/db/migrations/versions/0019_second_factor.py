"""Second factors, and by what a session's person has shown who it is. ACC-3."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "second_factor",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("recovery", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_second_factor"),
        sa.ForeignKeyConstraint(["name"], ["user_account.name"], name="fk_second_factor_name"),
    )
    op.add_column("user_session", sa.Column("proof", sa.Text(), server_default="password", nullable=False))


def downgrade() -> None:
    op.drop_column("user_session", "proof")
    op.drop_table("second_factor")

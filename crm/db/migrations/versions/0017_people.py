"""Everybody's own password: what an account may be in, where a login was made, machines known before. ACC-1.

Until now one password was everybody's, kept in a file and printed at each start: it opens nothing any more, and the
next start gives each person a one-time password.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def _at(name: str, *, nullable: bool = True) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.execute("DELETE FROM user_session")
    op.execute("UPDATE user_account SET password_hash = NULL")
    with op.batch_alter_table("user_account") as account:
        account.drop_column("failures")
        account.drop_column("locked_until")
        account.alter_column("active", new_column_name="listed", server_default=sa.true(), existing_type=sa.Boolean())
        account.add_column(sa.Column("of_site", sa.Boolean(), server_default=sa.true(), nullable=False))
        account.add_column(sa.Column("state", sa.Text(), server_default="active", nullable=False))
        account.add_column(sa.Column("must_change", sa.Boolean(), server_default=sa.false(), nullable=False))
        account.add_column(_at("password_until"))
        account.add_column(_at("last_login_at"))
    with op.batch_alter_table("user_session") as session:
        session.add_column(sa.Column("address", sa.Text(), server_default="", nullable=False))
        session.add_column(sa.Column("browser", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "user_device",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        _at("seen_at", nullable=False),
        sa.ForeignKeyConstraint(["name"], ["user_account.name"], name="fk_user_device_name"),
        sa.PrimaryKeyConstraint("token_hash", "name", name="pk_user_device"),
    )
    op.create_index("ix_user_device_name", "user_device", ["name"])


def downgrade() -> None:
    op.drop_table("user_device")
    with op.batch_alter_table("user_session") as session:
        session.drop_column("browser")
        session.drop_column("address")
    with op.batch_alter_table("user_account") as account:
        for name in ("last_login_at", "password_until", "must_change", "state", "of_site"):
            account.drop_column(name)
        account.alter_column("listed", new_column_name="active", existing_type=sa.Boolean())
        account.add_column(sa.Column("failures", sa.Integer(), server_default="0", nullable=False))
        account.add_column(_at("locked_until"))

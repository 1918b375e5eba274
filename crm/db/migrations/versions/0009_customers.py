"""Cards of organisations and merchants, merged cards, imports, who saw what, removals. CUS-1, CUS-4, CPL-10."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXTS = ("shop_name", "unit", "floor", "contact_person")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _at(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def upgrade() -> None:
    _upgrade_cards()
    _make_privacy_tables()
    _make_import_tables()


def _upgrade_cards() -> None:
    with op.batch_alter_table("customer") as customer:
        customer.add_column(sa.Column("kind", sa.Text(), server_default="person", nullable=False))
        for name in TEXTS:
            customer.add_column(_text(name))
        customer.add_column(sa.Column("looked_after_by", sa.Text(), nullable=True))
        customer.add_column(sa.Column("merged_into", ROW_ID, nullable=True))
        customer.create_foreign_key("fk_customer_merged_into", "customer", ["merged_into"], ["id"], ondelete="CASCADE")
        customer.create_index("ix_customer_merged_into", ["merged_into"])
        customer.create_index("ix_customer_updated_at_id", ["updated_at", "id"])
    with op.batch_alter_table("customer_number") as number:
        number.add_column(_text("use"))
        number.add_column(_text("extension"))
    op.create_index("ix_call_customer_id_invited_at", "call", ["customer_id", "invited_at"])
    op.create_index("ix_due_call_customer_id", "due_call", ["customer_id"])
    op.create_table(
        "customer_distinct",
        sa.Column("one", ROW_ID, nullable=False),
        sa.Column("other", ROW_ID, nullable=False),
        _at("at"),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["one"], ["customer.id"], name="fk_customer_distinct_one", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["other"], ["customer.id"], name="fk_customer_distinct_other", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("one", "other", name="pk_customer_distinct"),
    )
    op.create_index("ix_customer_distinct_other", "customer_distinct", ["other"])


def _make_privacy_tables() -> None:
    op.create_table(
        "customer_access",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        _at("at"),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=True),
        _text("reason"),
        sa.PrimaryKeyConstraint("id", name="pk_customer_access"),
    )
    op.create_index("ix_customer_access_at", "customer_access", ["at"])
    op.create_index("ix_customer_access_customer_id_at", "customer_access", ["customer_id", "at"])
    op.create_index("ix_customer_access_by_at", "customer_access", ["by", "at"])
    op.create_table(
        "customer_removal",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        _at("at"),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        _text("reason"),
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_customer_removal"),
    )
    op.create_index("ix_customer_removal_customer_id", "customer_removal", ["customer_id"])
    op.create_table(
        "erased_number",
        sa.Column("digest", sa.Text(), nullable=False),
        _at("erased_at"),
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_erased_number"),
    )
    op.create_index("ix_erased_number_erased_at", "erased_number", ["erased_at"])


def _make_import_tables() -> None:
    op.create_table(
        "customer_import",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        _at("at"),
        _at("expires_at"),
        sa.Column("on_existing", sa.Text(), nullable=True),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("token", name="pk_customer_import"),
    )
    op.create_index("ix_customer_import_expires_at", "customer_import", ["expires_at"])
    op.create_table(
        "customer_import_row",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("existing", sa.Integer(), nullable=True),
        _text("card"),
        _text("notes"),
        sa.ForeignKeyConstraint(
            ["token"], ["customer_import.token"], name="fk_customer_import_row_token", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token", "row", name="pk_customer_import_row"),
    )
    op.create_index("ix_customer_import_row_token_state_row", "customer_import_row", ["token", "state", "row"])


def downgrade() -> None:
    for table in (
        "customer_import_row",
        "customer_import",
        "erased_number",
        "customer_removal",
        "customer_access",
        "customer_distinct",
    ):
        op.drop_table(table)
    op.drop_index("ix_due_call_customer_id", "due_call")
    op.drop_index("ix_call_customer_id_invited_at", "call")
    with op.batch_alter_table("customer_number") as number:
        number.drop_column("extension")
        number.drop_column("use")
    with op.batch_alter_table("customer") as customer:
        customer.drop_index("ix_customer_updated_at_id")
        customer.drop_index("ix_customer_merged_into")
        customer.drop_constraint("fk_customer_merged_into", type_="foreignkey")
        for name in ("merged_into", "looked_after_by", *reversed(TEXTS), "kind"):
            customer.drop_column(name)

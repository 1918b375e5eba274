"""Cases: what a ticket is about and who has it, every step taken on it, the clocks that run by them. CPL, LNE, TKT."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("ticket") as ticket:
        for name in ("stage", "level", "holder", "category", "department"):
            ticket.add_column(sa.Column(name, sa.Text(), nullable=True))
        ticket.add_column(sa.Column("restricted", sa.Boolean(), server_default=sa.false(), nullable=False))
        ticket.add_column(sa.Column("case_of", sa.Text(), nullable=True))
        ticket.create_foreign_key("fk_ticket_case_of", "ticket", ["case_of"], ["number"], ondelete="SET NULL")
        ticket.create_index("ix_ticket_case_of", ["case_of"])
        ticket.create_index("ix_ticket_stage_number", ["stage", "number"])
        ticket.create_index("ix_ticket_holder_opened_at", ["holder", "opened_at"])
        ticket.create_index("ix_ticket_department_opened_at", ["department", "opened_at"])
    op.create_table(
        "ticket_step",
        sa.Column("id", RowId, autoincrement=True, nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="fk_ticket_step_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_step"),
    )
    op.create_index("ix_ticket_step_ticket_id", "ticket_step", ["ticket", "id"])
    op.create_index("ix_ticket_step_step_at", "ticket_step", ["step", "at"])
    op.create_table(
        "ticket_clock",
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("in_force_from", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("told", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tell_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="fk_ticket_clock_ticket"),
        sa.PrimaryKeyConstraint("ticket", "clause", "round", name="pk_ticket_clock"),
    )
    op.create_index("ix_ticket_clock_tell_at", "ticket_clock", ["tell_at"])
    op.create_index("ix_ticket_clock_due_at", "ticket_clock", ["due_at"])
    op.create_index("ix_ticket_clock_clause_started_at", "ticket_clock", ["clause", "started_at"])
    running = sa.text("stopped_at IS NULL")
    op.create_index(
        "ix_ticket_clock_running", "ticket_clock", ["ticket", "due_at"], sqlite_where=running, postgresql_where=running
    )
    op.create_table(
        "ticket_person",
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="fk_ticket_person_ticket"),
        sa.PrimaryKeyConstraint("ticket", "person", name="pk_ticket_person"),
    )
    op.create_index("ix_ticket_person_person_judged_at", "ticket_person", ["person", "judged_at"])


def downgrade() -> None:
    op.drop_table("ticket_person")
    op.drop_table("ticket_clock")
    op.drop_table("ticket_step")
    with op.batch_alter_table("ticket") as ticket:
        for index in ("case_of", "stage_number", "holder_opened_at", "department_opened_at"):
            ticket.drop_index(f"ix_ticket_{index}")
        ticket.drop_constraint("fk_ticket_case_of", type_="foreignkey")
        for name in ("case_of", "restricted", "department", "category", "holder", "level", "stage"):
            ticket.drop_column(name)

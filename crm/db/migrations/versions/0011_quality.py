"""Spot checks, agents' files, closed months; knowledge cards; suggestions. QUA-2, QUA-3, QUA-6, CPL-10, SUG-1."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "agent_note",
        sa.Column("id", RowId, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("points", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ticket", sa.Text(), nullable=True),
        sa.Column("details", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agent_note"),
        sa.UniqueConstraint("key", name="uq_agent_note_key"),
    )
    op.create_index("ix_agent_note_agent_at", "agent_note", ["agent", "at"])
    op.create_index("ix_agent_note_day_kind", "agent_note", ["day", "kind"])
    op.create_table(
        "assessment_month",
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("month", name="pk_assessment_month"),
    )
    op.create_table(
        "knowledge_card",
        sa.Column("id", RowId, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_knowledge_card"),
        sa.UniqueConstraint("key", name="uq_knowledge_card_key"),
    )
    op.create_table(
        "quality_day",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("gathered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_quality_day"),
    )
    op.create_table(
        "assessment",
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("assessed", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["month"], ["assessment_month.month"], name="fk_assessment_month"),
        sa.PrimaryKeyConstraint("month", "kind", "subject", name="pk_assessment"),
    )
    op.create_table(
        "knowledge_opening",
        sa.Column("id", RowId, autoincrement=True, nullable=False),
        sa.Column("card_id", RowId, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["card_id"], ["knowledge_card.id"], name="fk_knowledge_opening_card_id"),
        sa.PrimaryKeyConstraint("id", name="pk_knowledge_opening"),
    )
    op.create_index("ix_knowledge_opening_card_id_at", "knowledge_opening", ["card_id", "at"])
    op.create_table(
        "knowledge_version",
        sa.Column("card_id", RowId, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("keywords", sa.Text(), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("categories", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Text(), nullable=True),
        sa.Column("valid_until", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["card_id"], ["knowledge_card.id"], name="fk_knowledge_version_card_id"),
        sa.PrimaryKeyConstraint("card_id", "version", name="pk_knowledge_version"),
    )
    op.create_table(
        "suggestion",
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column("proposer", sa.Text(), server_default="", nullable=False),
        sa.Column("contact", sa.Text(), server_default="", nullable=False),
        sa.Column("summary", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_by", sa.Text(), nullable=False),
        sa.Column("decide_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("adopted", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("result", sa.Text(), server_default="", nullable=False),
        sa.Column("due_call", RowId, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["due_call"], ["due_call.id"], name="fk_suggestion_due_call"),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="fk_suggestion_ticket"),
        sa.PrimaryKeyConstraint("ticket", name="pk_suggestion"),
    )
    op.create_index("ix_suggestion_due_call", "suggestion", ["due_call"])
    op.create_index("ix_suggestion_registered_at_ticket", "suggestion", ["registered_at", "ticket"])
    op.create_index("ix_suggestion_state_remind_at", "suggestion", ["state", "remind_at"])
    op.create_table(
        "quality_check",
        sa.Column("id", RowId, autoincrement=True, nullable=False),
        sa.Column("recording_id", RowId, nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("week", sa.Text(), nullable=False),
        sa.Column("talked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("attitude", sa.Float(), nullable=True),
        sa.Column("knowledge", sa.Float(), nullable=True),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drawn_by", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name="fk_quality_check_recording_id"),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="fk_quality_check_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_quality_check"),
        sa.UniqueConstraint("recording_id", name="uq_quality_check_recording_id"),
    )
    op.create_index("ix_quality_check_agent_talked_at", "quality_check", ["agent", "talked_at"])
    op.create_index("ix_quality_check_talked_at_id", "quality_check", ["talked_at", "id"])
    op.create_index("ix_quality_check_ticket", "quality_check", ["ticket"])
    op.create_index("ix_quality_check_week", "quality_check", ["week"])
    op.create_table(
        "suggestion_step",
        sa.Column("id", RowId, autoincrement=True, nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["suggestion.ticket"], name="fk_suggestion_step_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_suggestion_step"),
        sa.UniqueConstraint("ticket", "version", name="uq_suggestion_step_ticket_version"),
    )
    op.create_table(
        "quality_check_step",
        sa.Column("id", RowId, autoincrement=True, nullable=False),
        sa.Column("check_id", RowId, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["check_id"], ["quality_check.id"], name="fk_quality_check_step_check_id"),
        sa.PrimaryKeyConstraint("id", name="pk_quality_check_step"),
        sa.UniqueConstraint("check_id", "version", name="uq_quality_check_step_check_id_version"),
    )


def downgrade() -> None:
    op.drop_table("quality_check_step")
    op.drop_table("suggestion_step")
    op.drop_table("quality_check")
    op.drop_table("suggestion")
    op.drop_table("knowledge_version")
    op.drop_table("knowledge_opening")
    op.drop_table("assessment")
    op.drop_table("quality_day")
    op.drop_table("knowledge_card")
    op.drop_table("assessment_month")
    op.drop_table("agent_note")

"""Spot checks, agents' files and closed months as tables. Steps and notes are only ever added. QUA-2, QUA-3, QUA-6."""

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from crm.db.schema.core import at_column, id_column, metadata, text_column

quality_check = Table(
    "quality_check",
    metadata,
    id_column(),
    Column("recording_id", ForeignKey("recording.id"), nullable=False, unique=True),
    Column("ticket", ForeignKey("ticket.number"), nullable=False, index=True),
    Column("call_id", Text(), nullable=False),
    Column("agent", Text(), nullable=False),
    Column("week", Text(), nullable=False),
    at_column("talked_at", nullable=False),
    Column("duration_s", Float(), nullable=False),
    Column("state", Text(), nullable=False),
    Column("score", Float()),
    Column("attitude", Float()),
    Column("knowledge", Float()),
    at_column("drawn_at", nullable=False),
    Column("drawn_by", Text(), nullable=False),
    Column("version", Integer(), nullable=False),
    Index("ix_quality_check_agent_talked_at", "agent", "talked_at"),
    Index("ix_quality_check_talked_at_id", "talked_at", "id"),
    Index("ix_quality_check_week", "week"),
)

quality_check_step = Table(
    "quality_check_step",
    metadata,
    id_column(),
    Column("check_id", ForeignKey("quality_check.id"), nullable=False),
    Column("version", Integer(), nullable=False),
    at_column("at", nullable=False),
    Column("by", Text(), nullable=False),
    Column("step", Text(), nullable=False),
    text_column("details"),
    UniqueConstraint("check_id", "version"),
)

agent_note = Table(
    "agent_note",
    metadata,
    id_column(),
    Column("key", Text(), nullable=False, unique=True),
    Column("agent", Text(), nullable=False),
    at_column("at", nullable=False),
    Column("day", Text(), nullable=False),
    Column("kind", Text(), nullable=False),
    Column("by", Text(), nullable=False),
    text_column("words"),
    Column("points", Integer(), nullable=False, server_default="0"),
    Column("ticket", Text()),
    text_column("details"),
    Index("ix_agent_note_agent_at", "agent", "at"),
    Index("ix_agent_note_day_kind", "day", "kind"),
)

quality_day = Table(
    "quality_day",
    metadata,
    Column("day", Text(), primary_key=True),
    at_column("gathered_at", nullable=False),
)

assessment_month = Table(
    "assessment_month",
    metadata,
    Column("month", Text(), primary_key=True),
    at_column("closed_at", nullable=False),
    Column("closed_by", Text(), nullable=False),
    Column("rule_version", Text(), nullable=False),
    Column("rules", Text(), nullable=False),
)

assessment = Table(
    "assessment",
    metadata,
    Column("month", ForeignKey("assessment_month.month"), primary_key=True),
    Column("kind", Text(), primary_key=True),
    Column("subject", Text(), primary_key=True),
    Column("score", Float()),
    Column("grade", Text()),
    Column("assessed", Text(), nullable=False),
)

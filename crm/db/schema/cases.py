"""A case as tables: every step that was taken on a ticket, and the clocks that run by them. TKT-3, CPL-2, CPL-6.

Steps are only ever added. Clocks and people are made anew from the steps after each, so a row of them is never the only
place of a fact. `verdict`: of a clock that has stopped; `told`: how many rungs of its ladder people were told of.
"""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, text

from crm.db.schema.core import at_column, id_column, metadata, text_column

ticket_step = Table(
    "ticket_step",
    metadata,
    id_column(),
    Column("ticket", ForeignKey("ticket.number"), nullable=False),
    at_column("at", nullable=False),
    Column("by", Text(), nullable=False),
    Column("step", Text(), nullable=False),
    text_column("details"),
    Index("ix_ticket_step_ticket_id", "ticket", "id"),
    Index("ix_ticket_step_step_at", "step", "at"),
)

ticket_clock = Table(
    "ticket_clock",
    metadata,
    Column("ticket", ForeignKey("ticket.number"), primary_key=True),
    Column("clause", Text(), primary_key=True),
    Column("round", Integer(), primary_key=True, autoincrement=False),
    Column("in_force_from", Text(), nullable=False),
    at_column("started_at", nullable=False),
    at_column("due_at"),
    Column("provisional", Boolean(), nullable=False),
    at_column("stopped_at"),
    Column("verdict", Text()),
    Column("holder", Text()),
    Column("person", Text()),
    Column("told", Integer(), nullable=False, server_default="0"),
    at_column("tell_at"),
    Index("ix_ticket_clock_tell_at", "tell_at"),
    Index("ix_ticket_clock_due_at", "due_at"),
    Index("ix_ticket_clock_clause_started_at", "clause", "started_at"),
    # The few clocks that run, among all that ever did.
    Index(
        "ix_ticket_clock_running",
        "ticket",
        "due_at",
        sqlite_where=text("stopped_at IS NULL"),
        postgresql_where=text("stopped_at IS NULL"),
    ),
)

ticket_person = Table(
    "ticket_person",
    metadata,
    Column("ticket", ForeignKey("ticket.number"), primary_key=True),
    Column("person", Text(), primary_key=True),
    Column("verdict", Text()),
    at_column("judged_at"),
    Index("ix_ticket_person_person_judged_at", "person", "judged_at"),
)
"""Colleagues whom a case is about; `verdict`: valid or special, of those whom it was found against (CPL-9)."""

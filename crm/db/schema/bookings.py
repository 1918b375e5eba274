"""Bookings and appointments as tables, and every step of theirs, which is only ever added. BKG-1, BKG-5, TKT-3.

What is taken of a slot is not counted anywhere: it is the sum of the bookings that overlap it.
"""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text

from crm.db.schema.core import at_column, id_column, metadata, text_column

booking = Table(
    "booking",
    metadata,
    id_column(),
    Column("key", Text(), nullable=False, unique=True),
    Column("ticket", ForeignKey("ticket.number"), nullable=False, index=True),
    Column("customer_id", ForeignKey("customer.id", ondelete="SET NULL"), index=True),
    Column("state", Text(), nullable=False),
    at_column("starts_at", nullable=False),
    at_column("ends_at", nullable=False),
    Column("party", Integer(), nullable=False),
    Column("language", Text()),
    Column("guide", Text()),
    text_column("contact_name"),
    text_column("contact_number"),
    text_column("number_key"),
    text_column("note"),
    at_column("made_at", nullable=False),
    Column("made_by", Text(), nullable=False),
    at_column("told_at"),
    Column("rating", Integer()),
    Column("version", Integer(), nullable=False),
    Index("ix_booking_starts_at_id", "starts_at", "id"),
    Index("ix_booking_number_key_starts_at", "number_key", "starts_at"),
)

appointment = Table(
    "appointment",
    metadata,
    id_column(),
    Column("key", Text(), nullable=False, unique=True),
    Column("ticket", ForeignKey("ticket.number"), nullable=False, index=True),
    Column("customer_id", ForeignKey("customer.id", ondelete="SET NULL"), index=True),
    Column("kind", Text(), nullable=False),
    Column("state", Text(), nullable=False),
    at_column("at", nullable=False),
    Column("person", Text(), nullable=False),
    # The customer's address: it goes with the customer.
    Column("place", Text(), nullable=False, server_default="", info={"personal": True}),
    text_column("contact_name"),
    text_column("contact_number"),
    text_column("note"),
    text_column("because"),
    at_column("proposed_at", nullable=False),
    Column("proposed_by", Text(), nullable=False),
    at_column("agreed_at"),
    Column("agreed_by", Text()),
    at_column("arrived_at"),
    at_column("reminded_at"),
    at_column("warned_at"),
    Column("version", Integer(), nullable=False),
    Index("ix_appointment_at_id", "at", "id"),
    Index("ix_appointment_state_at", "state", "at"),
    Index("ix_appointment_person_at", "person", "at"),
)

booking_step = Table(
    "booking_step",
    metadata,
    id_column(),
    Column("subject", Text(), nullable=False),
    Column("ticket", ForeignKey("ticket.number"), nullable=False, index=True),
    at_column("at", nullable=False),
    Column("by", Text(), nullable=False),
    Column("step", Text(), nullable=False),
    text_column("details"),
    Column("event_id", Text(), unique=True),
    Index("ix_booking_step_subject_id", "subject", "id"),
)
"""`subject`: `booking 12` or `appointment 3`; `event_id`: of the journal's event that it came from, if any."""

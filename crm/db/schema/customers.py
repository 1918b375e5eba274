"""Beside the cards: who saw them, pairs that are two people, imports under way, what a removal leaves. CUS-1, CUS-4.

The removal's own tables hold nothing that says who somebody was.
"""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text

from crm.db.schema.core import at_column, id_column, metadata, text_column

customer_distinct = Table(
    "customer_distinct",
    metadata,
    Column("one", ForeignKey("customer.id", ondelete="CASCADE"), primary_key=True),
    Column("other", ForeignKey("customer.id", ondelete="CASCADE"), primary_key=True, index=True),
    at_column("at", nullable=False),
    Column("by", Text(), nullable=False),
)
"""Pairs that somebody has looked at and found to be two; `one` is the smaller id."""

customer_access = Table(
    "customer_access",
    metadata,
    id_column(),
    at_column("at", nullable=False, index=True),
    Column("by", Text(), nullable=False),
    # No foreign key: who saw a card is known for as long as the log is kept, also when the card is gone.
    Column("customer_id", Integer(), nullable=False),
    Column("what", Text(), nullable=False),
    Column("ticket", Text()),
    text_column("reason"),
    Index("ix_customer_access_customer_id_at", "customer_id", "at"),
    Index("ix_customer_access_by_at", "by", "at"),
)

customer_removal = Table(
    "customer_removal",
    metadata,
    id_column(),
    at_column("at", nullable=False),
    Column("by", Text(), nullable=False),
    Column("customer_id", Integer(), nullable=False, index=True),
    Column("asked_by", Text(), nullable=False),
    text_column("reason"),
    Column("pseudonym", Text(), nullable=False),
    Column("counts", Text(), nullable=False),
)
"""The certificate. `counts`: JSON, rows changed or removed by table."""

erased_number = Table(
    "erased_number",
    metadata,
    Column("digest", Text(), primary_key=True),
    at_column("erased_at", nullable=False, index=True),
    Column("pseudonym", Text(), nullable=False),
)
"""What the journal may still say and the store must not learn again; kept for as long as the journal is."""

customer_import = Table(
    "customer_import",
    metadata,
    Column("token", Text(), primary_key=True),
    Column("by", Text(), nullable=False),
    Column("file", Text(), nullable=False),
    at_column("at", nullable=False),
    at_column("expires_at", nullable=False, index=True),
    Column("on_existing", Text()),
    Column("columns", Text(), nullable=False),
)

customer_import_row = Table(
    "customer_import_row",
    metadata,
    Column("token", ForeignKey("customer_import.token", ondelete="CASCADE"), primary_key=True),
    Column("row", Integer(), primary_key=True, autoincrement=False),
    # ready, faulty; written, updated, skipped, refused
    Column("state", Text(), nullable=False),
    Column("existing", Integer()),
    text_column("card"),
    text_column("notes"),
    Index("ix_customer_import_row_token_state_row", "token", "state", "row"),
)
"""`card`: JSON, empty once the row is done; `notes`: JSON, what is wrong with the row or to be known of it."""

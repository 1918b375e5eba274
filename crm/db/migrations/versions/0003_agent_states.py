"""Agents' states, change by change, from the events that are there already (RPT-1). Only Alembic runs it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FIELD = {"sqlite": "json_extract(payload, '$.{}')", "postgresql": "payload::json ->> '{}'"}


def upgrade() -> None:
    op.create_table(
        "agent_state",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("call_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_agent_state"),
        sa.UniqueConstraint("event_id", name="uq_agent_state_event_id"),
    )
    op.create_index("ix_agent_state_at", "agent_state", ["at"])
    op.create_index("ix_agent_state_agent_at", "agent_state", ["agent", "at"])
    field = FIELD[op.get_bind().dialect.name]
    told = ", ".join(field.format(name) for name in ("agent", "state", "reason", "call_id"))
    op.execute(
        "INSERT INTO agent_state (event_id, at, agent, state, reason, call_id) "
        f"SELECT event_id, at, {told} FROM event WHERE name = 'AgentStateChanged' ORDER BY id"
    )


def downgrade() -> None:
    op.drop_table("agent_state")

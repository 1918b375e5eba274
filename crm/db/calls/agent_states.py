"""What states agents were in, change by change, as the projector has stored them. Spans are made in routing. RPT-1."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from crm.db.base.engine import Database
from crm.db.schema.core import agent_state
from crm.journal.events import AgentStateChanged, AnyEvent


def agent_state_rows(events: Sequence[AnyEvent]) -> list[dict[str, Any]]:
    """The rows of the state changes among these events, in their order."""
    return [
        {name: getattr(each, name) for name in ("event_id", "agent", "at", "state", "reason", "call_id")}
        for each in events
        if isinstance(each, AgentStateChanged)
    ]


class AgentStateTable:
    """All raise StoreAway. The projector adds the rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def changes(self, since: datetime, until: datetime, agent: str | None = None) -> list[AgentStateChanged]:
        """The changes in [since, until), of one agent or all, in the order in which they happened; before them the last
        one of each agent that was earlier, which tells the state at `since`."""
        known = agent_state.c
        mine = [known.agent == agent] if agent is not None else []
        last = select(func.max(known.id)).where(known.at < since, *mine).group_by(known.agent)
        query = select(agent_state).where(known.id.in_(last) | ((known.at >= since) & (known.at < until)), *mine)
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(known.id))
            return [
                AgentStateChanged(
                    event_id=row.event_id,
                    agent=row.agent,
                    at=row.at,
                    state=row.state,
                    reason=row.reason,
                    call_id=row.call_id,
                )
                for row in rows
            ]

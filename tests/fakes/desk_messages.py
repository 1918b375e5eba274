"""Messages to a desk, for tests: a caller of whom everything is known; each argument replaces a field."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from app.web.wire.desk_messages import UNSENT, AgentChanged, CallChanged, Pop, PopCustomer, PopTicket, ScreenPop
from crm.seen.opening import opened
from crm.tickets.model import Severity, TicketKind, TicketState
from routing.agent import AgentState

CUSTOMER = PopCustomer(
    id="7",
    name="王建国",
    form_of_address="先生",
    key_customer=True,
    employer="市建筑设计院",
    post="副院长",
    notes="每月带团参观，喜欢周末上午；请安排资深讲解员。",
)
EARLIER = PopTicket(
    number="20261120-0007",
    kind=TicketKind.COMPLAINT,
    state=TicketState.CLOSED,
    stage=None,
    severity=Severity.MAJOR,
    opened_at=datetime(2026, 11, 20, 2, tzinfo=UTC),
    matter="停车场指引不清",
    agent="8002",
)


def card(ani: str = "13812345678", **others: Any) -> Pop:
    """What a screen pop says of a caller. Raises ValidationError for what the contract does not allow."""
    known = Pop(
        kind="inbound",
        due_call=None,
        language="zh",
        line="hotline",
        line_title="客服热线",
        queue="hotline",
        queue_title="咨询与预约",
        came_from=[],
        ani=ani,
        number_display=ani,
        greeting="早上好！城市规划展览馆，我是客服8001号，很高兴为您服务！",
        waited_s=4.2,
        reason=None,
        customer=CUSTOMER,
        open_cases=[],
        tickets=[],
    )
    return opened(msgspec.convert(msgspec.structs.asdict(known) | others, Pop, from_attributes=True))


def pop(call: str = "c-1", ticket: str = "20261122-0001", **others: Any) -> ScreenPop:
    return ScreenPop(call=call, ticket=ticket, pop=card(**others))


def call_is(
    state: Any,
    call: str = "c-1",
    ticket: str = "20261122-0001",
    since: datetime = UNSENT,
    talk_since: datetime | None = None,
) -> CallChanged:
    """How an inbound call goes on."""
    ended_by = "caller" if state == "ended" else None
    return CallChanged(
        call=call,
        ticket=ticket,
        direction="inbound",
        state=state,
        since=since,
        talk_since=talk_since,
        ended_by=ended_by,
        talk=None,
    )


def ready(agent: str = "8001", **others: Any) -> AgentChanged:
    """The agent takes calls."""
    known = AgentChanged(
        agent=agent,
        name="安",
        name_en="Ann",
        role="agent",
        state=AgentState.AVAILABLE,
        reason=None,
        since=UNSENT,
        call=None,
        until=None,
        queues=["hotline"],
        wish=None,
        by=None,
        missed={},
        supervision=None,
    )
    return msgspec.structs.replace(known, **others)

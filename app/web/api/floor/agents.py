"""Agents' states and queues now (adapter). The ACD answers at once; nobody asks the store."""

import logging
from typing import Final

from app.web.api.common.shown import agent_out, queue_with_callers, telephone_out
from app.web.http.contract import (
    AgentOut,
    ColleagueOut,
    Listed,
    Nothing,
    QueueWithCallers,
    StateWish,
    Telephone,
    WrapUpStep,
)
from app.web.http.operations import Ask
from app.web.wire.problems import Problem, invalid
from config.ids import AgentId
from crm.rights import may_set_state_of, may_sit_at

log = logging.getLogger(__name__)

WRAP_UP_EXTENSION_S: Final = 30.0


async def list_agents(ask: Ask[Nothing, Nothing]) -> Listed[AgentOut]:
    return Listed(items=[agent_out(view, ask.services.site, supervision=True) for view in ask.services.acd.agents()])


async def list_colleagues(ask: Ask[Nothing, Nothing]) -> Listed[ColleagueOut]:
    """For whoever wants to hand a call over: names and states only."""
    people = (agent_out(view, ask.services.site) for view in ask.services.acd.agents())
    return Listed(
        items=[ColleagueOut(agent=one.agent, name=one.name, name_en=one.name_en, state=one.state) for one in people]
    )


async def list_queues(ask: Ask[Nothing, Nothing]) -> Listed[QueueWithCallers]:
    return Listed(
        items=[
            ask.seen.calls.waiting(queue_with_callers(view, ask.services.site)) for view in ask.services.acd.queues()
        ]
    )


async def set_agent_state(ask: Ask[Nothing, StateWish]) -> AgentOut:
    """In the middle of a call it is kept for afterwards and shows as `wish`."""
    agent = _agent_of_queue(ask)
    if not may_set_state_of(ask.who, agent):
        raise Problem("forbidden", f"The state of {agent} is not yours to set.")
    wish = ask.body
    known = {reason.id for reason in ask.services.site.reasons}
    if wish.state == "not_ready" and wish.reason not in known:
        raise invalid("reason", f"one of {', '.join(sorted(known))}")
    if wish.state != "not_ready" and wish.reason is not None:
        raise invalid("reason", f"{wish.state} has none")
    by = None if agent == ask.who.agent else ask.who.name
    view = ask.services.acd.set_state(agent, wish.state, wish.reason, by)
    if by:
        log.info(
            "%s set agent %s to %s",
            ask.who.name,
            agent,
            wish.state,
            extra={"action": "agent_state_forced", "agent": agent, "by": ask.who.name},
        )
    return agent_out(view, ask.services.site)


async def change_wrap_up(ask: Ask[Nothing, WrapUpStep]) -> AgentOut:
    agent = _agent_of_queue(ask)
    if not may_set_state_of(ask.who, agent):
        raise Problem("forbidden", f"The state of {agent} is not yours to set.")
    acd = ask.services.acd
    view = acd.end_wrap_up(agent) if ask.body.action == "end" else acd.extend_wrap_up(agent, WRAP_UP_EXTENSION_S)
    return agent_out(view, ask.services.site)


async def get_telephone(ask: Ask[Nothing, Nothing]) -> Telephone:
    """What an agent's telephone registers with: for the agent and for administrators' programs."""
    agent = AgentId(ask.path("id"))
    if not may_sit_at(ask.who, agent):
        raise Problem("forbidden", f"The telephone of {agent} is not yours.")
    secret = ask.services.telephone_secret(agent)
    if secret is None:
        raise Problem("not_found", f"{agent} has no telephone.")
    return telephone_out(agent, secret, ask.services.site, ask.services.sip_address)


def _agent_of_queue(ask: Ask[Nothing, StateWish] | Ask[Nothing, WrapUpStep]) -> AgentId:
    agent = ask.path("id")
    if agent not in {view.agent for view in ask.services.acd.agents()}:
        raise Problem("not_found", f"No queue has an agent {agent}.")
    return AgentId(agent)

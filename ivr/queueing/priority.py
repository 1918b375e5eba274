"""The caller's priority and preferred agents, set before queueing (flow): key customers, a promise, the case. CUS-1."""

from config.ids import AgentId
from config.schema import Queue
from ivr.live.call import Call
from ivr.live.hotline import Hotline


async def set_priority(hotline: Hotline, call: Call, queue: Queue) -> None:
    """Set the call's points and preferred agents for this queue. Bounded: see crm/use_cases/by_clock/callers.py."""
    standing = await hotline.callers.standing(call.ani, with_agents=queue.sticky_s > 0)
    rules = hotline.site.routing
    promised = rules.promised_points if call.state.promised else 0
    call.points = max(promised, rules.key_customer_points if standing.key_customer else 0)
    call.preferred = tuple(AgentId(agent) for agent in standing.agents)

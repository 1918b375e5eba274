"""Before a caller waits: key customers go before others, and whoever knows the case is asked first (flow). CUS-1."""

from config.ids import AgentId
from config.schema import Queue
from ivr.call import Call
from ivr.hotline import Hotline


async def know_caller(hotline: Hotline, call: Call, queue: Queue) -> None:
    """Sets the call's points and preferred agents for this queue. Bounded: see crm/use_cases/callers.py."""
    standing = await hotline.callers.standing(call.ani, with_agents=queue.sticky_s > 0)
    if standing.key_customer:
        call.points = max(call.points, hotline.site.routing.key_customer_points)
    call.preferred = tuple(AgentId(agent) for agent in standing.agents)

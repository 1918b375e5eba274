"""The secret of an agent's telephone (flow): renewed by administrators, when it is in wrong hands. ACC-4."""

from collections.abc import Awaitable, Callable

from config.ids import AgentId
from crm.errors import UnknownRecord
from crm.use_cases.cases import Ports


async def renew_telephone(ports: Ports, agent: AgentId, renew: Callable[[AgentId], Awaitable[str]]) -> str:
    """The new secret. `renew` tells it to the telephone system. Raises UnknownRecord, StoreAway, and as `renew` does.

    The trail has the wish before it is carried out: an act that failed is on record, and none is missing.
    """
    if not any(known.id == agent and known.telephone for known in ports.site.agents):
        raise UnknownRecord("telephone of agent", agent)
    await ports.store.note_act(by=ports.who.name, action="secret_renewed", subject=f"telephone {agent}")
    return await renew(agent)

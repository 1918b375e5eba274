"""Secrets of agents' telephones, for administrators (adapter). A new one is shown once. ACC-4."""

from typing import Final

from app.web.api.common.shown import telephone_out
from app.web.http.contract import Nothing, Telephone
from app.web.http.operations import AnyOperation, Ask, operation
from config.ids import AgentId
from crm.use_cases.accounts.telephones import renew_telephone as renew


async def renew_telephone(ask: Ask[Nothing, Nothing]) -> Telephone:
    """What the telephone registers with from now on."""
    agent, services = AgentId(ask.path("id")), ask.services
    secret = await ask.do(renew, agent, services.renew_telephone_secret)
    return telephone_out(agent, secret, services.site, services.sip_address)


# fmt: off
TELEPHONES: Final[tuple[AnyOperation, ...]] = (
    operation("renew_telephone", "POST /api/agents/{id}/telephone/renew", renew_telephone,
              "A new secret for the agent's telephone; the old one ends at once", Nothing, Nothing, Telephone,
              secret=True),
)
# fmt: on

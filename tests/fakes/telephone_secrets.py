"""The secrets of agents' telephones without Asterisk: what the pages' tests stand on."""

from config.ids import AgentId
from config.schema import Site


class FakeTelephoneSecrets:
    """As `app.run.telephones.TelephoneSecrets`; each renewal is another text."""

    def __init__(self, site: Site) -> None:
        self._secrets = {agent.id: f"secret of {agent.id}" for agent in site.agents if agent.telephone}

    def of(self, agent: AgentId) -> str | None:
        return self._secrets.get(agent)

    async def renew(self, agent: AgentId) -> str:
        self._secrets[agent] = f"another {self._secrets[agent]}"
        return self._secrets[agent]

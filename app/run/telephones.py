"""The SIP secrets of agents' telephones in a running system: known, and renewed by a click (flow). ACC-4.

Asterisk wants them in clear, so they lie in private files under --data and nowhere else.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from config.ids import AgentId
from config.paths import DataDir
from ivr.pbx.prefix.errors import AsteriskNotReady
from ivr.pbx.private_files import new_agent_secret
from ivr.pbx.process import AsteriskProcess
from ivr.port.values import TelephonyDown

log = logging.getLogger(__name__)


class TelephoneSecrets:
    """`secrets`: by agent, the very mapping that Asterisk's settings have, so that every later start has new ones too.
    `unregister`: takes one registered contact out."""

    def __init__(
        self, secrets: dict[str, str], data: DataDir, pbx: AsteriskProcess, unregister: Callable[[str], Awaitable[None]]
    ) -> None:
        self._secrets = secrets
        self._data = data
        self._pbx = pbx
        self._unregister = unregister
        self._one_at_a_time = asyncio.Lock()

    def of(self, agent: AgentId) -> str | None:
        """None when the agent has no telephone."""
        return self._secrets.get(agent)

    async def renew(self, agent: AgentId) -> str:
        """A new secret; the old one opens nothing from now on. Raises KeyError for an agent without a telephone.

        Whoever is registered with the old one is taken out: a telephone in wrong hands gets no call more. A talk
        goes on. Raises TelephonyDown when Asterisk did not say that it has it: ask again, then it is another one.
        """
        if agent not in self._secrets:
            raise KeyError(agent)
        async with self._one_at_a_time:
            self._secrets[agent] = new_agent_secret(self._data, agent)
            try:
                contacts = await self._pbx.reload_telephones(agent)
            except AsteriskNotReady as error:
                raise TelephonyDown(f"the secret of {agent} is not in force yet, renew it again: {error}") from error
            for contact in contacts:
                await self._unregister(contact)
            log.info(
                "The secret of the telephone of %s is another one, %d registered were taken out",
                agent,
                len(contacts),
                extra={"action": "telephone_secret_renewed", "agent": agent},
            )
            return self._secrets[agent]

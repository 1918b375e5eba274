"""The running system's API as a test asks it: JSON in, JSON out, and waiting until it says what is expected."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp

from app.phone.system import SystemFile
from config.paths import DataDir

T = TypeVar("T")
POLL_S = 0.05
PAGE = 200

Item = dict[str, Any]


class Refusal(AssertionError):
    """An answer that is no success, with what it said."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{status}: {said}")
        self.status = status


class Api:
    """With the local token of a data directory (or `token`). Use as `async with`."""

    def __init__(self, data: DataDir, token: str | None = None) -> None:
        self._system = SystemFile.read(data)
        self._token = token or self._system.token
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            self._system.base_url,
            headers={"Authorization": f"Bearer {self._token}"},
            timeout=aiohttp.ClientTimeout(total=30),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def read(
        self, method: str, path: str, *, body: Item | None = None, query: Mapping[str, str] | None = None
    ) -> bytes:
        """Raises Refusal."""
        assert self._session is not None, "use the API inside `async with`"
        async with self._session.request(method, path, json=body, params=query) as response:
            said = await response.read()
        if response.status >= 400:
            raise Refusal(response.status, said.decode(errors="replace"))
        return said

    async def get(self, path: str, **query: str) -> Item:
        answer: Item = json.loads(await self.read("GET", path, query=query))
        return answer

    async def post(self, path: str, body: Item | None = None) -> Item:
        answer: Item = json.loads(await self.read("POST", path, body=body))
        return answer

    async def every(self, path: str, **query: str) -> list[Item]:
        """All items of a list, page by page."""
        items: list[Item] = []
        after: dict[str, str] = {}
        while True:
            page = await self.get(path, limit=str(PAGE), **after, **query)
            items += page["items"]
            if page["next"] is None:
                return items
            after = {"after": page["next"]}

    async def status(self) -> Item:
        """The parts of /status, also while one of them is down."""
        try:
            answer = await self.get("/status")
        except Refusal as refusal:
            if refusal.status != 503:
                raise
            answer = json.loads(str(refusal).partition(": ")[2])
        parts: Item = answer["parts"]
        return parts

    async def agent(self, agent_id: str) -> Item:
        """One agent's live state."""
        items = (await self.get("/api/agents"))["items"]
        return next(item for item in items if item["agent"] == agent_id)

    async def set_state(self, agent_id: str, state: str, reason: str | None = None) -> Item:
        return await self.post(f"/api/agents/{agent_id}/state", {"state": state, "reason": reason})

    async def calls_from(self, caller: str) -> list[Item]:
        """The calls of a number, newest first."""
        items: list[Item] = (await self.get("/api/calls", caller=caller))["items"]
        return items

    async def ended_call(self, caller: str, timeout_s: float = 10.0) -> Item:
        """The one call of a number, once the store says how it ended."""

        async def ended() -> Item | None:
            calls = await self.calls_from(caller)
            assert len(calls) <= 1, f"{caller} called once, but there are {len(calls)} calls"
            return calls[0] if calls and calls[0]["ended_at"] else None

        return await until(ended, timeout_s, f"the call of {caller} to be over")

    async def ticket_of(self, caller: str, timeout_s: float = 10.0) -> Item:
        """The ticket, with everything on it, of the one call of a number that is over."""
        call = await self.ended_call(caller, timeout_s)
        return await self.get(f"/api/tickets/{call['ticket']}")

    async def agent_becomes(self, agent_id: str, state: str, timeout_s: float = 10.0) -> Item:
        """The agent's view as soon as it is in that state."""

        async def there() -> Item | None:
            agent = await self.agent(agent_id)
            return agent if agent["state"] == state else None

        return await until(there, timeout_s, f"agent {agent_id} to be {state}")


async def until(ask: Callable[[], Awaitable[T | None]], timeout_s: float, what: str) -> T:
    """Asks again until the answer is not None. Raises AssertionError naming what was waited for."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    while True:
        answer = await ask()
        if answer is not None:
            return answer
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"waited {timeout_s:g} s for {what}")
        await asyncio.sleep(POLL_S)

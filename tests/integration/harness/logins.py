"""People of a running system, logged in as they are in life: a one-time password, which they change at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from app.phone.system import SystemFile
from tests.fakes.logins import password_of
from tests.integration.harness.api import Api, until
from tests.integration.harness.running import RunningSystem


async def welcomed(system: RunningSystem, since: int = 0) -> None:
    """Until it has said that it is ready: people have accounts then, a little after `/status` says up. `since`: how
    much it had said before."""

    async def said() -> bool | None:
        return True if " is ready" in system.program.said()[since:] else None

    await until(said, 20, "the welcome")


async def session_of(system: RunningSystem, name: str, password: str) -> str:
    """Logs in; the session's token. Raises AssertionError with what the system says."""
    login = f"{SystemFile.read(system.data).base_url}/api/login"
    async with (
        aiohttp.ClientSession() as browser,
        browser.post(login, json={"name": name, "password": password}) as answer,
    ):
        assert answer.status == 200, await answer.text()
        (token,) = (each.value for key, each in answer.cookies.items() if not key.endswith("-device"))
    return token


@asynccontextmanager
async def logged_in(system: RunningSystem, name: str) -> AsyncIterator[Api]:
    """The API as this person: a session's token is as good as its cookie."""
    await welcomed(system)
    first = await (await system.api()).post(f"/api/users/{name}/reset")
    async with Api(system.data, await session_of(system, name, first["password"])) as api:
        await api.read("POST", "/api/me/password", body={"old": first["password"], "new": password_of(name)})
        yield api

"""The running system as a test telephone's owner finds it: the file that `up` leaves under --data, and its API.

No telephony here. Every failure becomes a PhoneError whose words say what to do.
"""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from app.phone.account import Account, Address
from app.phone.errors import ApiRefused, SystemNotRunning
from config.paths import DataDir
from config.words import two_lines

Say = Callable[[str], None]
Json = Mapping[str, object]

API_TIMEOUT_S = 5.0
UNAUTHENTICATED = 401
ALIVE_S = 15.0  # the desk's socket says something every 5 s; silence for longer is a dead line


def stamp(at: datetime | None) -> str | None:
    """UTC with milliseconds, as everywhere outside the program: 2026-11-22T01:30:00.123Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


@asynccontextmanager
async def until_interrupted() -> AsyncIterator[asyncio.Event]:
    """An event that Ctrl-C (or SIGTERM) sets, so that a telephone can hang up before it goes."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


@dataclass(frozen=True)
class SystemFile:
    """What `up` says about itself in DataDir.system_file."""

    http: str
    sip: Address
    site: Path
    token: str

    @property
    def base_url(self) -> str:
        return self.http if "://" in self.http else f"http://{self.http}"

    @classmethod
    def read(cls, data: DataDir) -> "SystemFile":
        """Raises SystemNotRunning if there is no such file or it does not say where the system is."""
        try:
            said = json.loads(data.system_file.read_text(encoding="utf-8"))
            return cls(
                http=str(said["http"]),
                sip=address(str(said["sip"])),
                site=Path(str(said["site"])),
                token=str(said["token"]),
            )
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise SystemNotRunning(
                f"{data.root} 上没有正在运行的系统，请先运行 make run（或 sanxiang up --data {data.root}）\n"
                f"no system is running on {data.root}: start one with `make run` or `sanxiang up --data {data.root}`"
            ) from exc


def address(text: str) -> Address:
    """`host:port` as a socket address. Raises ValueError."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise ValueError(f"not host:port: {text!r}")
    return host, int(port)


@dataclass(frozen=True)
class CallFacts:
    """What the API knows about the latest call of a caller; None: not yet, or never."""

    call: str
    ticket: str | None
    agent: str | None
    talked: bool
    ended_by: str | None
    invited_at: datetime | None


class SystemClient:
    """The few requests of commands, with the local token of whoever runs on `data` now. Use as `async with`.

    A controller that is started again has a new token, and perhaps another address: both are read again when the old
    ones do no longer. Raises SystemNotRunning at once when nothing runs there.
    """

    def __init__(self, data: DataDir) -> None:
        self._data = data
        self.system = SystemFile.read(data)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "SystemClient":
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=API_TIMEOUT_S),
            connector=aiohttp.TCPConnector(ssl=False),  # a demo's certificate is its own; the host is this machine
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def latest_call(self, caller: str) -> CallFacts | None:
        """The newest call from this number, or None. Raises SystemNotRunning, ApiRefused."""
        answer = await self.ask(
            "GET", "/api/calls", {"limit": "50"}
        )  # a search for the number would be on the audit trail
        items = answer.get("items")
        item = next((each for each in items if each["ani"] == caller), None) if isinstance(items, list) else None
        if item is None:
            return None
        return CallFacts(
            call=str(item["call"]),
            ticket=_text(item.get("ticket")),
            agent=_text(item.get("agent")),
            talked=item.get("talk_at") is not None,
            ended_by=_text(item.get("ended_by")),
            invited_at=_instant(item.get("invited_at")),
        )

    async def telephone(self, agent: str) -> Account:
        """What the agent's telephone registers with. Raises ApiRefused (404: no such agent, or no telephone)."""
        try:
            answer = await self.ask("GET", f"/api/agents/{agent}/telephone")
            return Account(str(answer["username"]), str(answer["secret"]), address(str(answer["sip"])))
        except ApiRefused as exc:
            if exc.status != 404:
                raise
            raise ApiRefused(
                404,
                f"没有坐席 {agent}，或该坐席没有话机；请查看站点的 agents.yaml\n"
                f"there is no agent {agent} with a telephone: see agents.yaml of the site",
            ) from exc

    async def set_state(self, agent: str, state: str) -> None:
        """Sets the agent's state. Raises SystemNotRunning, ApiRefused (409: not possible now)."""
        await self.ask("POST", f"/api/agents/{agent}/state", body={"state": state})

    async def accept(self, due_call: str) -> None:
        """Presses "accept" on a callback. Raises SystemNotRunning, ApiRefused."""
        await self.ask("POST", f"/api/due-calls/{due_call}/accept")

    async def desk(self, agent: str) -> AsyncIterator[Json]:
        """The messages of the agent's desk, acknowledged; ends when the line is lost. Raises as `ask` does."""
        url = f"{self.system.base_url}/api/live/desk?agent={agent}"
        limits = aiohttp.ClientWSTimeout(ws_close=1.0)
        try:
            async with self._open().ws_connect(url, headers=self._headers(), timeout=limits) as socket:
                while True:
                    message = await socket.receive(timeout=ALIVE_S)
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        return
                    said = json.loads(message.data)
                    yield said
                    await socket.send_json({"type": "ack", "seq": said.get("seq", 0)})
        except aiohttp.WSServerHandshakeError as exc:
            if exc.status == UNAUTHENTICATED:
                self._read_again()
                raise self._gone() from exc
            raise ApiRefused(
                exc.status, two_lines(f"坐席页面连接被拒绝：{exc.status}", f"the desk refused: {exc.status}")
            ) from exc
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            self._read_again()
            raise self._gone() from exc

    async def ask(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Json | None = None
    ) -> dict[str, object]:
        """What the API answers. Raises SystemNotRunning (also while it starts again), ApiRefused."""
        status, said = await self._answer(method, path, query, body)
        if status == UNAUTHENTICATED and self._read_again():
            status, said = await self._answer(method, path, query, body)
        if status == UNAUTHENTICATED:
            raise self._gone()
        if status >= 400:
            why = said.get("detail_zh") or said.get("detail") or said.get("title") or ""
            english = said.get("detail") or why
            raise ApiRefused(
                status,
                two_lines(
                    f"系统拒绝：{method} {path}：{status} {why}", f"refused: {method} {path}: {status} {english}"
                ),
            )
        return said

    async def _answer(
        self, method: str, path: str, query: Mapping[str, str] | None, body: Json | None
    ) -> tuple[int, dict[str, object]]:
        url = f"{self.system.base_url}{path}"
        try:
            async with self._open().request(method, url, params=query, json=body, headers=self._headers()) as response:
                said = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            self._read_again()
            raise self._gone() from exc
        except ValueError as exc:
            raise ApiRefused(response.status, f"{method} {path}: {response.status}") from exc
        return response.status, said if isinstance(said, dict) else {}

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.system.token}"}

    def _read_again(self) -> bool:
        """Whether another controller runs there by now."""
        before = self.system
        try:
            self.system = SystemFile.read(self._data)
        except SystemNotRunning:
            return False
        return self.system != before

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("SystemClient is used outside `async with`")
        return self._session

    def _gone(self) -> SystemNotRunning:
        return SystemNotRunning(
            f"{self.system.base_url} 没有应答，系统可能已停止，请重新运行 make run\n"
            f"{self.system.base_url} does not answer: the system seems to have stopped, start it again"
        )


def _text(value: object) -> str | None:
    return str(value) if value is not None else None


def _instant(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None

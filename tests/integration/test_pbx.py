"""Asterisk itself: side by side, killed, hung, adopted; and its callers while the controller is away (TEL-1, TKT-1)."""

import asyncio
import base64
import json
import logging
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiohttp import WSMessage, WSMsgType, web

from app.phone.account import Account
from app.phone.errors import CallRejected, RegistrationRefused
from app.phone.media import Clip, Tone
from app.phone.sip import TestPhone
from app.phone.sound.audio import dominant_hz, tone
from app.phone.sound.wav import read_wav, write_wav
from config.paths import DataDir
from ivr.pbx.messages import parse_message_name
from ivr.pbx.prefix.errors import AsteriskGaveUp, AsteriskNotReady
from ivr.pbx.prefix.install import AsteriskBinary, ensure_asterisk
from ivr.pbx.private_files import agent_secrets
from ivr.pbx.process import AsteriskProcess
from ivr.pbx.processes import identify
from ivr.pbx.settings import PbxSettings
from ivr.pbx.state import state_file
from ivr.pbx.supervisor import supervise

pytestmark = pytest.mark.asterisk

APOLOGY_HZ = 700.0
CALLER_HZ = 1000.0
CALLER = "13812345678"
LINE = "4008100002"
RING_S = 5.0

New = Callable[..., AsteriskProcess]


@dataclass
class Controller:
    """The least that Asterisk accepts as a controller: checks its credentials, keeps events, sends commands."""

    port: int
    asterisk: AsteriskProcess | None = None
    refused: int = 0
    events: "asyncio.Queue[dict[str, Any]]" = field(default_factory=asyncio.Queue)
    replies: dict[str, "asyncio.Future[dict[str, Any]]"] = field(default_factory=dict)
    sockets: "asyncio.Queue[web.WebSocketResponse]" = field(default_factory=asyncio.Queue)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        assert self.asterisk is not None
        facts = self.asterisk.facts
        basic = base64.b64encode(f"{facts.ari_user}:{facts.ari_password}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {basic}":
            self.refused += 1
            return web.Response(status=401)
        socket = web.WebSocketResponse(protocols=("ari",))
        await socket.prepare(request)
        self.sockets.put_nowait(socket)
        async for message in socket:
            self._take(message)
        return socket

    def _take(self, message: WSMessage) -> None:
        if message.type is WSMsgType.TEXT:
            event: dict[str, Any] = json.loads(message.data)
            if event["type"] == "RESTResponse":
                self.replies.pop(event["request_id"]).set_result(event)
            else:
                self.events.put_nowait(event)

    async def event(self, kind: str) -> dict[str, Any]:
        async with asyncio.timeout(10):
            while True:
                event = await self.events.get()
                if event["type"] == kind:
                    return event

    async def command(self, socket: web.WebSocketResponse, method: str, uri: str, **query: str) -> dict[str, Any]:
        number = str(len(self.replies) + 1) + uri
        reply: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.replies[number] = reply
        strings = [{"name": name, "value": value} for name, value in query.items()]
        request = {"type": "RESTRequest", "request_id": number, "method": method, "uri": uri, "query_strings": strings}
        await socket.send_str(json.dumps(request))
        async with asyncio.timeout(5):
            return await reply


@asynccontextmanager
async def serving(controller: Controller) -> AsyncIterator[Controller]:
    application = web.Application()
    application.router.add_get("/ari", controller.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", controller.port).start()
    try:
        yield controller
    finally:
        if controller.asterisk is not None:  # a connection that it makes while the server closes is closed by nobody
            await controller.asterisk.stop()
        await runner.cleanup()


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def binary() -> AsteriskBinary:
    return ensure_asterisk(None, logging.getLogger(__name__).info)


@pytest.fixture(scope="session")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prompts")
    for name in ("apology-system", "beep", "message-saved", "goodbye", "wait-music"):
        write_wav(folder / f"{name}.wav", tone(APOLOGY_HZ, 1.0))
    return folder


@pytest.fixture
async def new(binary: AsteriskBinary, prompts: Path) -> AsyncIterator[New]:
    """Makes Asterisks, each with a data directory and ports of its own, and stops all of them afterwards."""
    made: list[AsteriskProcess] = []
    with tempfile.TemporaryDirectory(prefix="sx") as folder:

        def make(name: str = "a", **changes: Any) -> AsteriskProcess:
            data = DataDir(Path(folder) / name)
            settings = PbxSettings(
                data=data,
                site_prompts=prompts,
                sip_host="127.0.0.1",
                sip_port=free_port(socket.SOCK_DGRAM),
                controller_host="127.0.0.1",
                controller_port=free_port(socket.SOCK_STREAM),
                trunk_match=("127.0.0.2",),
                agents=agent_secrets(data, ["8001"]),
                message_silence_s=1,
            )
            made.append(AsteriskProcess(binary, replace(settings, **changes)))
            return made[-1]

        yield make
        for asterisk in made:
            await asterisk.stop()


@asynccontextmanager
async def supervised(asterisk: AsteriskProcess) -> AsyncIterator[asyncio.Event]:
    """Supervises meanwhile; the event is set after a restart."""
    restarted = asyncio.Event()

    async def on_restart() -> None:
        restarted.set()

    supervisor = asyncio.create_task(supervise(asterisk, asterisk.ping, on_restart))
    try:
        yield restarted
    finally:
        supervisor.cancel()
        await asyncio.gather(supervisor, return_exceptions=True)


async def test_two_instances_live_side_by_side(new: New) -> None:
    first, second = new("a"), new("b")
    loop = asyncio.get_running_loop()

    began = loop.time()
    assert await first.adopt_or_start() is False
    took_s = loop.time() - began
    await second.adopt_or_start()

    assert took_s < 3
    ranges = sorted((each.facts.rtp_first, each.facts.rtp_last) for each in (first, second))
    assert ranges[0][1] < ranges[1][0]
    assert first.facts.entity_id != second.facts.entity_id
    assert first.facts.ari_password != second.facts.ari_password
    for each in (first, second):
        await each.ping()
        assert "90 modules loaded" in await each.command("module show")


async def test_nothing_listens_but_sip_on_loopback(new: New) -> None:
    asterisk = new()
    await asterisk.adopt_or_start()

    assert asterisk.pid is not None
    process = psutil.Process(asterisk.pid)
    connections = process.net_connections(kind="inet")
    assert [each for each in connections if each.status == psutil.CONN_LISTEN] == []
    bound = {(each.laddr.ip, each.laddr.port) for each in connections if each.laddr.ip.startswith("127.")}
    assert ("127.0.0.1", asterisk.facts.sip_port) in bound
    # Asterisk's console socket has no password: the folder above it is what guards it.
    assert stat.S_IMODE(asterisk.data.asterisk.stat().st_mode) == 0o700


async def test_log_of_a_start_has_no_warning(new: New) -> None:
    asterisk = new()
    await asterisk.adopt_or_start()

    log = asterisk.data.asterisk / "log" / "messages.log"
    lines = [line for line in log.read_text().splitlines() if "WARNING" in line or "ERROR" in line]
    assert [line for line in lines if "res_websocket_client" not in line] == []


async def test_a_taken_sip_address_is_a_clear_error(new: New) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        asterisk = new(sip_port=other.getsockname()[1])

        with pytest.raises(AsteriskNotReady, match="in use by another program"):
            await asterisk.adopt_or_start()


async def test_a_killed_asterisk_is_restarted_with_new_credentials(new: New) -> None:
    asterisk = new()
    await asterisk.adopt_or_start()
    before, pid = asterisk.facts, asterisk.pid
    assert pid is not None
    async with supervised(asterisk) as restarted:
        psutil.Process(pid).kill()
        async with asyncio.timeout(3):
            await restarted.wait()
        assert asterisk.pid not in (None, pid)
        assert asterisk.facts.ari_password != before.ari_password
        assert asterisk.facts.sip_port == before.sip_port
        await asterisk.ping()


async def test_a_hung_asterisk_is_found_and_restarted(new: New) -> None:
    asterisk = new()
    await asterisk.adopt_or_start()
    pid = asterisk.pid
    assert pid is not None
    async with supervised(asterisk) as restarted:
        psutil.Process(pid).send_signal(signal.SIGSTOP)
        async with asyncio.timeout(8):
            await restarted.wait()
        assert identify(pid) is None
        await asterisk.ping()


async def test_an_asterisk_that_keeps_dying_is_given_up(new: New) -> None:
    asterisk = new()
    await asterisk.adopt_or_start()
    restarts = 0

    async def kill_again() -> None:
        nonlocal restarts
        restarts += 1
        assert asterisk.pid is not None
        psutil.Process(asterisk.pid).kill()

    await asterisk.kill()
    with pytest.raises(AsteriskGaveUp, match="more than 3 times in 60 s"):
        async with asyncio.timeout(20):
            await supervise(asterisk, asterisk.ping, kill_again)
    assert restarts == 3


STARTER = """
import asyncio, os, signal, sys
from dataclasses import replace
from pathlib import Path
from config.paths import DataDir
from ivr.pbx.prefix.install import find_asterisk
from ivr.pbx.process import AsteriskProcess
from ivr.pbx.processes import identify
from ivr.pbx.settings import PbxSettings
data, prompts, sip, controller = sys.argv[1:]
settings = PbxSettings(data=DataDir(Path(data)), site_prompts=Path(prompts), sip_host="127.0.0.1", sip_port=int(sip),
    controller_host="127.0.0.1", controller_port=int(controller), trunk_match=("127.0.0.2",))
asyncio.run(AsteriskProcess(find_asterisk(), settings).adopt_or_start())
os.kill(os.getpid(), signal.SIGKILL)
"""


async def test_an_asterisk_outlives_its_controller_and_is_adopted(new: New, prompts: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="sx") as folder:
        data = DataDir(Path(folder))
        ports = [str(free_port(socket.SOCK_DGRAM)), str(free_port(socket.SOCK_STREAM))]
        died = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", STARTER, folder, str(prompts), *ports], cwd=Path(__file__).parents[2]
        )
        assert died.returncode == -signal.SIGKILL
        kept = json.loads(state_file(data).read_text())

        asterisk = new(data=data, agents=agent_secrets(data, ["8001", "8002"]))
        assert await asterisk.adopt_or_start() is True

        assert asterisk.pid == kept["process"]["pid"]
        assert asterisk.facts.ari_password == kept["facts"]["ari_password"]
        assert asterisk.facts.sip_port == int(ports[0])
        assert "agent-8002" in await asterisk.command("pjsip show endpoints")
        await asterisk.stop()
        assert identify(kept["process"]["pid"]) is None
        assert not state_file(data).exists()


async def test_one_that_died_meanwhile_is_not_adopted(new: New) -> None:
    asterisk = new()
    await asterisk.adopt_or_start()
    pid = asterisk.pid
    await asterisk.kill()

    assert await asterisk.adopt_or_start() is False
    assert asterisk.pid != pid


async def test_a_lost_state_file_does_not_leave_two_asterisks(new: New) -> None:
    asterisk = new()
    await asterisk.adopt_or_start()
    pid = asterisk.pid
    assert pid is not None
    state_file(asterisk.data).unlink()

    assert await asterisk.adopt_or_start() is False
    assert identify(pid) is None


@pytest.mark.slow
async def test_with_the_controller_away_a_caller_is_answered_and_leaves_a_message(new: New) -> None:
    asterisk = new()
    await asterisk.adopt_or_start()
    messages = asterisk.data.messages
    async with TestPhone("127.0.0.2") as phone:
        server = ("127.0.0.1", asterisk.facts.sip_port)
        call = await phone.dial(LINE, server, caller=CALLER)
        strange = await phone.dial("40081%2C00%24%7BEPOCH%7D%2902", server, caller="anonymous")
        await call.wait_answered(3 * RING_S)
        await strange.wait_answered(3 * RING_S)
        assert call.ringing_at is not None and call.answered_at is not None
        assert (call.ringing_at - call.invited_at).total_seconds() < 0.5
        assert 10 <= (call.answered_at - call.invited_at).total_seconds() < 3 * RING_S
        await call.media.heard.until(lambda heard: len(heard.arrivals) >= 40, 3)
        assert dominant_hz(call.media.heard.samples()[1600:4800]) == pytest.approx(APOLOGY_HZ, abs=5)
        call.media.source = Clip(tone(CALLER_HZ, 3.0))
        await call.wait_ended(20)
        await strange.wait_ended(20)
    assert call.ended_by == "remote"

    left = [message for path in messages.iterdir() if (message := parse_message_name(path)) is not None]
    found = {message.dnis: message for message in left}
    assert set(found) == {LINE, "400810002"}
    message = found[LINE]
    assert message.caller == CALLER
    assert abs((message.started_at - call.invited_at).total_seconds()) < 1.5
    spoken = read_wav(message.path)
    assert len(spoken) > 8000
    assert dominant_hz(spoken[:4000]) == pytest.approx(CALLER_HZ, abs=5)
    assert [other.caller for other in found.values() if other.dnis != LINE] == [""]


async def test_without_the_application_there_is_no_dead_air(new: New) -> None:
    asterisk = new()
    await asterisk.adopt_or_start()
    ari = asterisk.data.asterisk / "etc" / "ari.conf"
    ari.write_text(ari.read_text().replace("apps = sanxiang", "apps = another"))
    await asterisk.command("module reload res_ari.so")
    async with TestPhone("127.0.0.2") as phone:
        call = await phone.dial(LINE, ("127.0.0.1", asterisk.facts.sip_port), caller=CALLER)
        await call.wait_answered(3 * RING_S)
        await call.media.heard.until(lambda heard: len(heard.arrivals) >= 20, 3)


async def test_a_call_reaches_the_controller_and_is_recorded_where_messages_lie(new: New) -> None:
    controller = Controller(free_port(socket.SOCK_STREAM))
    asterisk = controller.asterisk = new(controller_port=controller.port)
    async with serving(controller):
        await asterisk.adopt_or_start()
        messages = asterisk.data.messages
        async with asyncio.timeout(5):
            link = await controller.sockets.get()
        await controller.event("ApplicationRegistered")
        async with TestPhone("127.0.0.2") as phone:
            call = await phone.dial(LINE, ("127.0.0.1", asterisk.facts.sip_port), caller=CALLER)
            start = await controller.event("StasisStart")
            assert start["args"] == ["inbound", LINE]
            assert start["channel"]["caller"]["number"] == CALLER
            assert start["channel"]["dialplan"]["exten"] == "s", "what was dialled is no place in the dialplan"
            channel = start["channel"]["id"]
            timer = {"variable": "TIMEOUT(absolute)", "value": "0"}
            cleared = await controller.command(link, "POST", f"channels/{channel}/variable", **timer)
            assert cleared["status_code"] == 204
            await controller.command(link, "POST", f"channels/{channel}/answer")
            await call.wait_answered(2)
            played = await controller.command(link, "POST", f"channels/{channel}/play", media="sound:site/goodbye")
            assert played["status_code"] == 201
            assert (await controller.event("PlaybackFinished"))["playback"]["state"] == "done"
            call.media.source = Tone(CALLER_HZ)
            recorded = await controller.command(
                link, "POST", f"channels/{channel}/record", name="messages/m-1", format="wav", maxDurationSeconds="1"
            )
            assert recorded["status_code"] == 201
            await controller.event("RecordingFinished")
        assert dominant_hz(read_wav(messages / "m-1.wav")[:4000]) == pytest.approx(CALLER_HZ, abs=5)
        assert controller.refused == 0


async def test_telephones_need_their_secret_and_strangers_get_nothing(new: New) -> None:
    asterisk = new()
    await asterisk.adopt_or_start()
    server = ("127.0.0.1", asterisk.facts.sip_port)
    secrets = agent_secrets(asterisk.data, ["8001", "8002"])
    async with TestPhone("127.0.0.1") as phone:
        await phone.register(Account("agent-8001", secrets["8001"], server))
        assert "agent-8001/sip:" in await asterisk.command("pjsip show contacts")
    async with TestPhone("127.0.0.1") as phone:
        with pytest.raises(RegistrationRefused):
            await phone.register(Account("agent-8001", "guessed", server))
        with pytest.raises(RegistrationRefused):
            await phone.register(Account("agent-8002", secrets["8002"], server))
    async with TestPhone("127.0.0.5") as stranger:
        call = await stranger.dial(LINE, server, caller=CALLER)
        with pytest.raises(CallRejected):
            await call.wait_answered(5)
        assert call.code == 401

"""Records the golden traces anew: a real Asterisk, SIP telephones that act the stories, everything said on the ARI.

    python -m tests.golden.record [STORY …]

Afterwards run `pytest tests/golden --update-golden` and review the diff. Pings are left out; the numbers are made up.
"""

import asyncio
import logging
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec

from app.phone.account import Account
from app.phone.media import Tone
from app.phone.sip import TestPhone
from app.process.clock import utc_now
from config.paths import DataDir
from config.schema import Site
from crm.journal.events import AgentMissed, CallEnded, CallQueued, MenuEntered, TalkStarted
from ivr.ari.wire.socket import AriSocket, SocketAddress
from ivr.ari.wire.tape import Tape
from ivr.pbx.prefix.install import ensure_asterisk
from ivr.pbx.private_files import agent_secrets
from ivr.pbx.process import AsteriskProcess
from ivr.pbx.settings import PbxSettings
from tests.golden.stage import Stage, quiet_site
from tests.golden.stories import ABANDONED, ANSWERED, RONA, STORIES, Story
from tests.golden.trace import is_ping

log = logging.getLogger(__name__)

LINE, CALLER = "4008100002", "13800138000"
SETTLES_S = 1.0
"""After the end of a call the last answers and events still come."""


class Cast:
    """Who acts: a caller outside, agents at their telephones."""

    def __init__(self, stage: Stage, server: tuple[str, int], secrets: dict[str, str], exits: AsyncExitStack) -> None:
        self.stage = stage
        self._server, self._secrets, self._exits = server, secrets, exits

    async def agent(self, agent: str) -> TestPhone:
        """A registered telephone: it rings, and does nothing by itself."""
        phone = await self._exits.enter_async_context(TestPhone("127.0.0.1"))
        await phone.register(Account(username=f"agent-{agent}", secret=self._secrets[agent], registrar=self._server))
        return phone

    async def call_and_press_1(self) -> Callable[[], Awaitable[None]]:
        """Somebody calls, hears the menu for two seconds, presses 1. How to hang up."""
        phone = await self._exits.enter_async_context(TestPhone("127.0.0.2"))
        call = await phone.dial(LINE, self._server, caller=CALLER)
        await call.wait_answered(10)
        call.media.source = Tone(440.0)
        await self.stage.happens(MenuEntered)
        await asyncio.sleep(2)
        await call.press("1")
        await self.stage.happens(CallQueued)
        return lambda: phone.hang_up(call)


async def pick_up(phone: TestPhone) -> None:
    """Two seconds after it began to ring."""
    ringing = await phone.next_call(30)
    await asyncio.sleep(2)
    phone.answer(ringing)


async def act_answered(cast: Cast) -> None:
    desk = await cast.agent("8001")
    hang_up = await cast.call_and_press_1()
    await pick_up(desk)
    await cast.stage.happens(TalkStarted)
    await asyncio.sleep(3)
    await hang_up()


async def act_abandoned(cast: Cast) -> None:
    hang_up = await cast.call_and_press_1()
    await asyncio.sleep(70)
    await hang_up()


async def act_rona(cast: Cast) -> None:
    await cast.agent("8001")
    second = await cast.agent("8002")
    hang_up = await cast.call_and_press_1()
    await cast.stage.happens(AgentMissed)
    await pick_up(second)
    await cast.stage.happens(TalkStarted)
    await asyncio.sleep(3)
    await hang_up()


ACTS = {ANSWERED: act_answered, ABANDONED: act_abandoned, RONA: act_rona}


def free_port(kind: socket.SocketKind) -> int:
    """On loopback, at this moment."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def asterisk(site: Site, data: DataDir) -> AsyncIterator[AsteriskProcess]:
    """A real one, with the demo site's telephones and sounds."""
    settings = PbxSettings(
        data=data,
        site_prompts=(site.directory / "prompts" / "zh").resolve(),
        sip_host="127.0.0.1",
        sip_port=free_port(socket.SOCK_DGRAM),
        controller_host="127.0.0.1",
        controller_port=free_port(socket.SOCK_STREAM),
        trunk_match=site.trunk.match,
        agents=agent_secrets(data, [agent.id for agent in site.agents if agent.telephone]),
    )
    pbx = AsteriskProcess(ensure_asterisk(None, log.info), settings)
    await pbx.adopt_or_start()
    try:
        yield pbx
    finally:
        await pbx.stop()


async def perform(story: Story, site: Site, data: DataDir, raw: Path) -> None:
    """Plays the story once, with a tape running."""
    tape = Tape(raw, utc_now)
    async with AsyncExitStack() as exits:
        exits.callback(tape.close)
        pbx = await exits.enter_async_context(asterisk(site, data))
        facts = pbx.facts
        ari = AriSocket(
            SocketAddress(host=facts.controller_host, port=facts.controller_port),
            lambda: (facts.ari_user, facts.ari_password),
            tape=tape,
        )
        stage = exits.enter_context(Stage.set_up(site, data, ari, utc_now))
        serving = asyncio.create_task(stage.telephony.serve(stage.reception.arrive, stage.reception.reconnect))
        await asyncio.wait_for(stage.telephony.connected.wait(), 20)
        stage.make_available(*story.available)
        secrets = agent_secrets(data, [agent.id for agent in site.agents if agent.telephone])
        async with AsyncExitStack() as phones:
            await ACTS[story](Cast(stage, (facts.sip_host, facts.sip_port), secrets, phones))
            await stage.happens(CallEnded)
            await asyncio.sleep(SETTLES_S)
        serving.cancel()
        await asyncio.wait({serving})


async def record(story: Story, site: Site) -> None:
    """Writes the story's events.jsonl."""
    # Not below a long path: that of Asterisk's console socket must stay under 108 bytes.
    root = Path(tempfile.mkdtemp(prefix="sx"))
    try:
        raw = root / "raw.jsonl"
        await perform(story, site, DataDir(root / "d"), raw)
        lines = [line for line in raw.read_bytes().splitlines() if not is_ping(msgspec.json.decode(line)["message"])]
        if str(root).encode() in b"".join(lines):
            raise AssertionError(f"the trace names a directory of this machine: {root}")
        story.events.write_bytes(b"\n".join(lines) + b"\n")
    finally:
        shutil.rmtree(root)
    log.info("%s: %d messages", story.name, len(lines))


async def main(names: list[str]) -> None:
    """Those named, or all."""
    site = quiet_site()
    for story in STORIES:
        if story.name in names or not names:
            await record(story, site)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    asyncio.run(main(sys.argv[1:]))

"""Two worlds for the same telephony tests: everything in memory, and a real Asterisk with real SIP telephones.

A world has a running `telephony`, its `arrivals` and `snapshots`, and people who call and can be dialled.
"""

import asyncio
import logging
import math
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol

from app.phone.account import Account
from app.phone.call import PhoneCall
from app.phone.media import Tone
from app.phone.sip import TestPhone
from app.phone.sound.audio import tone
from app.phone.sound.wav import write_wav
from config.paths import DataDir
from ivr.ari.telephony import AriTelephony
from ivr.ari.wire.socket import AriSocket, SocketAddress
from ivr.pbx.prefix.install import ensure_asterisk
from ivr.pbx.private_files import agent_secrets
from ivr.pbx.process import AsteriskProcess
from ivr.pbx.settings import PbxSettings
from ivr.port.telephony import Arrival, Telephony
from ivr.port.values import DialOutcome, Snapshot
from tests.fakes.channel import FakeChannel, Party
from tests.fakes.telephony import FakeTelephony

LINE = "4008100002"
CALLER = "13800138000"
CUSTOMER = "13912345678"
AGENT, ABSENT_AGENT = "8001", "8002"
PROMPTS_S = {"short": 0.3, "long": 5.0, "wait-music": 10.0, "apology-system": 0.5}
SIP_CODES = {DialOutcome.BUSY: 486, DialOutcome.REJECTED: 603, DialOutcome.NO_ANSWER: 480}


class Caller(Protocol):
    """Somebody who has called."""

    async def rings(self) -> None:
        """Return when ringing is heard."""

    async def press(self, digits: str) -> None: ...
    async def speak(self) -> None:
        """Talk from now on."""

    async def hang_up(self) -> None: ...


class World(Protocol):
    """`data` is where recordings go."""

    telephony: Telephony
    data: DataDir
    arrivals: "asyncio.Queue[Arrival]"
    snapshots: "asyncio.Queue[Snapshot]"

    def now(self) -> datetime: ...
    async def caller(self) -> Caller: ...
    async def person(self, who: Literal["agent", "customer"], does: Party) -> None:
        """The agent's telephone, or the customer's, and what is done there when it rings."""

    async def refer(self, number: str) -> None:
        """The transfer key of the agent's telephone, which is talking."""

    async def lose_connection(self) -> None:
        """The line between Asterisk and us breaks; calls go on, and it comes back."""


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class FakeCaller:
    def __init__(self, channel: FakeChannel) -> None:
        self._channel = channel

    async def rings(self) -> None:
        return

    async def press(self, digits: str) -> None:
        self._channel.press(digits)

    async def speak(self) -> None:
        self._channel.speak(math.inf)

    async def hang_up(self) -> None:
        self._channel.leave()


class FakeWorld:
    def __init__(self, telephony: FakeTelephony, data: DataDir) -> None:
        self.telephony: Telephony = telephony
        self.data = data
        self.arrivals: asyncio.Queue[Arrival] = asyncio.Queue()
        self.snapshots: asyncio.Queue[Snapshot] = asyncio.Queue()
        self._fake = telephony

    def now(self) -> datetime:
        return self._fake.now()

    async def caller(self) -> FakeCaller:
        return FakeCaller(self._fake.call(LINE, CALLER))

    async def person(self, who: Literal["agent", "customer"], does: Party) -> None:
        if who == "agent":
            self._fake.agents[AGENT] = does
        else:
            self._fake.customers[CUSTOMER] = does

    async def refer(self, number: str) -> None:
        (leg,) = [leg for leg in self._fake.channels.values() if ".agent" in leg.id]
        leg.refer(number)

    async def lose_connection(self) -> None:
        self._fake.cut()
        await self._fake.reconnect()


@asynccontextmanager
async def fake_world(data: DataDir) -> AsyncIterator[FakeWorld]:
    telephony = FakeTelephony(prompts_s=PROMPTS_S, broken_prompts=frozenset({"missing"}))
    world = FakeWorld(telephony, data)
    serving = asyncio.create_task(telephony.serve(world.arrivals.put_nowait, world.snapshots.put))
    await world.snapshots.get()
    try:
        yield world
    finally:
        serving.cancel()
        await asyncio.wait({serving})


class SipCaller:
    def __init__(self, phone: TestPhone, call: PhoneCall) -> None:
        self._phone = phone
        self._call = call

    async def rings(self) -> None:
        await self._call.ringing.wait()

    async def press(self, digits: str) -> None:
        await self._call.press(digits)

    async def speak(self) -> None:
        self._call.media.source = Tone(440.0)

    async def hang_up(self) -> None:
        await self._phone.hang_up(self._call)


class AsteriskWorld:
    """A real Asterisk, callers and customers at 127.0.0.2, agents at 127.0.0.1."""

    def __init__(self, pbx: AsteriskProcess, settings: PbxSettings, customer: TestPhone) -> None:
        self.pbx = pbx
        self.settings = settings
        self.data = settings.data
        self.arrivals: asyncio.Queue[Arrival] = asyncio.Queue()
        self.snapshots: asyncio.Queue[Snapshot] = asyncio.Queue()
        self.unresponsive = asyncio.Event()
        self.calls: list[PhoneCall] = []
        """What rang at agents and customers."""
        self._line = TestPhone("127.0.0.2")
        self._agent = TestPhone("127.0.0.1")
        self._customer = customer
        self._tasks: set[asyncio.Task[None]] = set()
        self._serving: asyncio.Task[None] | None = None
        self.new_controller()

    def now(self) -> datetime:
        return datetime.now(UTC)

    @property
    def rang(self) -> list[str]:
        """The numbers that agents and customers saw, one for each call that rang there."""
        return [call.caller_number for call in self.calls]

    def new_controller(self) -> None:
        """Another controller's objects for the same Asterisk, as after a crash: it knows nothing of the first."""
        facts = self.pbx.facts
        address = SocketAddress(host=facts.controller_host, port=facts.controller_port)
        self.socket = AriSocket(
            address,
            lambda: (self.pbx.facts.ari_user, self.pbx.facts.ari_password),
            on_unresponsive=self.unresponsive.set,
        )
        self.ari = AriTelephony(self.socket, self.now, self.data.root)
        self.telephony: Telephony = self.ari

    async def start_controller(self) -> Snapshot:
        self._serving = asyncio.create_task(self.telephony.serve(self.arrivals.put_nowait, self.snapshots.put))
        async with asyncio.timeout(10):
            return await self.snapshots.get()

    async def kill_controller(self) -> None:
        """It goes without a word to its calls; Asterisk sees its socket close."""
        assert self._serving is not None
        self._serving.cancel()
        await asyncio.wait({self._serving})

    async def open(self) -> None:
        for phone in (self._line, self._agent, self._customer):
            await phone.start()
        await self.start_controller()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self.kill_controller()
        try:
            # Asterisk's side first, while the telephones can still say yes to it.
            await self.pbx.command("channel request hangup all")
        finally:  # an Asterisk that has died fails its own test, not the next one by sockets left open
            await asyncio.gather(*(phone.stop() for phone in (self._line, self._agent, self._customer)))

    async def caller(self) -> SipCaller:
        server = (self.settings.sip_host, self.settings.sip_port)
        return SipCaller(self._line, await self._line.dial(LINE, server, caller=CALLER))

    async def person(self, who: Literal["agent", "customer"], does: Party) -> None:
        phone = self._customer
        if who == "agent":
            phone = self._agent
            registrar = (self.settings.sip_host, self.settings.sip_port)
            secret = self.settings.agents[AGENT]
            await phone.register(Account(username=f"agent-{AGENT}", secret=secret, registrar=registrar))
        task = asyncio.create_task(self._behave(phone, does))
        self._tasks.add(task)

    async def refer(self, number: str) -> None:
        self._agent.refer(self.calls[-1], number)

    async def lose_connection(self) -> None:
        self.socket.cut()

    async def _behave(self, phone: TestPhone, does: Party) -> None:
        while True:
            call = await phone.next_call()
            self.calls.append(call)
            if does.refuses is DialOutcome.NO_ANSWER:
                continue
            await asyncio.sleep(does.after_s)
            if does.refuses is not None:
                phone.reject(call, SIP_CODES[does.refuses])
                continue
            phone.answer(call)
            if does.talks_s is not None:
                await asyncio.sleep(does.talks_s)
                await phone.hang_up(call)


@asynccontextmanager
async def asterisk_world() -> AsyncIterator[AsteriskWorld]:
    # Not pytest's tmp_path: the path of Asterisk's console socket must stay under 108 bytes.
    root = Path(tempfile.mkdtemp(prefix="ari"))
    prompts = root / "prompts"
    prompts.mkdir()
    for number, (name, seconds) in enumerate(PROMPTS_S.items()):
        write_wav(prompts / f"{name}.wav", tone(500.0 + 100 * number, seconds))
    data = DataDir(root / "data")
    customer_port = _free_port(socket.SOCK_DGRAM)
    settings = PbxSettings(
        transfer_key=True,
        data=data,
        site_prompts=prompts,
        sip_host="127.0.0.1",
        sip_port=_free_port(socket.SOCK_DGRAM),
        controller_host="127.0.0.1",
        controller_port=_free_port(socket.SOCK_STREAM),
        trunk_match=("127.0.0.2",),
        trunk_outbound=f"127.0.0.2:{customer_port}",
        agents=agent_secrets(data, [AGENT, ABSENT_AGENT]),
    )
    pbx = AsteriskProcess(ensure_asterisk(None, logging.getLogger(__name__).info), settings)
    await pbx.adopt_or_start()
    world = AsteriskWorld(pbx, settings, TestPhone("127.0.0.2", port=customer_port))
    try:
        await world.open()
        yield world
    finally:
        try:
            await world.close()
        finally:
            await pbx.stop()
            shutil.rmtree(root)

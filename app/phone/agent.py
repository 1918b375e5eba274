"""A synthetic agent (`sanxiang agent`): a registered telephone, the agent's state, and the desk's live messages.

It answers what rings, sends a tone, accepts callbacks, and tells each call; it decides nothing about routing.
"""

import asyncio
import json
import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.phone.call import PhoneCall
from app.phone.errors import ApiRefused, PhoneError, PhoneTimeout, SystemNotRunning
from app.phone.media import Tone
from app.phone.sip import TestPhone
from app.phone.sound.audio import prevailing_tone_hz
from app.phone.system import Json, Say, SystemClient, stamp, until_interrupted
from config.paths import DataDir
from config.words import one_line

logger = logging.getLogger(__name__)

AGENT_HOST = "127.0.0.1"  # never the trunk's address, or the trunk would take the REGISTER for its own
DESK_TIMEOUT_S = 5.0
DESK_RETRY_S = 0.5
PATIENCE_S = 60.0  # how long the system may be away (a restart) before the telephone gives up


@dataclass(frozen=True)
class AgentOptions:
    """What `sanxiang agent` is told. `reject` refuses calls with that SIP code; `hangup_after_s` ends talks itself."""

    agent: str
    data: DataDir
    answer_after_s: float = 2.0
    count: int | None = None
    tone_hz: float | None = None
    reject: int | None = None
    hangup_after_s: float | None = None
    host: str = AGENT_HOST

    @property
    def tone(self) -> float:
        """600–1550 Hz, another one for each of twenty neighbouring agents, so that one hears who answered."""
        if self.tone_hz is not None:
            return self.tone_hz
        return 600.0 + 50.0 * (int(self.agent) % 20) if self.agent.isdigit() else 1000.0


@dataclass(frozen=True)
class AgentCall:
    """One call as the agent had it (design §5); `call` is the system's id, known from the screen pop."""

    call: str | None
    invited_at: datetime
    popped_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    tone_hz_heard: float | None

    def as_json(self) -> str:
        return json.dumps(
            {
                "call": self.call,
                "invited_at": stamp(self.invited_at),
                "popped_at": stamp(self.popped_at),
                "answered_at": stamp(self.answered_at),
                "ended_at": stamp(self.ended_at),
                "tone_hz_heard": self.tone_hz_heard,
            }
        )


@dataclass(frozen=True)
class Pop:
    """A screen pop: the call it announces, and when it reached the desk."""

    call: str
    at: datetime


@dataclass
class Reporter:
    """Where an agent's news go: sentences for people (`say`), finished calls for programs (`done`)."""

    say: Say
    done: list[AgentCall] = field(default_factory=list)
    on_call: Say = field(default=lambda _: None)

    def finished(self, call: AgentCall) -> None:
        self.done.append(call)
        self.on_call(call.as_json())


def serve(options: AgentOptions, reporter: Reporter) -> list[AgentCall]:
    """`sanxiang agent`, until Ctrl-C or `count` calls; leaves the agent logged out. Raises PhoneError."""

    async def run() -> list[AgentCall]:
        async with until_interrupted() as stop:
            return await work(options, reporter, stop)

    return asyncio.run(run())


async def work(options: AgentOptions, reporter: Reporter, stop: asyncio.Event | None = None) -> list[AgentCall]:
    """The agent's shift: registered, at the desk, available; ends at `stop` or after `count` calls.

    Raises SystemNotRunning, ApiRefused (unknown agent, state not possible), RegistrationRefused.
    """
    async with SystemClient(options.data) as client, TestPhone(options.host) as phone:
        await phone.register(await client.telephone(options.agent))
        shift = Shift(options, client, phone, reporter)
        await shift.run(stop or asyncio.Event())
    return reporter.done


class Shift:
    """One agent at work: the desk's messages on one side, the telephone on the other."""

    def __init__(self, options: AgentOptions, client: SystemClient, phone: TestPhone, reporter: Reporter) -> None:
        self._options, self._client, self._phone, self._reporter = options, client, phone, reporter
        self._at_desk = asyncio.Event()
        self._pop: Pop | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Works until told to stop; then hangs up and logs out, whatever went wrong before."""
        desk = asyncio.create_task(self._watch_desk(), name="agent-desk")
        telephone = asyncio.create_task(self._take_calls(), name="agent-telephone")
        stopped = asyncio.create_task(stop.wait())
        tasks: tuple[asyncio.Task[Any], ...] = (desk, telephone, stopped)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in (desk, telephone):
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._log_out()

    async def _log_out(self) -> None:
        try:
            await self._client.set_state(self._options.agent, "logged_out")
        except PhoneError as exc:  # the system may be gone, which is why we leave
            logger.info("Logging out was not possible: %s", exc, extra={"action": "agent_logout"})

    # --- the desk ---

    async def _watch_desk(self) -> None:
        """Keeps the desk's line open, through restarts of the system up to PATIENCE_S."""
        loop = asyncio.get_running_loop()
        lost_at: float | None = None
        while True:
            try:
                async for message in self._client.desk(self._options.agent):
                    lost_at = None
                    self._at_desk.set()
                    await self._read(message)
            except (SystemNotRunning, ApiRefused) as exc:
                refused = isinstance(exc, ApiRefused) and exc.status < 500
                away_s = loop.time() - lost_at if lost_at is not None else 0.0
                if refused or not self._at_desk.is_set() or away_s > PATIENCE_S:
                    raise
            lost_at = lost_at if lost_at is not None else loop.time()
            await asyncio.sleep(DESK_RETRY_S)

    async def _read(self, message: Json) -> None:
        if message.get("type") != "screen_pop" or not isinstance(message.get("call"), str):
            return
        call = str(message["call"])
        if self._pop is None or self._pop.call != call:
            self._pop = Pop(call, self._phone.now())
            self._reporter.say(one_line(f"弹屏：来电 {call}", "screen pop"))
        pop = message.get("pop")
        due_call = pop.get("due_call") if isinstance(pop, dict) else message.get("due_call")
        if due_call is not None:
            await self._accept(str(due_call))

    async def _accept(self, due_call: str) -> None:
        try:
            await self._client.accept(due_call)
            self._reporter.say(one_line(f"接受回访 {due_call}", "callback accepted"))
        except ApiRefused as exc:  # taken back or accepted already: the next pop is another call
            self._reporter.say(str(exc))

    # --- the telephone ---

    async def _take_calls(self) -> None:
        options, say = self._options, self._reporter.say
        try:
            async with asyncio.timeout(DESK_TIMEOUT_S):
                await self._at_desk.wait()
        except TimeoutError as exc:
            raise PhoneTimeout(
                one_line("坐席页面没有应答", "the desk says nothing; is the system still starting?")
            ) from exc
        await self._client.set_state(options.agent, "available")
        say(one_line(f"坐席 {options.agent} 已就绪，等待来电（Ctrl-C 结束）", "available, waiting for calls"))
        while options.count is None or len(self._reporter.done) < options.count:
            call = await self._phone.next_call()
            try:
                await self._handle(call)
            finally:
                await self._phone.hang_up(call)
            self._reporter.finished(await self._tell(call))
            say(one_line(f"通话结束，{call.talk_s:.1f} 秒", "over"))

    async def _handle(self, call: PhoneCall) -> None:
        self._reporter.say(one_line("振铃…", "ringing"))
        if await self._over_within(call, self._options.answer_after_s):
            return
        if self._options.reject is not None:
            self._phone.reject(call, self._options.reject)
            return
        call.media.source = Tone(self._options.tone)
        self._phone.answer(call)
        self._reporter.say(one_line(f"已应答，发送 {self._options.tone:g} Hz", "answered"))
        await self._over_within(call, self._options.hangup_after_s)

    @staticmethod
    async def _over_within(call: PhoneCall, seconds: float | None) -> bool:
        """True as soon as the call is over; False if it still goes on after `seconds` (None: wait for the end)."""
        try:
            async with asyncio.timeout(seconds):
                await call.ended.wait()
        except TimeoutError:
            return False
        return True

    async def _tell(self, call: PhoneCall) -> AgentCall:
        sound = call.media.heard.samples()
        heard = await asyncio.to_thread(prevailing_tone_hz, sound)
        pop, self._pop = self._pop, None
        return AgentCall(
            call=pop.call if pop else None,
            invited_at=call.invited_at,
            popped_at=pop.at if pop else None,
            answered_at=call.answered_at,
            ended_at=call.ended_at,
            tone_hz_heard=heard,
        )

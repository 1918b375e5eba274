"""A synthetic caller (`sanxiang call`): dials a line through real SIP, presses keys into menus, talks, hangs up.

Not a load generator: one call, told step by step to a person, or as one object for a program.
"""

import asyncio
import json
import logging
import math
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from app.phone.call import PhoneCall
from app.phone.errors import CallRejected, PhoneError, PhoneTimeout
from app.phone.media import Tone
from app.phone.sip import TestPhone
from app.phone.sound.audio import Samples, prevailing_tone_hz, steady_tone_hz
from app.phone.sound.heard import Heard, begun, recognise
from app.phone.sound.site_sounds import SiteSounds
from app.phone.sound.wav import write_wav
from app.phone.system import CallFacts, Say, SystemClient, SystemFile, stamp, until_interrupted
from config.paths import DataDir
from config.words import one_line

logger = logging.getLogger(__name__)

TRUNK_HOST = "127.0.0.2"  # the demo site's trunk; calls from elsewhere are not taken for calls from outside
POLL_S = 0.1
ASK_S = 0.5
MENU_WINDOW_S = 3.0
MENU_TIMEOUT_S = 15.0  # a key is pressed then at the latest, menu recognised or not
UNKNOWN_MENU_S = 2.5  # and so soon when the site's sounds cannot be read
AGENT_TONE_S = 0.6
SURE_S = 1.5
FACTS_TIMEOUT_S = 3.0
SIGNAL_TIMEOUT_S = 5.0  # a SIP server that says nothing for so long is not there


@dataclass(frozen=True)
class CallOptions:
    """What `sanxiang call` is told. Durations in seconds; `keys` one entry per menu, each one or more digits."""

    number: str
    data: DataDir
    caller: str | None = None
    keys: tuple[str, ...] = ()
    talk_s: float = 5.0
    answer_timeout_s: float = 60.0
    agent_timeout_s: float = 300.0
    tone_hz: float = 440.0
    host: str = TRUNK_HOST
    recording: Path | None = None


@dataclass
class CallResult:
    """What happened, as `--json` prints it (design §5); `matches` has the prompts with times and scores as well."""

    caller: str
    rings: int = 0
    invited_at: datetime | None = None
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    keys: list[str] = field(default_factory=list)
    keys_at: list[datetime] = field(default_factory=list)
    matches: list[Heard] = field(default_factory=list)
    connected_agent: str | None = None
    talk_s: float = 0.0
    tone_hz_heard: float | None = None
    ended_by: str | None = None
    ticket: str | None = None
    sip_code: int = 0

    @property
    def exit_code(self) -> int:
        return 0 if self.answered_at else 1

    def as_json(self) -> str:
        return json.dumps(
            {
                "rings": self.rings,
                "invited_at": stamp(self.invited_at),
                "ringing_at": stamp(self.ringing_at),
                "answered_at": stamp(self.answered_at),
                "keys": ",".join(self.keys),
                "keys_at": [stamp(at) for at in self.keys_at],
                "heard": [match.prompt for match in self.matches],
                "connected_agent": self.connected_agent,
                "talk_s": round(self.talk_s, 3),
                "tone_hz_heard": self.tone_hz_heard,
                "ended_by": self.ended_by,
                "ticket": self.ticket,
            },
            ensure_ascii=False,
        )


def call(options: CallOptions, say: Say) -> CallResult:
    """`sanxiang call`, start to end; Ctrl-C hangs up and still gives the result. Raises PhoneError."""

    async def run() -> CallResult:
        async with until_interrupted() as stop:
            return await place_call(options, say, stop)

    return asyncio.run(run())


async def place_call(options: CallOptions, say: Say, stop: asyncio.Event | None = None) -> CallResult:
    """Places the call and returns when it is over; `stop` hangs up early. `say` gets a line per step as it happens.

    Raises SystemNotRunning if nothing runs there, PhoneTimeout if SIP is silent. An unanswered call is a result.
    """
    system = SystemFile.read(options.data)
    sounds = await asyncio.to_thread(SiteSounds.read, system.site)
    number = options.caller or f"138{secrets.randbelow(10**8):08d}"
    async with SystemClient(options.data) as client, TestPhone(options.host) as phone:
        line = await phone.dial(options.number, system.sip, caller=number)
        say(one_line(f"呼叫 {options.number}，主叫 {number}", "calling"))
        journey = Journey(options, sounds, line, CallResult(caller=number), (client, say))
        try:
            await line.wait_heard_of(SIGNAL_TIMEOUT_S)
            await journey.run(stop or asyncio.Event())
        finally:
            await phone.hang_up(line)
        return await journey.conclude()


class Journey:
    """One caller's way through the system, from ringing to hanging up."""

    def __init__(
        self,
        options: CallOptions,
        sounds: SiteSounds,
        line: PhoneCall,
        result: CallResult,
        outside: tuple[SystemClient, Say],
    ) -> None:
        self._options, self._sounds, self._line, self.result = options, sounds, line, result
        self._client, self._say = outside
        self._connected_at: datetime | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Goes the way until it ends, the other side hangs up, or `stop` is set."""
        way = asyncio.create_task(self._go())
        others = [asyncio.create_task(self._line.ended.wait()), asyncio.create_task(stop.wait())]
        try:
            await asyncio.wait([way, *others], return_when=asyncio.FIRST_COMPLETED)
            if way.done():
                way.result()
        finally:
            for task in (way, *others):
                task.cancel()
            await asyncio.gather(way, *others, return_exceptions=True)

    async def _go(self) -> None:
        try:
            await self._be_answered()
        except CallRejected as refusal:
            self._say(str(refusal))
            return
        except PhoneTimeout:
            self._say(one_line("无人接听，挂断", "not answered, hanging up"))
            return
        await self._press_keys()
        if not await self._agent_answers():
            self._say(one_line("没有坐席接听，挂断", "no agent answered, hanging up"))
            return
        self._line.media.source = Tone(self._options.tone_hz)
        await asyncio.sleep(self._options.talk_s)
        self._say(one_line(f"通话 {self._options.talk_s:g} 秒，挂断", "talked, hanging up"))

    async def _be_answered(self) -> None:
        ringing = asyncio.create_task(self._tell_ringing())
        try:
            await self._line.wait_answered(self._options.answer_timeout_s)
        finally:
            ringing.cancel()
        self._say(one_line(f"第 {self._rings()} 响接通", f"answered in ring {self._rings()}"))

    async def _tell_ringing(self) -> None:
        await self._line.ringing.wait()
        self._say(one_line("响铃…", "ringing"))

    def _rings(self) -> int:
        rang_from = self._line.ringing_at
        until = self._line.answered_at or self._line.ended_at
        if rang_from is None or until is None:
            return 1 if self._line.answered_at else 0
        return math.floor((until - rang_from).total_seconds() / self._sounds.ring_period_s) + 1

    async def _press_keys(self) -> None:
        since = self._now()
        for keys in self._options.keys:
            menu = await self._menu(since)
            self._say(
                one_line(f"听到 {menu}，按 {keys}", "heard it, pressing")
                if menu
                else one_line(f"按 {keys}", "pressing")
            )
            ends = await self._line.press(keys)
            self.result.keys_at += ends
            self.result.keys.append(keys[: len(ends)])
            since = self._now()

    async def _menu(self, since: float) -> str | None:
        """Waits until a menu has been heard for a second since then, or for as long as one may wait."""
        limit = MENU_TIMEOUT_S if self._sounds.menus else UNKNOWN_MENU_S
        while self._now() - since < limit:
            await asyncio.sleep(POLL_S)
            menu = begun(self._sound(max(since, self._now() - MENU_WINDOW_S)), self._sounds.menus)
            if menu is not None:
                return menu
        return None

    async def _agent_answers(self) -> bool:
        """Waits until the system says that the talk has begun, or an agent's tone leaves no doubt.

        The tone alone counts when the API is silent or has not caught up; a note of waiting music is shorter.
        """
        self._say(one_line("等待坐席…", "waiting for an agent"))
        began, asked_at, tone_since, facts = self._now(), 0.0, math.inf, None
        while self._now() - began < self._options.agent_timeout_s:
            await asyncio.sleep(POLL_S)
            hz = steady_tone_hz(self._sound(self._now() - AGENT_TONE_S))
            tone_since = min(tone_since, self._now()) if hz is not None else math.inf
            if hz is not None or self._now() - asked_at >= ASK_S:
                asked_at, facts = self._now(), await self._facts()
            agent = facts.agent if facts and facts.talked else None
            if agent is not None or (hz is not None and (facts is None or self._now() - tone_since > SURE_S)):
                self._connected_at = self._line.now()
                sound = f"（{hz:.0f} Hz）" if hz is not None else ""
                self._say(one_line(f"已接通坐席 {agent or ''}{sound}", "connected"))
                return True
        return False

    async def conclude(self) -> CallResult:
        """Works out the result after the call: what was heard, and what the system's records say."""
        line, result = self._line, self.result
        result.rings, result.sip_code = self._rings(), line.code
        result.invited_at, result.ringing_at, result.answered_at = line.invited_at, line.ringing_at, line.answered_at
        if self._connected_at is not None and line.ended_at is not None:
            result.talk_s = max(0.0, (line.ended_at - self._connected_at).total_seconds())
        sound = line.media.heard.samples()
        result.matches = await asyncio.to_thread(recognise, sound, self._sounds.prompts)
        result.tone_hz_heard = prevailing_tone_hz(sound)
        if self._options.recording is not None:
            await asyncio.to_thread(write_wav, self._options.recording, sound)
        facts = await self._final_facts()
        result.ended_by = (facts and facts.ended_by) or ("caller" if line.ended_by == "local" else "system")
        if facts is not None:
            result.ticket = facts.ticket
            result.connected_agent = facts.agent if facts.talked else None
        self._say(one_line(f"通话结束（{result.ended_by}），工单 {result.ticket or '—'}", "over, ticket"))
        return result

    async def _final_facts(self) -> CallFacts | None:
        """The system's record of this call, awaited until it says how the call ended (≤ 3 s)."""
        deadline = self._now() + FACTS_TIMEOUT_S
        facts = await self._facts()
        while (facts is None or facts.ended_by is None) and self._now() < deadline:
            await asyncio.sleep(POLL_S)
            facts = await self._facts() or facts
        return facts

    async def _facts(self) -> CallFacts | None:
        """The record, if it is of this call: a number may have called before."""
        try:
            facts = await self._client.latest_call(self.result.caller)
        except PhoneError as exc:  # the call goes on without the API; only the result is the poorer
            logger.info("The system's API did not tell about the call: %s", exc, extra={"action": "caller_no_api"})
            return None
        if facts is None or facts.invited_at is None:
            return facts
        return facts if (self._line.invited_at - facts.invited_at).total_seconds() < 1.0 else None

    def _sound(self, since: float) -> Samples:
        return self._line.media.heard.samples(since=since)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

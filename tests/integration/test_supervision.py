"""Supervision on real Asterisk with three SIP telephones: a tone stands for each voice; who hears whose is measured.

A caller with Ann (8001), and the supervisor 8801. QUA-5; the floor's other acts on the same hotline: TEL-6.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np
import pytest

from app.phone.call import PhoneCall
from app.phone.sound.audio import SAMPLE_RATE, tone_over_rest_db
from tests.integration.crowd import AgentTelephone, Caller, Crowd
from tests.integration.harness.api import Item, until
from tests.integration.harness.invariants import assert_nothing_left, assert_one_end_each, journal_events
from tests.integration.harness.people import caller
from tests.integration.harness.processes import console
from tests.integration.harness.running import RunningSystem

pytestmark = [pytest.mark.asterisk, pytest.mark.req("QUA-5")]

ANN, BOSS = "8001", "8801"
WINDOW_S = 1.0
HEARD_DB, UNHEARD_DB = -6.0, -20.0
"""One tone over all the rest: two voices at once have about 0 dB each."""


@dataclass
class Talk:
    """The three telephones; the supervisor's from when it was answered."""

    system: RunningSystem
    crowd: Crowd
    caller: Caller
    ann: AgentTelephone
    boss: AgentTelephone
    call_id: str

    @property
    def voices(self) -> dict[str, float]:
        return {"caller": 440.0, "ann": self.ann.tone_hz, "boss": self.boss.tone_hz}

    def line(self, who: str) -> PhoneCall:
        return self.caller.call if who == "caller" else getattr(self, who).calls[-1]

    async def supervise(self, mode: str) -> None:
        """Returns once the mode is on."""
        api = await self.system.api()
        await api.post(f"/api/calls/{self.call_id}/supervise", {"mode": mode, "supervisor": BOSS})

        async def on() -> bool | None:
            events = journal_events(self.system.data)
            joined = [event for event in events if type(event).__name__ == "SupervisorJoined"]
            return True if joined and getattr(joined[-1], "mode", "") == mode else None

        await until(on, 10.0, f"{mode} to be on")

    async def stop(self) -> None:
        api = await self.system.api()
        await api.read("DELETE", f"/api/calls/{self.call_id}/supervise")

    async def hears(self, who: str) -> dict[str, float]:
        """How far each voice is above all the rest in this ear, in dB, over a second from now on."""
        since = asyncio.get_running_loop().time() + 0.2
        await asyncio.sleep(WINDOW_S + 0.4)
        sound = self.line(who).media.heard.samples(since=since)[: round(WINDOW_S * SAMPLE_RATE)]
        assert sound.size >= 0.9 * WINDOW_S * SAMPLE_RATE or who == "boss", f"{who} received {sound.size} samples"
        if not np.any(sound):
            return dict.fromkeys(self.voices, -np.inf)
        return {voice: tone_over_rest_db(sound, hz) for voice, hz in self.voices.items()}

    async def assert_heard(self, **expected: set[str]) -> None:
        """Who hears whom, measured at the same time; everybody else is not heard."""
        ears = dict(zip(expected, await asyncio.gather(*map(self.hears, expected)), strict=True))
        shown = {who: {voice: round(db, 1) for voice, db in heard.items()} for who, heard in ears.items()}
        print(shown)  # noqa: T201 - the figures, in the report of a failure
        for who, voices in expected.items():
            for voice, db in ears[who].items():
                if voice in voices:
                    assert db >= HEARD_DB, f"{who} does not hear {voice}: {shown}"
                else:
                    assert db <= UNHEARD_DB, f"{who} hears {voice}: {shown}"


@asynccontextmanager
async def talking(system: RunningSystem) -> AsyncIterator[Talk]:
    async with Crowd(system) as crowd:
        ann = await crowd.agent(ANN)
        boss = await crowd.agent(BOSS, available=False)
        person = await crowd.caller(keys="1")
        api = await system.api()
        view = await api.agent_becomes(ANN, "talking", 15.0)

        async def connected() -> bool | None:
            return True if any(type(e).__name__ == "TalkStarted" for e in journal_events(system.data)) else None

        await until(connected, 15.0, "the talk to begin")
        yield Talk(system, crowd, person, ann, boss, view["call"])


@asynccontextmanager
async def hotline() -> AsyncIterator[RunningSystem]:
    async with RunningSystem() as system:
        system.site.queue("*", wrap_up_s=1).section("recording", message_silence_s=2)
        await system.up()
        yield system


def modes_on_record(ticket: Item) -> list[tuple[str, str]]:
    told = [line for line in ticket["timeline"] if line["action"] in ("SupervisorJoined", "SupervisorLeft")]
    assert {line["by"] for line in told} == {BOSS}
    return [(line["action"], line["details"].get("mode") or line["details"]["reason"]) for line in told]


async def test_who_hears_whom_in_every_mode_and_nothing_is_left() -> None:
    async with hotline() as system:
        async with talking(system) as talk:
            await talk.assert_heard(caller={"ann"}, ann={"caller"})
            await talk.supervise("listen")
            await talk.assert_heard(caller={"ann"}, ann={"caller"}, boss={"caller", "ann"})
            await talk.supervise("whisper")
            await talk.assert_heard(caller={"ann"}, ann={"caller", "boss"}, boss={"caller", "ann"})
            await talk.supervise("barge")
            await talk.assert_heard(caller={"ann", "boss"}, ann={"caller", "boss"}, boss={"caller", "ann"})
            await talk.supervise("listen")
            await talk.assert_heard(caller={"ann"}, ann={"caller"}, boss={"caller", "ann"})
            await talk.stop()
            await talk.line("boss").wait_ended(5)
            await talk.assert_heard(caller={"ann"}, ann={"caller"})
            await talk.supervise("takeover")
            await talk.line("ann").wait_ended(5)
            await talk.assert_heard(caller={"boss"}, boss={"caller"})
            number = talk.caller.number
            await talk.caller.hang_up()
            await talk.line("boss").wait_ended(5)
            await assert_nothing_left(system)
        api = await system.api()
        ticket = await api.ticket_of(number)
        assert ticket["agent"] == BOSS and ticket["outcome"] == "answered"
        joined, left = "SupervisorJoined", "SupervisorLeft"
        assert modes_on_record(ticket) == [
            (joined, "listen"),
            (joined, "whisper"),
            (joined, "barge"),
            (joined, "listen"),
            (left, "stopped"),
            (joined, "takeover"),
        ]
        kept = [each for each in ticket["recordings"] if each["kind"] == "talk"]
        assert len(kept) == 2, "each who talked with the caller has a recording of their own"
        assert_one_end_each(journal_events(system.data))


@pytest.mark.parametrize("mode", ["listen", "whisper", "barge"])
async def test_the_end_of_the_talk_leaves_no_snoop_and_no_bridge(mode: str) -> None:
    async with hotline() as system, talking(system) as talk:
        await talk.supervise(mode)
        await talk.caller.hang_up()
        await talk.line("boss").wait_ended(5)
        await assert_nothing_left(system)


@pytest.mark.parametrize("mode", ["whisper", "barge", "takeover"])
async def test_a_controller_that_is_killed_leaves_the_talk_and_no_supervision(mode: str) -> None:
    async with hotline() as system, talking(system) as talk:
        await talk.supervise(mode)
        await system.kill9()
        partner = "boss" if mode == "takeover" else "ann"
        await system.restart()
        if mode != "takeover":
            await talk.line("boss").wait_ended(5)
        await talk.assert_heard(**{"caller": {partner}, partner: {"caller"}})
        channels = await console(system.data, "core show channels concise")
        assert "Snoop" not in channels
        bridges = (await console(system.data, "bridge show all")).splitlines()[1:]
        assert len([line for line in bridges if line.strip()]) == 1, bridges
        await talk.caller.hang_up()
        await talk.line(partner).wait_ended(5)
        await assert_nothing_left(system)
        if mode != "takeover":
            ticket = await (await system.api()).ticket_of(talk.caller.number)
            assert modes_on_record(ticket) == [("SupervisorJoined", mode), ("SupervisorLeft", "recovered")]
        assert_one_end_each(journal_events(system.data))


@pytest.mark.req("TEL-6")
async def test_a_closed_queue_tells_who_waits_and_who_comes_and_is_still_closed_after_a_restart() -> None:
    async with hotline() as system:
        async with caller(system, "13800000091", dials="4008100002") as person:
            await person.begins_to_hear("menu-hotline")
            await person.presses("1")
            await person.hears("please-wait")
            api = await system.api()
            await api.post("/api/queues/hotline/close", {"reason": "停电"})
            await person.hears("queue-closed")
            await person.hears("leave-message")
            await person.hangs_up()
        await api.ended_call("13800000091")
        await system.kill9()
        await system.restart()
        api = await system.api()
        queues = {each["queue"]: each["closed"] for each in (await api.get("/api/queues"))["items"]}
        assert queues["hotline"]["reason"] == "停电" and queues["aid"] is None
        async with caller(system, "13800000092", dials="4008100002") as person:
            await person.begins_to_hear("menu-hotline")
            await person.presses("1")
            await person.hears("queue-closed")
            await person.hangs_up()
        await api.post("/api/queues/hotline/open")
        for number in ("13800000091", "13800000092"):
            assert (await api.ticket_of(number))["outcome"] == "queue_closed"
        await assert_nothing_left(system)


async def test_a_moved_caller_hears_the_agent_of_the_other_queue() -> None:
    async with hotline() as system:
        with system.site.edit("queues.yaml") as queues:
            for queue in queues["queues"]:
                queue["agents"] = ["8006"] if queue["name"] == "hotline" else [ANN]
        await system.stop()
        await system.up()
        async with Crowd(system) as crowd:
            await crowd.agent(ANN)
            person = await crowd.caller(keys="1")
            api = await system.api()

            async def waiting() -> str | None:
                queues = (await api.get("/api/queues"))["items"]
                return next((entry["call"] for queue in queues for entry in queue["entries"]), None)

            call_id = await until(waiting, 15.0, "the caller to wait")
            await api.post(f"/api/calls/{call_id}/move", {"queue": "aid"})
            assert (await api.agent_becomes(ANN, "talking"))["call"] == call_id
            await person.hang_up()
            (row,) = [await api.ended_call(person.number)]
            assert (row["queue"], row["agent"]) == ("aid", ANN)
            await assert_nothing_left(system)

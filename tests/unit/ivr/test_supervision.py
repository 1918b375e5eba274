"""Supervision of talks on telephones in memory: who is bridged with whom in each mode; nothing is left over. QUA-5."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from config.ids import AgentId, BridgeId, ChannelId
from crm.calls.record import fold
from crm.calls.state import PartnerState
from crm.journal.events import CallEvent, SupervisorJoined, SupervisorLeft
from ivr.arrivals.adoption import clear_strays
from ivr.arrivals.history import recall
from ivr.live.call import only_supervises
from ivr.live.parties import HeldTalk, Target
from ivr.live.talks import Refused
from ivr.port.values import DialOutcome, LiveBridge, Snapshot
from ivr.talking.control import complete, consult
from ivr.talking.held_talk import hold_talk
from ivr.talking.supervision import Supervision
from ivr.talking.supervision_session import Mode
from routing.agent import AgentState
from tests.fakes.channel import FakeChannel, Party
from tests.unit.ivr.test_floor import ANN, BOB, Floor, on_the_floor

pytestmark = pytest.mark.req("QUA-5")

STAYING = (Mode.LISTEN, Mode.WHISPER, Mode.BARGE)
BOSS, OTHER_BOSS = AgentId("8801"), AgentId("8802")


class Watched:
    """A talk of a caller with Ann, and a supervisor's telephone that is answered after a second."""

    def __init__(self, floor: Floor, caller: FakeChannel, supervision: Supervision) -> None:
        self.floor, self.caller, self.supervision = floor, caller, supervision
        self.call_id = floor.id_of(caller)

    @property
    def legs(self) -> dict[str, FakeChannel]:
        """Who is alive, by what they are."""
        kinds = ("agent", "supervisor", "snoop")
        found = {"caller": self.caller} if not self.caller.gone else {}
        for channel in self.floor.telephony.channels.values():
            found |= {kind: channel for kind in kinds if f".{kind}" in channel.id}
        return found

    @property
    def together(self) -> list[set[str]]:
        """Who is in a bridge with whom."""
        names = {channel.id: name for name, channel in self.legs.items()}
        bridges = [{names[inside] for inside in bridge.inside} for bridge in self.floor.telephony.bridges.values()]
        return sorted(bridges, key=sorted)

    async def supervise(self, mode: Mode, who: AgentId = BOSS) -> None:
        await self.supervision.supervise(self.call_id, who, mode)
        await asyncio.sleep(2)

    def told(self) -> list[str]:
        joined, left = self.floor.of(self.caller, SupervisorJoined), self.floor.of(self.caller, SupervisorLeft)
        return [event.mode for event in joined] + [event.reason for event in left]

    def assert_nothing_of_it_is_left(self) -> None:
        left = [each for each in self.floor.telephony.channels if only_supervises(each)]
        assert not left + [each for each in self.floor.telephony.bridges if only_supervises(each)]


def watched(directory: Path, story: Callable[[Watched], Coroutine[Any, Any, None]], boss: Party | None = None) -> None:
    async def run(floor: Floor) -> None:
        floor.telephony.agents[BOSS] = boss or Party(after_s=1)
        floor.telephony.agents[OTHER_BOSS] = Party(after_s=1)
        floor.available(ANN, Party(after_s=1))
        caller = await floor.waits("1")
        supervision = Supervision(floor.hotline)
        here = Watched(floor, caller, supervision)
        assert here.together == [{"agent", "caller"}]
        await story(here)
        await supervision.close()
        here.assert_nothing_of_it_is_left()

    on_the_floor(directory, run)


@pytest.mark.parametrize(("mode", "whispers"), [(Mode.LISTEN, False), (Mode.WHISPER, True)])
def test_listening_and_whispering_are_bridged_with_a_snoop_on_the_agent(
    tmp_path: Path, mode: Mode, whispers: bool
) -> None:
    async def story(here: Watched) -> None:
        await here.supervise(mode)
        assert here.together == [{"agent", "caller"}, {"snoop", "supervisor"}]
        snoop = here.legs["snoop"]
        assert (snoop.spies_on, snoop.whispers) == (here.legs["agent"].id, whispers)
        await here.supervision.stop(here.call_id)
        await asyncio.sleep(1)
        assert here.together == [{"agent", "caller"}] and "supervisor" not in here.legs
        assert here.told() == [mode.value, "stopped"]

    watched(tmp_path, story)


def test_every_mode_can_follow_every_other(tmp_path: Path) -> None:
    async def story(here: Watched) -> None:
        order = [first for one in STAYING for other in STAYING if one is not other for first in (one, other)]
        await here.supervise(order[0])
        for mode in order:
            await here.supervision.supervise(here.call_id, BOSS, mode)
            if mode is Mode.BARGE:
                assert here.together == [{"agent", "caller", "supervisor"}] and "snoop" not in here.legs
            else:
                assert here.together == [{"agent", "caller"}, {"snoop", "supervisor"}]
                assert here.legs["snoop"].whispers is (mode is Mode.WHISPER)
        assert here.told() == [order[0].value, *(mode.value for mode in order)]

    watched(tmp_path, story)


@pytest.mark.parametrize("mode", STAYING)
@pytest.mark.parametrize("who", ["caller", "agent", "supervisor"])
def test_whoever_hangs_up_nothing_is_left(tmp_path: Path, mode: Mode, who: str) -> None:
    async def story(here: Watched) -> None:
        await here.supervise(mode)
        here.legs[who].leave()
        await asyncio.sleep(10)
        here.assert_nothing_of_it_is_left()
        if who == "supervisor":
            assert here.together == [{"agent", "caller"}], "the talk was harmed"
        else:
            assert not here.floor.telephony.channels and not here.floor.telephony.bridges
        assert here.told()[-1] == ("hung_up" if who == "supervisor" else "talk_ended")
        assert here.supervision.of(here.call_id) is None

    watched(tmp_path, story)


@pytest.mark.parametrize("who", ["caller", "agent"])
def test_a_telephone_that_still_rings_is_let_go_with_the_talk(tmp_path: Path, who: str) -> None:
    async def story(here: Watched) -> None:
        await here.supervise(Mode.LISTEN)
        assert "supervisor" in here.legs
        here.legs[who].leave()
        await asyncio.sleep(10)
        here.assert_nothing_of_it_is_left()
        assert here.told() == ["talk_ended"]

    watched(tmp_path, story, boss=Party(after_s=25))


def test_the_mode_can_be_changed_or_given_up_while_the_telephone_rings(tmp_path: Path) -> None:
    async def story(here: Watched) -> None:
        await here.supervise(Mode.LISTEN)
        await here.supervise(Mode.BARGE)
        await asyncio.sleep(5)
        assert here.together == [{"agent", "caller", "supervisor"}]
        assert here.told() == ["barge"]
        await here.supervision.stop(here.call_id)
        await asyncio.sleep(1)
        await here.supervise(Mode.LISTEN)
        await here.supervision.stop(here.call_id)
        await asyncio.sleep(1)
        assert here.told() == ["barge", "stopped", "stopped"]

    watched(tmp_path, story, boss=Party(after_s=5))


@pytest.mark.parametrize("outcome", [DialOutcome.BUSY, DialOutcome.REJECTED, DialOutcome.NO_ANSWER])
def test_a_supervisor_who_does_not_answer_is_on_record(tmp_path: Path, outcome: DialOutcome) -> None:
    async def story(here: Watched) -> None:
        await here.supervise(Mode.LISTEN)
        await asyncio.sleep(40)
        assert here.told() == [outcome.value]
        assert here.together == [{"agent", "caller"}]

    watched(tmp_path, story, boss=Party(refuses=outcome))


def test_what_cannot_be_is_refused_with_words(tmp_path: Path) -> None:
    async def story(here: Watched) -> None:
        with pytest.raises(Refused, match="nobody supervises"):
            await here.supervision.stop(here.call_id)
        with pytest.raises(Refused, match="own talk"):
            await here.supervise(Mode.LISTEN, ANN)
        with pytest.raises(Refused, match="cannot be rung"):
            await here.supervise(Mode.LISTEN, AgentId("8809"))
        await here.supervise(Mode.LISTEN)
        with pytest.raises(Refused, match="8801 supervises"):
            await here.supervise(Mode.LISTEN, OTHER_BOSS)
        here.floor.available(BOB)
        waiting = await here.floor.waits("2")
        with pytest.raises(Refused, match="nobody talks"):
            await here.supervision.supervise(here.floor.id_of(waiting), OTHER_BOSS, Mode.LISTEN)

    watched(tmp_path, story)


@pytest.mark.parametrize("before", [None, *STAYING])
def test_a_supervisor_who_takes_over_goes_on_with_the_caller_and_the_agent_is_in_wrap_up(
    tmp_path: Path, before: Mode | None
) -> None:
    async def story(here: Watched) -> None:
        agent = here.legs["agent"]
        if before:
            await here.supervise(before)
        await here.supervise(Mode.TAKEOVER)
        assert agent.gone and here.together == [{"caller", "supervisor"}]
        assert here.floor.hotline.acd.agent(ANN).state is AgentState.WRAP_UP
        assert here.supervision.of(here.call_id) is None
        (live,) = [here.floor.hotline.talks.of(here.call_id)]
        assert live is not None and live.agent_id == BOSS
        facts = recall(here.floor.told).calls.get(here.call_id).state
        assert facts.partner == PartnerState(agent=BOSS, channel_id=here.legs["supervisor"].id)
        assert facts.supervisor is None, "a new controller must not hang up on who talks"
        row = fold([e for e in here.floor.told if isinstance(e, CallEvent) and e.call_id == here.call_id])
        assert row is not None and row.agent == BOSS
        here.legs["supervisor"].leave()
        await asyncio.sleep(10)
        assert here.caller.heard[-1] == "goodbye" and here.floor.end(here.caller) == "answered"
        assert not here.floor.telephony.channels and not here.floor.telephony.bridges
        assert here.told() == [*([before.value] if before else []), "takeover"]

    watched(tmp_path, story)


def test_a_caller_who_hangs_up_after_a_takeover_ends_it_for_the_supervisor_too(tmp_path: Path) -> None:
    async def story(here: Watched) -> None:
        await here.supervise(Mode.TAKEOVER)
        here.caller.leave()
        await asyncio.sleep(10)
        assert not here.floor.telephony.channels and not here.floor.telephony.bridges

    watched(tmp_path, story)


def test_an_agent_who_hands_the_caller_on_is_followed_to_the_next_one(tmp_path: Path) -> None:
    async def story(here: Watched) -> None:
        await here.supervise(Mode.LISTEN)
        here.floor.available(BOB, Party(after_s=1))
        live = here.floor.hotline.talks.of(here.call_id)
        assert live is not None
        hotline = here.floor.hotline
        await live.ask(lambda: consult(hotline, live, Target("agent", BOB)))
        await asyncio.sleep(3)
        with pytest.raises(Refused, match="somebody else is in the call"):
            await here.supervise(Mode.TAKEOVER)
        await live.ask(lambda: complete(hotline, live))
        await asyncio.sleep(3)
        assert here.together == [{"agent", "caller"}, {"snoop", "supervisor"}]
        assert here.legs["snoop"].spies_on == here.legs["agent"].id
        joined = here.floor.of(here.caller, SupervisorJoined)
        assert [event.agent for event in joined] == [ANN, BOB]

    watched(tmp_path, story)


def test_a_new_controller_takes_down_what_only_supervised_and_keeps_the_talk(tmp_path: Path) -> None:
    async def story(here: Watched) -> None:
        telephony, hotline = here.floor.telephony, here.floor.hotline
        live = hotline.talks.of(here.call_id)
        assert live is not None and live.bridge is not None
        snoop_id, leg_id = ChannelId(f"{here.call_id}.snoop1"), ChannelId(f"{here.call_id}.supervisor1.{BOSS}")
        snoop = await telephony.snoop(live.agent_leg, snoop_id=snoop_id, whisper=True)
        leg = await telephony.dial_agent(BOSS, channel_id=leg_id, caller_id="", ring_timeout_s=9)
        await leg.answered()
        bridge = await telephony.create_bridge(BridgeId(f"{here.call_id}.bridge-s1"))
        await bridge.add(leg, snoop)
        bridges = [LiveBridge(bridge_id=one.id, channel_ids=tuple(one.inside)) for one in telephony.bridges.values()]
        snapshot = Snapshot(channels=tuple(one.live() for one in telephony.channels.values()), bridges=tuple(bridges))
        await clear_strays(hotline, live.call, HeldTalk(live.partner), snapshot)
        here.assert_nothing_of_it_is_left()
        assert here.together == [{"agent", "caller"}]

    watched(tmp_path, story)


def test_a_new_controller_adopts_a_supervisor_who_has_taken_over(tmp_path: Path) -> None:
    async def story(here: Watched) -> None:
        await here.supervise(Mode.TAKEOVER)
        telephony = here.floor.telephony
        bridges = [LiveBridge(bridge_id=one.id, channel_ids=tuple(one.inside)) for one in telephony.bridges.values()]
        snapshot = Snapshot(channels=tuple(one.live() for one in telephony.channels.values()), bridges=tuple(bridges))
        held = hold_talk(here.floor.hotline, recall(here.floor.told).calls.get(here.call_id).state, snapshot)
        assert held.partner is not None
        assert (held.partner.agent_id, held.partner.reservation) == (BOSS, None)
        assert held.partner.leg.id == here.legs["supervisor"].id
        here.caller.leave()
        await asyncio.sleep(5)

    watched(tmp_path, story)


def test_the_journal_knows_who_is_there_and_a_new_controller_ends_it(tmp_path: Path) -> None:
    async def story(here: Watched) -> None:
        await here.supervise(Mode.WHISPER)
        facts = recall(here.floor.told).calls.get(here.call_id).state
        assert facts.supervisor == BOSS
        await here.supervision.stop(here.call_id)
        await asyncio.sleep(1)
        assert recall(here.floor.told).calls.get(here.call_id).state.supervisor is None

    watched(tmp_path, story)

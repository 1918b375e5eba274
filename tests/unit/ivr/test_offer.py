"""From the queue to an agent, with telephones in memory and a clock that jumps: what the caller hears, who is rung."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.run.call_path import wire_call_path
from config.calls.actions import LanguageAction, QueueAction, RepeatAction
from config.calls.outbound import Limits, OutboundRules
from config.calls.waiting import WaitRules
from config.destination import Destination
from config.ids import AgentId, CallId
from config.paths import DataDir
from config.schema import Queue, Site
from crm.journal.events import (
    AgentMissed,
    AgentOffered,
    CallAnswered,
    CallEnded,
    CallQueued,
    DialLimitNear,
    Event,
    LanguageChosen,
    NumberRefused,
    PlaceHandedOn,
    TalkStarted,
)
from crm.journal.journal import Journal
from crm.use_cases.tickets import Tickets
from ivr.arrivals.reception import Reception
from ivr.live.call import Call
from ivr.port.values import DialOutcome
from ivr.queueing.announcer import PAST_THE_EDGE_S
from ivr.queueing.callback_number import code_of
from ivr.queueing.ring import AGAIN_S
from routing.acd import Acd
from routing.agent import AgentEvent
from tests.fakes.channel import FakeChannel, Party
from tests.fakes.checked_tickets import CheckedTickets, sound
from tests.fakes.site_watch import as_it_was_loaded
from tests.fakes.small_site import small_site
from tests.fakes.telephony import EPOCH, FakeTelephony
from tests.fakes.virtual_time import VirtualTimeLoop

LINE = "4008100002"
ANN, BEN, CAT = (AgentId(agent) for agent in ("8001", "8002", "8003"))
NOBODY_THERE = Party(refuses=DialOutcome.NO_ANSWER)
RULES = WaitRules(
    position_after_s=10,
    position_every_s=60,
    sorry_after_s=60,
    callback=True,
    message=True,
    offer_after_s=30,
    offer_every_s=300,
)


@dataclass
class Keeper:
    """Keeps places, or cannot."""

    tickets: Tickets
    can: bool = True
    kept: list[tuple[str, str]] = field(default_factory=list)

    async def keep_place(self, call: Call, queue: Queue, destination: Destination) -> bool:
        await asyncio.sleep(0.2)
        if self.can:
            self.kept.append((call.id, destination.number))
            at = call.invited_at
            self.tickets.record(PlaceHandedOn(call_id=call.id, at=at, due_call="1", queue=queue.name))
        return self.can


@dataclass
class House:
    """A hotline of three agents; `told` is what was recorded."""

    site: Site
    telephony: FakeTelephony
    acd: Acd
    reception: Reception
    keeper: Keeper
    told: list[Event] = field(default_factory=list)

    def come(self, *agents: AgentId) -> None:
        for agent in agents:
            self.acd.wish(agent, AgentEvent.MAKE_AVAILABLE)

    async def call(self, *, key: str = "1", ani: str = "13800138000") -> FakeChannel:
        """Somebody calls and chooses in the menu at once."""
        channel = self.telephony.call(LINE, ani)
        if key:
            await asyncio.sleep(0.3)
            channel.press(key)
        await asyncio.sleep(0.7)
        return channel

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.told if isinstance(event, kind)]

    def seconds(self, kind: type[Event]) -> list[float]:
        return [round((event.at - EPOCH).total_seconds(), 1) for event in self.of(kind)]

    def commands_at(self, channel: FakeChannel) -> list[str]:
        return [line.partition(": ")[2] for line in self.telephony.log if line.startswith(f"{channel.id}:")]


@contextmanager
def house(directory: Path, change: Callable[[Site], Site] = lambda site: site) -> Iterator[House]:
    site = change(small_site().model_copy(update={"wait": RULES}))
    telephony, told, data = FakeTelephony(), list[Event](), DataDir(directory)
    telephony.agents = {ANN: Party(after_s=3.0), BEN: Party(after_s=3.0), CAT: Party(after_s=3.0)}
    journal = Journal.open(data.journal)
    path = wire_call_path(site, data, telephony, journal, told.append, now=telephony.now, make_tickets=CheckedTickets)
    keeper = Keeper(path.hotline.tickets)
    path.hotline.virtual_hold.plug_in(keeper)
    telephony.connected.set()
    telephony._on_arrival = path.reception.arrive
    try:
        with as_it_was_loaded(site):
            yield House(site, telephony, path.hotline.acd, path.reception, keeper, told)
    finally:
        journal.close()
        sound(path)


def in_virtual_time(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(work)


def people_answer(**settings: object) -> Callable[[Site], Site]:
    def change(site: Site) -> Site:
        line = site.lines[0].model_copy(update={"answer_by": "people", "queue": "hotline", **settings})
        return site.model_copy(update={"lines": (line,)})

    return change


def that_dials(outbound: OutboundRules) -> Callable[[Site], Site]:
    return lambda site: site.model_copy(update={"outbound": outbound})


def queue_with(**settings: object) -> Callable[[Site], Site]:
    return lambda site: site.model_copy(update={"queues": (site.queues[0].model_copy(update=settings),)})


# --- announcements ---------------------------------------------------------------------------------------------------


@pytest.mark.req("TEL-5")
def test_position_and_wait_are_told_in_their_time(tmp_path: Path) -> None:
    """field.md §3, 15: a position that is set is announced."""

    async def story() -> None:
        with house(tmp_path) as home:
            home.come(ANN)
            home.telephony.agents[ANN] = Party(after_s=1.0)
            first = await home.call(ani="13800000001")
            second = await home.call(ani="13800000002")
            third = await home.call(ani="13800000003")
            await asyncio.sleep(20)
            assert "position-first" in second.heard
            at = third.heard.index("position-before")
            assert third.heard[at : at + 3] == ["position-before", "num-1", "position-after"]
            assert third.heard[at + 3] == "wait-before", "one agent, two handlings ahead: minutes"
            assert "position-first" not in first.heard

    in_virtual_time(story())


def test_an_agent_s_answer_silences_the_announcement_first(tmp_path: Path) -> None:
    async def story() -> None:
        with house(tmp_path) as home:
            home.telephony.prompts_s = {"position-first": 30.0}
            caller = await home.call()
            await asyncio.sleep(11)
            assert "position-first" in caller.heard
            home.come(ANN)
            await asyncio.sleep(4)
            assert caller.heard[-1] == "agent-after", "the announcement of who answers waited for another to end"
            assert not caller.music

    in_virtual_time(story())


# --- keys in the queue -----------------------------------------------------------------------------------------------


@pytest.mark.req("FUP-1")
def test_the_key_that_keeps_the_place_asks_for_the_number_and_says_goodbye(tmp_path: Path) -> None:
    async def story() -> None:
        with house(tmp_path) as home:
            caller = await home.call()
            await asyncio.sleep(31)
            assert "callback-offer" in caller.heard
            caller.press("1")
            await asyncio.sleep(0.5)
            at = caller.heard.index("callback-number")
            assert caller.heard[at + 1 : at + 4] == ["num-1-yao", "num-3", "num-8"]
            caller.press("1")
            await asyncio.sleep(5)
            assert [number for _, number in home.keeper.kept] == ["13800138000"]
            assert caller.heard[-2:] == ["callback-kept", "goodbye"]
            assert [(end.outcome, end.ended_by) for end in home.of(CallEnded)] == [("place_kept", "system")]

    in_virtual_time(story())


WITH_CODE = OutboundRules(callback_to_other_number="with_code")


@pytest.mark.req("FUP-10")
def test_another_number_can_be_typed_where_the_site_allows_it_and_the_caller_is_told_a_code(tmp_path: Path) -> None:
    async def story() -> None:
        with house(tmp_path, that_dials(WITH_CODE)) as home:
            caller = await home.call()
            await asyncio.sleep(31)
            for keys in ("1", "2", "88886666#", "1"):
                caller.press(keys)
                await asyncio.sleep(2.5)
            assert [number for _, number in home.keeper.kept] == ["057188886666"], (
                "a local number has the area code of the site"
            )
            at = caller.heard.index("callback-code")
            assert caller.heard[at + 1 : at + 5] == code_of(CallId(f"call-{caller.id}"))

    in_virtual_time(story())


@pytest.mark.req("FUP-10")
def test_who_types_the_very_number_that_the_network_gave_needs_no_code(tmp_path: Path) -> None:
    async def story() -> None:
        with house(tmp_path, that_dials(WITH_CODE)) as home:
            caller = await home.call(ani="057188886666")
            await asyncio.sleep(31)
            for keys in ("1", "2", "88886666#", "1"):
                caller.press(keys)
                await asyncio.sleep(2.5)
            assert [number for _, number in home.keeper.kept] == ["057188886666"]
            assert "callback-code" not in caller.heard

    in_virtual_time(story())


@pytest.mark.req("FUP-10")
@pytest.mark.parametrize("ani", ["", "+2348031234567", "110", "4008100002", "95588"])
def test_a_callback_goes_to_the_number_that_the_network_gave_or_to_none(tmp_path: Path, ani: str) -> None:
    """Unless the site says otherwise: nobody is asked for a number, and nothing typed is dialled."""

    async def story() -> None:
        with house(tmp_path) as home:
            caller = await home.call(ani=ani)
            await asyncio.sleep(31)
            caller.press("1")
            await asyncio.sleep(5)
            assert "callback-own-only" in caller.heard and "callback-enter" not in caller.heard
            assert not caller.gone and home.keeper.kept == []
            home.come(ANN)
            await asyncio.sleep(5)
            assert home.of(TalkStarted), "the caller went on waiting, and was served"

    in_virtual_time(story())


@pytest.mark.req("FUP-10")
def test_where_there_is_no_other_number_none_is_offered_and_a_2_means_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        with house(tmp_path) as home:
            caller = await home.call()
            await asyncio.sleep(31)
            for keys in ("1", "2", "1"):
                caller.press(keys)
                await asyncio.sleep(2.5)
            assert "callback-confirm-own" in caller.heard and "callback-confirm" not in caller.heard
            assert [number for _, number in home.keeper.kept] == ["13800138000"]

    in_virtual_time(story())


@pytest.mark.req("FUP-10")
def test_no_callback_is_promised_that_a_limit_would_hold_up(tmp_path: Path) -> None:
    outbound = OutboundRules(limits=Limits(spend_per_day=0))

    async def story() -> None:
        with house(tmp_path, that_dials(outbound)) as home:
            caller = await home.call()
            await asyncio.sleep(31)
            caller.press("1")
            await asyncio.sleep(5)
            assert "callback-unavailable" in caller.heard and home.keeper.kept == []
            assert [event.reason for event in home.of(NumberRefused)] == ["spend_day"]
            assert [(near.limit, near.met) for near in home.of(DialLimitNear)] == [("spend_day", True)]

    in_virtual_time(story())


@pytest.mark.req("FUP-10")
@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("0023480312345678#", "foreign"),
        ("110#", "emergency"),
        ("95588#", "short_number"),
        ("4008100002#", "own_line"),
        ("8001#", "extension"),
        ("138123456#", "bad_number"),
        ("*72138#", "feature_code"),
    ],
)
def test_a_number_that_may_not_be_dialled_is_refused_and_another_can_be_typed(
    tmp_path: Path, typed: str, reason: str
) -> None:
    async def story() -> None:
        with house(tmp_path, that_dials(WITH_CODE)) as home:
            caller = await home.call()
            await asyncio.sleep(31)
            for keys in ("1", "2", typed):
                caller.press(keys)
                await asyncio.sleep(2.5)
            assert caller.heard[-2:] == ["callback-refused", "callback-enter"]
            assert [(event.number, event.reason) for event in home.of(NumberRefused)] == [(typed.rstrip("#"), reason)]
            assert home.keeper.kept == []
            for keys in ("13900001111#", "1"):
                caller.press(keys)
                await asyncio.sleep(2.5)
            assert [number for _, number in home.keeper.kept] == ["13900001111"]

    in_virtual_time(story())


@pytest.mark.req("FUP-10")
@pytest.mark.parametrize("ani", ["+2348031234567", "110", "4008100002", "95588"])
def test_a_callers_own_number_that_may_not_be_dialled_is_refused_and_who_types_none_keeps_the_place(
    tmp_path: Path, ani: str
) -> None:
    async def story() -> None:
        with house(tmp_path, that_dials(WITH_CODE)) as home:
            caller = await home.call(ani=ani)
            await asyncio.sleep(31)
            caller.press("1")
            await asyncio.sleep(2.5)
            assert caller.heard[-2:] == ["callback-refused", "callback-enter"]
            await asyncio.sleep(30)
            assert "callback-unavailable" in caller.heard and not caller.gone and home.keeper.kept == []
            assert [waiting.call_id for waiting in home.acd.waiting(home.acd.queue_names()[0])] == [f"call-{caller.id}"]
            home.come(ANN)
            await asyncio.sleep(5)
            assert home.of(TalkStarted), "the caller went on waiting, and was served"

    in_virtual_time(story())


def test_a_place_that_cannot_be_kept_just_now_is_not_lost(tmp_path: Path) -> None:
    async def story() -> None:
        with house(tmp_path) as home:
            home.keeper.can = False
            caller = await home.call()
            await asyncio.sleep(31)
            caller.press("1")
            await asyncio.sleep(2.5)
            caller.press("1")
            await asyncio.sleep(2)
            assert "callback-unavailable" in caller.heard
            assert [waiting.call_id for waiting in home.acd.waiting(home.acd.queue_names()[0])] == [f"call-{caller.id}"]
            home.come(ANN)
            await asyncio.sleep(5)
            assert home.of(TalkStarted), "the caller went on waiting, and was served"

    in_virtual_time(story())


def test_whose_turn_comes_in_the_middle_of_the_question_is_connected(tmp_path: Path) -> None:
    async def story() -> None:
        with house(tmp_path) as home:
            caller = await home.call()
            await asyncio.sleep(31)
            caller.press("1")
            await asyncio.sleep(0.2)
            home.come(ANN)
            await asyncio.sleep(5)
            assert home.of(TalkStarted)
            assert home.keeper.kept == []

    in_virtual_time(story())


def test_a_key_pressed_twice_in_the_menu_is_no_wish_in_the_queue(tmp_path: Path) -> None:
    async def story() -> None:
        with house(tmp_path) as home:
            caller = await home.call(key="11")
            await asyncio.sleep(40)
            assert "callback-number" not in caller.heard

    in_virtual_time(story())


@pytest.mark.req("TEL-7")
def test_a_message_can_be_left_from_the_queue(tmp_path: Path) -> None:
    async def story() -> None:
        with house(tmp_path) as home:
            caller = await home.call()
            caller.speak(4.0)
            await asyncio.sleep(31)
            caller.press("2")
            await asyncio.sleep(20)
            assert "leave-message" in caller.heard
            assert [end.outcome for end in home.of(CallEnded)] == ["message"]

    in_virtual_time(story())


# --- lines that people answer ----------------------------------------------------------------------------------------


@pytest.mark.req("TEL-1", "TEL-2")
def test_people_answer_before_the_system_does(tmp_path: Path) -> None:
    async def story() -> None:
        with house(tmp_path, people_answer()) as home:
            home.come(ANN)
            caller = await home.call(key="")
            await asyncio.sleep(1)
            assert caller.up_at is None, "answered although nobody was there yet"
            assert not caller.music
            await asyncio.sleep(5)
            assert home.seconds(CallQueued) == [0.0], "the wait counts from the INVITE"
            assert home.seconds(CallAnswered) == [3.0]
            assert [event.rings for event in home.of(CallAnswered)] == [1]
            commands = home.commands_at(caller)
            assert commands[0] == "answer"
            assert "music" not in commands
            assert caller.heard[:1] == ["recording-notice"]
            assert home.of(TalkStarted)

    in_virtual_time(story())


@pytest.mark.req("TEL-1")
def test_when_ring_three_starts_the_system_answers_and_the_agents_ring_on(tmp_path: Path) -> None:
    async def story() -> None:
        with house(tmp_path, people_answer()) as home:
            home.come(ANN)
            home.telephony.agents[ANN] = Party(after_s=14.0)
            caller = await home.call(key="")
            await asyncio.sleep(20)
            assert home.seconds(CallAnswered) == [10.0 + PAST_THE_EDGE_S]
            assert [event.rings for event in home.of(CallAnswered)] == [3]
            assert caller.heard[0] == "sorry-busy"
            assert home.seconds(AgentOffered) == [0.0], "the ringing offer was begun anew"
            assert home.of(TalkStarted)

    in_virtual_time(story())


def test_who_hangs_up_while_it_rings_was_not_answered(tmp_path: Path) -> None:
    async def story() -> None:
        with house(tmp_path, people_answer()) as home:
            home.come(ANN)
            caller = await home.call(key="")
            caller.leave()
            await asyncio.sleep(1)
            assert [end.outcome for end in home.of(CallEnded)] == ["abandoned_ringing"]
            assert [(miss.agent, miss.reason) for miss in home.of(AgentMissed)] == [(ANN, "caller_hung_up")]
            assert home.of(CallAnswered) == []
            assert home.acd.agent(ANN).state.value == "available"

    in_virtual_time(story())


# --- a fault of ours ---


@pytest.mark.req("TEL-5")
@pytest.mark.parametrize("strategy", ["longest_idle", "ring_all"])
def test_an_agent_whom_the_system_could_not_call_stays_in_service(tmp_path: Path, strategy: str) -> None:
    """No port for their audio is no miss of theirs: the caller keeps the place, and is offered again after a pause."""

    async def story() -> None:
        with house(tmp_path, queue_with(strategy=strategy)) as home:
            home.telephony.no_port = True
            home.come(ANN, BEN)
            first, second = await home.call(ani="13800000001"), await home.call(ani="13800000002")
            await asyncio.sleep(20)
            assert {miss.reason for miss in home.of(AgentMissed)} == {"congested"}
            assert 2 <= len(home.of(AgentMissed)) <= 2 * 22 / AGAIN_S, "each agent once in a pause, not each caller"
            states = {home.acd.agent(agent).state.value for agent in (ANN, BEN)}
            assert states <= {"available", "reserved"}
            assert not first.gone and not second.gone
            home.telephony.no_port = False
            await asyncio.sleep(AGAIN_S + 6)
            assert len(home.of(TalkStarted)) == 2, "served without anybody's doing"

    in_virtual_time(story())


def test_who_hangs_up_in_the_pause_leaves_the_agent_free(tmp_path: Path) -> None:
    async def story() -> None:
        with house(tmp_path) as home:
            home.telephony.no_port = True
            home.come(ANN)
            caller = await home.call()
            await asyncio.sleep(1)
            caller.leave()
            await asyncio.sleep(0.1)
            assert home.acd.agent(ANN).state.value == "available"
            assert [end.outcome for end in home.of(CallEnded)] == ["abandoned_queue"]

    in_virtual_time(story())


def test_callers_who_would_take_the_agents_ports_are_refused_with_a_ticket(tmp_path: Path) -> None:
    """Those who wait count: they have a port each, though they are in no menu any more."""

    async def story() -> None:
        with house(tmp_path) as home:
            home.reception.admission.load.legs = 2
            waiting = [await home.call(ani="13800000001"), await home.call(ani="13800000002")]
            await home.call(ani="13800000003", key="")
            assert [(end.outcome, end.ended_by) for end in home.of(CallEnded)] == [("refused_overload", "system")]
            home.come(ANN)
            await asyncio.sleep(5)
            assert len(home.of(TalkStarted)) == 1, "the agent's telephone has its own port"
            waiting[1].leave()
            await asyncio.sleep(1)
            await home.call(ani="13800000004", key="")
            assert len(home.of(CallEnded)) == 2, "there is room again"

    in_virtual_time(story())


# --- ring all --------------------------------------------------------------------------------------------------------


def test_the_first_of_all_who_ring_has_the_call_and_the_others_are_free(tmp_path: Path) -> None:
    """field.md §3, 3: two agents never get one call, and nobody stays reserved."""

    async def story() -> None:
        with house(tmp_path, queue_with(strategy="ring_all")) as home:
            home.telephony.agents = {ANN: Party(after_s=5.0), BEN: Party(after_s=2.0), CAT: NOBODY_THERE}
            home.come(ANN, BEN, CAT)
            await home.call()
            await asyncio.sleep(4)
            assert {event.agent for event in home.of(AgentOffered)} == {ANN, BEN, CAT}
            assert [event.agent for event in home.of(TalkStarted)] == [BEN]
            assert {(miss.agent, miss.reason) for miss in home.of(AgentMissed)} == {
                (ANN, "answered_elsewhere"),
                (CAT, "answered_elsewhere"),
            }
            states = {agent.agent_id: agent.state.value for agent in home.acd.agents()}
            assert states == {ANN: "available", BEN: "talking", CAT: "available"}
            assert [c for c in home.telephony.channels if ".agent" in c] == [
                f"{home.of(TalkStarted)[0].agent_channel_id}"
            ]

    in_virtual_time(story())


def test_two_who_answer_in_the_same_instant_are_not_both_connected(tmp_path: Path) -> None:
    async def story() -> None:
        with house(tmp_path, queue_with(strategy="ring_all")) as home:
            home.come(ANN, BEN)
            await home.call()
            await asyncio.sleep(5)
            assert len(home.of(TalkStarted)) == 1
            assert sorted(agent.state.value for agent in home.acd.agents()) == ["available", "logged_out", "talking"]

    in_virtual_time(story())


def test_if_nobody_of_all_answers_the_caller_keeps_the_place(tmp_path: Path) -> None:
    async def story() -> None:
        with house(tmp_path, queue_with(strategy="ring_all")) as home:
            home.telephony.agents = {ANN: NOBODY_THERE, BEN: NOBODY_THERE, CAT: Party(after_s=1.0)}
            home.come(ANN, BEN)
            await home.call()
            await asyncio.sleep(20)
            assert {(miss.agent, miss.reason) for miss in home.of(AgentMissed)} == {(ANN, "rona"), (BEN, "rona")}
            home.come(CAT)
            await asyncio.sleep(3)
            assert [event.agent for event in home.of(TalkStarted)] == [CAT]

    in_virtual_time(story())


# --- languages -------------------------------------------------------------------------------------------------------


def english_by_9(site: Site) -> Site:
    (menu,) = site.menus
    keys = {"9": LanguageAction(language="en", then=RepeatAction()), "1": QueueAction(queue="hotline")}
    agents = tuple(
        agent.model_copy(update={"languages": ("zh", "en")}) if agent.id == BEN else agent for agent in site.agents
    )
    return site.model_copy(update={"menus": (menu.model_copy(update={"keys": keys}),), "agents": agents})


def test_who_chooses_english_gets_an_agent_who_speaks_it_and_is_told_so_in_english(tmp_path: Path) -> None:
    async def story() -> None:
        with house(tmp_path, english_by_9) as home:
            home.come(ANN)
            caller = await home.call(key="9")
            caller.press("1")
            await asyncio.sleep(1)
            assert caller.language == "en"
            assert [event.language for event in home.of(LanguageChosen)] == ["en"]
            await asyncio.sleep(30)
            assert home.of(AgentOffered) == [], "an agent was asked who does not speak English"
            home.come(BEN)
            await asyncio.sleep(5)
            assert [event.agent for event in home.of(TalkStarted)] == [BEN]
            assert "num-8" in caller.heard

    in_virtual_time(story())

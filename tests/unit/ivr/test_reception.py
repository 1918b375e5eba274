"""What a controller finds when it connects, against what the journal says: taken over, closed, hung up, left alone."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from app.run.call_path import wire_call_path
from config.ids import AgentId, BridgeId, CallId, ChannelId, QueueName
from config.paths import DataDir
from crm.calls.fold import arrived
from crm.calls.open_calls import OpenCalls
from crm.calls.state import CallState, PartnerState
from crm.journal.events import CallAdopted, CallAnswered, CallArrived, CallEnded, Event
from crm.journal.journal import Journal
from ivr.arrivals.history import History
from ivr.arrivals.reception import Reception
from ivr.pbx.settings import FALLBACK_AFTER_S
from ivr.port.telephony import Arrival
from ivr.port.values import LiveBridge, LiveChannel, Snapshot
from routing.acd import Acd
from routing.agent import AgentState
from tests.fakes.channel import FakeChannel
from tests.fakes.checked_tickets import CheckedTickets, sound
from tests.fakes.site_watch import as_it_was_loaded
from tests.fakes.small_site import small_site
from tests.fakes.telephony import EPOCH, FakeTelephony
from tests.fakes.virtual_time import VirtualTimeLoop

HOTLINE = QueueName("hotline")
ANN = AgentId("8001")


@dataclass
class Desk:
    """A reception with telephones in memory; `told` is what was recorded."""

    telephony: FakeTelephony
    acd: Acd
    history: History
    reception: Reception
    told: list[Event] = field(default_factory=list)

    def alive(self, channel_id: str, role: str = "inbound") -> FakeChannel:
        """A leg that outlived the controller before this one."""
        channel = FakeChannel(self.telephony, ChannelId(channel_id), role)  # type: ignore[arg-type]
        channel.dnis, channel.entered, channel.up_at = "4008100002", True, EPOCH
        self.telephony.channels[channel.id] = channel
        return channel

    def arrived(self, channel_id: str, *, left_after_s: float) -> None:
        """A channel that came and left while nobody was there; both are told now."""
        channel = FakeChannel(self.telephony, ChannelId(channel_id), "inbound")
        channel.gone_at = EPOCH + timedelta(seconds=left_after_s)
        arrival = Arrival(
            channel=channel, role="inbound", dnis="4008100002", ani="1", name="", invited_at=EPOCH, entered_at=EPOCH
        )
        self.reception.arrive(arrival)

    async def at_rest(self) -> None:
        """A minute later, which takes no time here."""
        await asyncio.sleep(60)
        assert self.reception.calls == 0

    async def connect(self, *bridges: LiveBridge) -> None:
        channels: list[LiveChannel] = [channel.live() for channel in self.telephony.channels.values()]
        await self.reception.reconnect(Snapshot(channels=tuple(channels), bridges=bridges))

    def ends(self) -> list[tuple[str, str, str]]:
        return [(e.call_id, e.outcome, e.ended_by) for e in self.told if isinstance(e, CallEnded)]


@contextmanager
def desk(directory: Path, history: History, *, new_asterisk: bool = False) -> Iterator[Desk]:
    telephony, told = FakeTelephony(), list[Event]()
    telephony.connected.set()
    site, data = small_site(), DataDir(directory)
    journal = Journal.open(data.journal)
    path = wire_call_path(
        site,
        data,
        telephony,
        journal,
        told.append,
        now=telephony.now,
        history=history,
        new_asterisk=new_asterisk,
        make_tickets=CheckedTickets,
    )
    try:
        with as_it_was_loaded(site):
            yield Desk(telephony, path.hotline.acd, history, path.reception, told)
    finally:
        journal.close()
        sound(path)


def in_virtual_time(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(work)


def left_behind(call_id: str, channel_id: str, **known: Any) -> CallState:
    """A call of a controller that died."""
    due_call = known.get("due_call")
    came = CallArrived(
        call_id=call_id,
        at=EPOCH,
        ticket="20261123-0001",
        channel_id=channel_id,
        direction="outbound" if due_call else "inbound",
        dnis="4008100002",
        ani="13800138000",
        caller_name="",
        line="hotline",
        due_call=due_call,
    )
    return replace(arrived(came), **known)


def remembering(*states: CallState, ended: Callable[[], set[CallId]] = set) -> History:
    calls = OpenCalls()
    for state in states:
        calls.put(state)
    return History(calls=calls, seen={state.call_id for state in states} | ended())


def talk_of_a_due_call() -> CallState:
    return left_behind(
        "due-7-1-1",
        "due-7-1-1.customer",
        due_call="7",
        answered=True,
        queue=HOTLINE,
        partner=PartnerState(agent=ANN, channel_id=ChannelId("due-7-1-1.agent1.8001")),
        outcome="answered",
        bridge_id=BridgeId("due-7-1-1.bridge0"),
        talks=1,
    )


def test_a_caller_whose_call_has_ended_is_not_left_in_silence(tmp_path: Path) -> None:
    """The telephones were away for so long that the call was given up; then its channel is still there."""

    async def story() -> None:
        with desk(tmp_path, remembering(ended=lambda: {CallId("call-lost")})) as here:
            channel = here.alive("lost")
            await here.connect()
            assert channel.gone
            assert here.reception.calls == 0

    in_virtual_time(story())


def test_a_leg_of_no_call_is_hung_up(tmp_path: Path) -> None:
    async def story() -> None:
        with desk(tmp_path, History()) as here:
            stray, prepared = here.alive("call-x.agent1.8001", "dialled"), here.alive("due-3-1-9.customer", "dialled")
            await here.connect()
            assert stray.gone and prepared.gone

    in_virtual_time(story())


def test_a_caller_who_left_meanwhile_gets_an_end(tmp_path: Path) -> None:
    async def story() -> None:
        waited = left_behind("call-gone", "gone", answered=True, queue=HOTLINE, queued_at=EPOCH)
        with desk(tmp_path, remembering(waited)) as here:
            await here.connect()
            assert here.ends() == [("call-gone", "abandoned_queue", "caller")]

    in_virtual_time(story())


def test_a_call_that_died_with_its_asterisk_was_dropped_by_the_system(tmp_path: Path) -> None:
    async def story() -> None:
        with desk(tmp_path, remembering(left_behind("call-gone", "gone", answered=True)), new_asterisk=True) as here:
            await here.connect()
            assert here.ends() == [("call-gone", "dropped_by_system", "system")]

    in_virtual_time(story())


def test_a_caller_who_is_there_is_taken_over_once(tmp_path: Path) -> None:
    async def story() -> None:
        with desk(tmp_path, remembering(left_behind("call-here", "here", answered=True))) as here:
            here.alive("here")
            await here.connect()
            await here.connect()
            await asyncio.sleep(0)
            assert here.reception.calls == 1
            assert len([event for event in here.told if isinstance(event, CallAdopted)]) == 1
            await here.reception.close()

    in_virtual_time(story())


def test_the_talk_of_a_due_call_is_left_alone_until_it_is_claimed(tmp_path: Path) -> None:
    async def story() -> None:
        left = talk_of_a_due_call()
        with desk(tmp_path, remembering(left)) as here:
            legs = [here.alive(left.channel_id, "dialled"), here.alive("due-7-1-1.agent1.8001", "dialled")]
            assert left.bridge_id
            bridge = LiveBridge(bridge_id=left.bridge_id, channel_ids=tuple(leg.id for leg in legs))
            await here.telephony.create_bridge(left.bridge_id)
            await here.connect(bridge)
            assert not any(leg.gone for leg in legs)
            assert here.acd.agent(ANN).state is AgentState.TALKING
            taken = here.reception.left_over(7)
            assert taken is not None and taken.partner is not None and not taken.ended
            assert here.reception.left_over(7) is None, "it was handed out twice"

    in_virtual_time(story())


def test_a_due_call_that_ended_meanwhile_says_so_to_whoever_claims_it(tmp_path: Path) -> None:
    async def story() -> None:
        with desk(tmp_path, remembering(talk_of_a_due_call())) as here:
            await here.connect()
            assert here.ends() == [("due-7-1-1", "answered", "caller")]
            taken = here.reception.left_over(7)
            assert taken is not None and taken.ended and taken.partner is None

    in_virtual_time(story())


def test_a_call_that_asterisk_has_answered_by_itself_says_so(tmp_path: Path) -> None:
    """Its arrival is told late, and then that it has left us: the timer of the dialplan had run out."""

    async def story() -> None:
        with desk(tmp_path, History()) as here:
            here.arrived("away", left_after_s=FALLBACK_AFTER_S)
            here.arrived("gave-up", left_after_s=5)
            await here.at_rest()
            (answered,) = [event for event in here.told if isinstance(event, CallAnswered)]
            assert (answered.call_id, answered.rings) == ("call-away", 3)
            assert set(here.ends()) == {
                ("call-away", "abandoned_message", "caller"),
                ("call-gave-up", "abandoned_ringing", "caller"),
            }

    in_virtual_time(story())


def test_who_is_leaving_a_message_is_not_served_beside_it(tmp_path: Path) -> None:
    async def story() -> None:
        history = History(leaving_message={CallId("call-speaking")})
        with desk(tmp_path, history) as here:
            here.arrived("speaking", left_after_s=FALLBACK_AFTER_S)
            await here.at_rest()
            assert here.told == []

    in_virtual_time(story())


def test_an_agent_whom_the_site_has_no_more_keeps_nobody_from_being_served(tmp_path: Path) -> None:
    async def story() -> None:
        left = left_behind(
            "call-here",
            "here",
            answered=True,
            queue=HOTLINE,
            queued_at=datetime.fromisoformat("2026-11-23T01:00:00+00:00"),
            partner=PartnerState(agent=AgentId("8099"), channel_id=ChannelId("call-here.agent1.8099")),
            bridge_id=BridgeId("call-here.bridge0"),
        )
        with desk(tmp_path, remembering(left)) as here:
            here.alive("here")
            here.alive("call-here.agent1.8099", "dialled")
            bridge = LiveBridge(bridge_id=BridgeId("call-here.bridge0"), channel_ids=(ChannelId("here"),))
            await here.connect(bridge)
            assert here.reception.calls == 1
            await here.reception.close()

    in_virtual_time(story())

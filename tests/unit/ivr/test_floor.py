"""What a supervisor does with waiting callers: moves one to another queue, closes a queue, opens it again."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.run.call_path import wire_call_path
from config.calls.actions import QueueAction
from config.ids import AgentId, CallId, QueueName
from config.paths import DataDir
from config.schema import Site
from crm.calls.record import fold
from crm.journal.events import (
    AgentMissed,
    CallAnswered,
    CallEnded,
    CallEvent,
    CallMoved,
    CallQueued,
    Event,
    QueueClosed,
    TalkStarted,
)
from crm.journal.journal import Journal
from ivr.arrivals.history import recall
from ivr.arrivals.reception import Reception
from ivr.live.closed_queues import RESTATED_EVERY
from ivr.live.hotline import Hotline
from ivr.live.waiting import Moved, NotWaiting
from ivr.queueing.closing import close_queue, open_queue, restate
from ivr.queueing.wait import QUEUE_CLOSED
from routing.agent import AgentEvent
from tests.fakes.channel import FakeChannel, Party
from tests.fakes.checked_tickets import CheckedTickets, sound
from tests.fakes.site_watch import as_it_was_loaded
from tests.fakes.small_site import small_site
from tests.fakes.telephony import FakeTelephony
from tests.fakes.virtual_time import VirtualTimeLoop

HOTLINE, AID = QueueName("hotline"), QueueName("aid")
ANN, BOB = AgentId("8001"), AgentId("8002")


def two_queues(**aid: Any) -> Site:
    """8001 serves `hotline`, which key 1 leads to; 8002 serves `aid`."""
    site = small_site()
    (hotline,) = site.queues
    queues = (
        hotline.model_copy(update={"agents": (ANN,)}),
        hotline.model_copy(update={"name": "aid", "title": "客户援助", "agents": (BOB,)} | aid),
    )
    return site.model_copy(update={"queues": queues})


@dataclass
class Floor:
    """A running hotline with telephones in memory; `told` is what was recorded."""

    telephony: FakeTelephony
    hotline: Hotline
    reception: Reception
    told: list[Event] = field(default_factory=list)

    async def waits(self, ani: str) -> FakeChannel:
        """Somebody calls, presses 1, and waits."""
        caller = self.telephony.call("4008100002", ani)
        caller.press("1")
        await asyncio.sleep(5)
        return caller

    def id_of(self, caller: FakeChannel) -> CallId:
        return CallId(f"call-{caller.id}")

    def available(self, agent: AgentId, does: Party | None = None) -> None:
        self.telephony.agents[agent] = does or Party(after_s=1, talks_s=5)
        self.hotline.acd.wish(agent, AgentEvent.MAKE_AVAILABLE)

    def of(self, caller: FakeChannel, kind: type[Event]) -> list[Any]:
        return [e for e in self.told if isinstance(e, kind) and getattr(e, "call_id", "") == self.id_of(caller)]

    def end(self, caller: FakeChannel) -> str:
        (end,) = self.of(caller, CallEnded)
        return str(end.outcome)


@contextmanager
def floor(directory: Path, site: Site | None = None) -> Iterator[Floor]:
    telephony, told = FakeTelephony(), list[Event]()
    site, data = site or two_queues(), DataDir(directory)
    journal = Journal.open(data.journal)
    path = wire_call_path(site, data, telephony, journal, told.append, now=telephony.now, make_tickets=CheckedTickets)
    reception = path.reception
    serving = asyncio.ensure_future(telephony.serve(reception.arrive, reception.reconnect))
    try:
        with as_it_was_loaded(site):
            yield Floor(telephony, path.hotline, reception, told)
    finally:
        serving.cancel()
        journal.close()
        sound(path)


def on_the_floor(
    directory: Path, story: Callable[[Floor], Coroutine[Any, Any, None]], site: Site | None = None
) -> None:
    async def run() -> None:
        with floor(directory, site) as here:
            await asyncio.sleep(0)
            await story(here)
            await here.reception.close()

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(run())


# --- moving ----------------------------------------------------------------------------------------------------------


def test_a_moved_caller_keeps_the_time_of_arrival_and_goes_before_who_came_later(tmp_path: Path) -> None:
    async def story(here: Floor) -> None:
        first = await here.waits("1")
        later = await here.waits("2")
        for caller in (later, first):
            here.hotline.waiting.call_away(here.id_of(caller), Moved(AID, "8801"))
            await asyncio.sleep(1)
        waiting = here.hotline.acd.waiting(AID)
        assert [call.call_id for call in waiting] == [here.id_of(first), here.id_of(later)]
        (queued,) = here.of(first, CallQueued)
        assert waiting[0].entered_at == queued.at
        assert here.hotline.acd.waiting(HOTLINE) == []
        here.available(BOB)
        await asyncio.sleep(3)
        (talk,) = here.of(first, TalkStarted)
        assert talk.agent == BOB
        (moved,) = here.of(first, CallMoved)
        assert (moved.from_queue, moved.queue, moved.by) == (HOTLINE, AID, "8801")
        story = [event for event in here.told if isinstance(event, CallEvent) and event.call_id == here.id_of(first)]
        row = fold(story)
        assert row is not None and (row.queue, row.queued_at) == (AID, queued.at)
        later.leave()
        await asyncio.sleep(60)
        assert (here.end(first), here.end(later)) == ("answered", "abandoned_queue")

    on_the_floor(tmp_path, story)


def test_who_is_being_offered_is_moved_only_if_nobody_answers(tmp_path: Path) -> None:
    async def story(here: Floor) -> None:
        here.telephony.agents[ANN] = Party(after_s=60)
        caller = await here.waits("1")
        here.available(ANN, Party(after_s=60))
        await asyncio.sleep(1)
        here.hotline.waiting.call_away(here.id_of(caller), Moved(AID, "8801"))
        await asyncio.sleep(5)
        assert not here.of(caller, CallMoved), "it was taken away from a telephone that rings"
        await asyncio.sleep(12)
        (missed,), (moved,) = here.of(caller, AgentMissed), here.of(caller, CallMoved)
        assert moved.at == missed.at

    on_the_floor(tmp_path, story)


def test_an_agent_who_answers_wins_over_the_wish_to_move(tmp_path: Path) -> None:
    async def story(here: Floor) -> None:
        caller = await here.waits("1")
        here.available(ANN, Party(after_s=3, talks_s=60))
        await asyncio.sleep(1)
        here.hotline.waiting.call_away(here.id_of(caller), Moved(AID, "8801"))
        await asyncio.sleep(10)
        (talk,) = here.of(caller, TalkStarted)
        assert talk.agent == ANN and not here.of(caller, CallMoved)
        with pytest.raises(NotWaiting):
            here.hotline.waiting.call_away(here.id_of(caller), Moved(AID, "8801"))

    on_the_floor(tmp_path, story)


def test_the_longest_wait_of_the_new_queue_begins_with_the_move(tmp_path: Path) -> None:
    async def story(here: Floor) -> None:
        caller = await here.waits("1")
        await asyncio.sleep(580)
        here.hotline.waiting.call_away(here.id_of(caller), Moved(AID, "8801"))
        await asyncio.sleep(300)
        assert here.hotline.acd.waiting(AID)
        await asyncio.sleep(320)
        assert not here.hotline.acd.waiting(AID)

    on_the_floor(tmp_path, story)


def test_a_restart_knows_the_new_queue_and_the_old_arrival(tmp_path: Path) -> None:
    async def story(here: Floor) -> None:
        caller = await here.waits("1")
        here.hotline.waiting.call_away(here.id_of(caller), Moved(AID, "8801"))
        await asyncio.sleep(1)
        facts = recall(here.told).calls.of(here.id_of(caller))
        assert facts
        (queued,), (moved,) = here.of(caller, CallQueued), here.of(caller, CallMoved)
        assert (facts.queue, facts.queued_at, facts.here_since) == (AID, queued.at, moved.at)

    on_the_floor(tmp_path, story)


# --- closing ---------------------------------------------------------------------------------------------------------


@pytest.mark.req("TEL-6")
def test_a_closed_queue_tells_those_who_wait_and_those_who_come_and_takes_messages(tmp_path: Path) -> None:
    async def story(here: Floor) -> None:
        waiting = await here.waits("1")
        close_queue(here.hotline, HOTLINE, reason="停电", by="8801")
        await asyncio.sleep(1)
        here.available(ANN)
        coming = await here.waits("2")
        await asyncio.sleep(60)
        for caller in (waiting, coming):
            said = caller.heard
            assert said[said.index(QUEUE_CLOSED) :][:3] == [QUEUE_CLOSED, "leave-message", "beep"]
            assert here.end(caller) == "queue_closed"
        assert len(here.of(waiting, CallQueued)) == 1 and not here.of(coming, CallQueued)
        open_queue(here.hotline, HOTLINE, by="8801")
        open_queue(here.hotline, HOTLINE, by="8801")
        served = await here.waits("3")
        assert here.of(served, TalkStarted)

    on_the_floor(tmp_path, story)


def test_a_supervisors_own_words_and_the_sites_way_out_are_used_and_circles_end_in_a_message(tmp_path: Path) -> None:
    site = two_queues(on_closed=QueueAction(queue=HOTLINE))
    site = site.model_copy(
        update={"queues": (site.queues[0].model_copy(update={"on_closed": QueueAction(queue=AID)}), site.queues[1])}
    )

    async def story(here: Floor) -> None:
        close_queue(here.hotline, HOTLINE, reason="停电", by="8801", prompt="power-cut")
        helped = await here.waits("1")
        assert [call.call_id for call in here.hotline.acd.waiting(AID)] == [here.id_of(helped)]
        close_queue(here.hotline, AID, reason="停电", by="8801")
        await asyncio.sleep(60)
        said = [prompt for prompt in helped.heard if prompt in ("power-cut", QUEUE_CLOSED, "leave-message")]
        assert said == ["power-cut", QUEUE_CLOSED, "leave-message"]

    on_the_floor(tmp_path, story, site)


def test_a_closing_is_on_record_told_again_in_time_and_known_after_a_restart(tmp_path: Path) -> None:
    async def story(here: Floor) -> None:
        closed = close_queue(here.hotline, HOTLINE, reason="停电", by="8801", prompt="power-cut")
        close_queue(here.hotline, AID, reason="演练", by="8801")
        open_queue(here.hotline, AID, by="8802")
        await restate(here.hotline)
        assert len([event for event in here.told if isinstance(event, QueueClosed)]) == 2, "told again too soon"
        await asyncio.sleep(RESTATED_EVERY.total_seconds())
        await restate(here.hotline)
        again = recall(here.told[-1:]).closed[HOTLINE]
        assert (again.reason, again.by, again.prompt, again.since) == ("停电", "8801", "power-cut", closed.at)
        assert again.event_id != closed.event_id
        assert list(recall(here.told).closed) == [HOTLINE]

    on_the_floor(tmp_path, story)


def test_who_is_talking_is_left_alone_when_the_queue_is_closed(tmp_path: Path) -> None:
    async def story(here: Floor) -> None:
        here.available(ANN, Party(after_s=1, talks_s=100))
        caller = await here.waits("1")
        close_queue(here.hotline, HOTLINE, reason="停电", by="8801")
        await asyncio.sleep(50)
        assert not caller.gone and QUEUE_CLOSED not in caller.heard
        await asyncio.sleep(100)
        assert here.end(caller) == "answered" and here.of(caller, CallAnswered)

    on_the_floor(tmp_path, story)

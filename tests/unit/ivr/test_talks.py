"""A talk's mailbox: what is asked is done by the talk's own task, in turn, and whoever asked hears how it went."""

import asyncio
from pathlib import Path

import pytest

from crm.journal.events import CallEnded
from ivr.live.talks import Refused, TalkOver
from tests.fakes.call_centre import ANN, call_centre, in_virtual_time


def test_what_is_asked_is_done_one_after_the_other_and_answered(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            _, live = await centre.talk()
            order: list[str] = []

            async def work(name: str) -> str:
                order.append(f"{name} begins")
                await asyncio.sleep(1)
                order.append(f"{name} ends")
                return name

            one, two = await asyncio.gather(live.ask(lambda: work("one")), live.ask(lambda: work("two")))
            assert (one, two) == ("one", "two")
            assert order == ["one begins", "one ends", "two begins", "two ends"]

    in_virtual_time(story())


def test_a_refusal_reaches_whoever_asked_and_the_talk_goes_on(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            _, live = await centre.talk()

            async def refuse() -> None:
                raise Refused("the caller is on hold already")

            with pytest.raises(Refused, match="on hold already"):
                await live.ask(refuse)
            assert centre.hotline.talks.of(live.call_id) is live

    in_virtual_time(story())


def test_what_is_asked_too_late_is_refused_and_never_done(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            done: list[str] = []

            async def work(name: str) -> None:
                await asyncio.sleep(1)
                done.append(name)

            first = asyncio.create_task(live.ask(lambda: work("first")))
            second = asyncio.create_task(live.ask(lambda: work("second")))
            await asyncio.sleep(0.5)
            caller.leave()
            await first
            with pytest.raises(TalkOver):
                await second
            with pytest.raises(TalkOver):
                await live.ask(lambda: work("third"))
            assert done == ["first"] and centre.hotline.talks.of(live.call_id) is None

    in_virtual_time(story())


def test_a_caller_who_leaves_in_the_middle_ends_the_talk_and_answers_the_asker(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            asking = asyncio.create_task(live.ask(lambda: live.caller.say(["hold-please"] * 50)))
            await asyncio.sleep(1)
            caller.leave()
            with pytest.raises(TalkOver):
                await asking
            await asyncio.sleep(1)
            (end,) = centre.events(CallEnded)
            assert (end.outcome, end.ended_by) == ("answered", "caller")

    in_virtual_time(story())


def test_whoever_stops_waiting_for_the_answer_does_not_stop_the_work(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            _, live = await centre.talk()
            done = asyncio.Event()

            async def work() -> None:
                await asyncio.sleep(1)
                done.set()

            asking = asyncio.create_task(live.ask(work))
            await asyncio.sleep(0.5)
            asking.cancel()
            async with asyncio.timeout(2):
                await done.wait()

    in_virtual_time(story())

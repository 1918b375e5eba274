"""The caller is asked how it was, by key press 1 to 5, after the agent's side has ended the talk. QUA-1."""

import asyncio
from pathlib import Path

import pytest

from config.schema import Site
from crm.journal.events import CallEnded, SurveyAnswered
from ivr.caller.question import KEY_S
from ivr.talking import control as control
from tests.fakes.call_centre import ANN, call_centre, in_virtual_time
from tests.fakes.small_site import small_site


def asking_site() -> Site:
    site = small_site()
    queues = tuple(queue.model_copy(update={"survey": True}) for queue in site.queues)
    return site.model_copy(update={"queues": queues})


@pytest.mark.req("QUA-1")
@pytest.mark.parametrize("keys", ["5", "94", "3"])
def test_the_key_is_on_record_and_the_caller_thanked(tmp_path: Path, keys: str) -> None:
    async def story() -> None:
        async with call_centre(tmp_path, asking_site()) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            caller.press("1")  # in the talk: for the agent, no answer to a question that was not asked yet
            centre.leg(live, ANN).leave()
            await asyncio.sleep(0.05)
            for key in keys:
                caller.press(key)
                await asyncio.sleep(0.15)
            await asyncio.sleep(3)
            (answer,) = centre.events(SurveyAnswered)
            assert (answer.agent, answer.queue, answer.score) == (ANN, "hotline", int(keys[-1]))
            assert caller.heard[-2:] == ["survey-thanks", "goodbye"] and caller.gone
            (end,) = centre.events(CallEnded)
            assert (end.outcome, end.ended_by) == ("answered", "agent")

    in_virtual_time(story())


def test_a_caller_who_says_nothing_is_asked_twice_and_wished_goodbye(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path, asking_site()) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            centre.leg(live, ANN).leave()
            await asyncio.sleep(2 * KEY_S + 3)
            assert caller.gone and caller.heard[-3:] == ["survey-ask", "survey-ask", "goodbye"]
            assert not centre.events(SurveyAnswered)

    in_virtual_time(story())


def test_nobody_is_asked_where_the_site_does_not_say_so_unless_the_agent_does(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            centre.leg(live, ANN).leave()
            await asyncio.sleep(2)
            assert caller.gone and "survey-ask" not in caller.heard
            await asyncio.sleep(30)
            caller, live = await centre.talk("13800138001")
            await live.ask(lambda: control.ask_survey(centre.hotline, live))
            await asyncio.sleep(0.05)
            caller.press("4")
            await asyncio.sleep(2)
            (answer,) = centre.events(SurveyAnswered)
            assert answer.score == 4 and centre.acd.agent(ANN).state.value == "wrap_up"

    in_virtual_time(story())


def test_a_caller_who_hangs_up_first_is_not_asked_and_one_who_hangs_up_then_was_answered(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path, asking_site()) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            centre.leg(live, ANN).leave()
            await asyncio.sleep(1)
            caller.leave()
            await asyncio.sleep(1)
            (end,) = centre.events(CallEnded)
            assert (end.outcome, end.ended_by) == ("answered", "caller")

    in_virtual_time(story())

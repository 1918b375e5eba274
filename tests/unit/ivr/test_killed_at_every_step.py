"""A controller that dies as a call comes to any step of the union: the next one goes on as the first would have. A3.

The stories are told once without a death, which shows what steps they come to and how they end; then each step of the
union is killed at its first moment, in every story that comes to it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import pytest

from config.calls.actions import DutyAction, HangupAction, LanguageAction, MessageAction, PlayAction
from config.ids import CallId
from config.schema import Duty, Line, OpeningHours, Site
from crm.calls.progress import next_of
from crm.journal.events import CallEnded, CallEvent, Event, OutsideTalkStarted, TalkEnded, TalkStarted
from crm.journal.steps import CallStep, DialOut
from ivr.live.parties import Target
from ivr.talking import control as control
from tests.fakes.call_centre import ANN, BEN, CAT, CallCentre, call_centre, in_virtual_time
from tests.fakes.channel import FakeChannel, Party
from tests.fakes.small_site import small_site
from tests.fakes.telephony import NOBODY

HOTLINE, PEOPLE, CLOSED, ENGLISH, NIGHT = "4008100002", "4008100004", "4008100005", "4008100006", "4008100007"
ON_DUTY = "13912345678"
AWAY_S = 0.7
TALKS = Party(after_s=2.0, talks_s=12.0)
ELSEWHERE = {DialOut: "tests/integration/test_due_calls.py"}
"""Steps that the loop does not carry out, and where their deaths are shown."""


def line(dnis: str, **change: Any) -> Line:
    return small_site().lines[0].model_copy(update={"dnis": dnis, **change})


def site() -> Site:
    """One line for each way in: a menu, people, closed with words, closed in English, closed with somebody on duty."""
    small, closed = small_site(), OpeningHours(weekdays={})
    words = HangupAction(play=("address",))
    message = LanguageAction(language="en", then=PlayAction(play=("closed",), then=MessageAction()))
    people = ({"name": "王值班", "number": ON_DUTY},)
    duty = Duty.model_validate({"id": "night", "title": "夜间值班", "title_en": "Night", "people": people})
    lines = (
        *small.lines,
        line(PEOPLE, answer_by="people", queue="hotline", answer_at_s=11.0),
        line(CLOSED, hours=closed, out_of_hours=words),
        line(ENGLISH, hours=closed, out_of_hours=message),
        line(NIGHT, hours=closed, out_of_hours=DutyAction(duty="night")),
    )
    queues = tuple(queue.model_copy(update={"survey": True}) for queue in small.queues)
    return small.model_copy(update={"lines": lines, "duty": (duty,), "queues": queues})


@dataclass(frozen=True)
class Story:
    """`dnis` is called; `acts` is what people do meanwhile, beside the controller and whether there is one or not."""

    dnis: str
    acts: Callable[[CallCentre, FakeChannel], Awaitable[None]]


async def is_served(centre: CallCentre, caller: FakeChannel) -> None:
    """Press 1 in the menu, wait for an agent, say 5 when asked how it was."""
    await asyncio.sleep(4)
    caller.press("1")
    await asyncio.sleep(4)
    centre.available(ANN)
    await centre.happens(TalkEnded)
    await asyncio.sleep(AWAY_S + 0.3)
    caller.press("5")


async def is_handed_on(centre: CallCentre, to: Target) -> None:
    await centre.happens(TalkStarted)
    live = centre.hotline.talks.of(CallId("call-fake-1"))
    assert live
    await live.ask(lambda: control.transfer_blind(centre.hotline, live, to))


async def is_handed_to_nobody(centre: CallCentre, caller: FakeChannel) -> None:
    """The colleague does not answer: back to the queue, where another agent is."""
    centre.telephony.agents[BEN] = NOBODY
    await asyncio.sleep(2)
    caller.press("1")
    centre.available(ANN)
    await asyncio.sleep(3)
    centre.available(BEN)
    await is_handed_on(centre, Target("agent", BEN))
    centre.available(CAT)


async def is_handed_to_a_line(centre: CallCentre, caller: FakeChannel) -> None:
    await asyncio.sleep(2)
    caller.press("1")
    centre.available(ANN)
    await is_handed_on(centre, Target("line", CLOSED))


async def is_answered_by_people(centre: CallCentre, caller: FakeChannel) -> None:
    await asyncio.sleep(AWAY_S + 1)
    centre.available(ANN)


async def leaves_a_message(centre: CallCentre, caller: FakeChannel) -> None:
    caller.speak(4.0)


async def talks_with_duty(centre: CallCentre, caller: FakeChannel) -> None:
    """The person on duty presses 1 whenever the telephone has been answered, and hangs up after 9 s of talk."""
    centre.telephony.customers[ON_DUTY] = Party(after_s=1.0)
    talking = asyncio.create_task(centre.happens(OutsideTalkStarted))
    while not talking.done():
        for leg in at_the_duty_telephone(centre):
            leg.press("1")
        await asyncio.wait({talking}, timeout=1.5)
    await asyncio.sleep(9)
    for leg in at_the_duty_telephone(centre):
        leg.leave()


def at_the_duty_telephone(centre: CallCentre) -> list[FakeChannel]:
    return [leg for name, leg in centre.telephony.channels.items() if ".outside" in name and leg.up_at]


async def nothing(centre: CallCentre, caller: FakeChannel) -> None:
    return


STORIES = {
    "served": Story(HOTLINE, is_served),
    "handed to nobody": Story(HOTLINE, is_handed_to_nobody),
    "handed to a line": Story(HOTLINE, is_handed_to_a_line),
    "people": Story(PEOPLE, is_answered_by_people),
    "closed": Story(CLOSED, nothing),
    "english": Story(ENGLISH, leaves_a_message),
    "duty": Story(NIGHT, talks_with_duty),
}


@dataclass
class Told:
    """How a story went: the kinds of steps it came to, how the call ended, and with how many parties it talked."""

    steps: set[type[CallStep]]
    end: CallEnded
    heard: list[str]
    talks: int


async def tell(centre: CallCentre, story: Story, dies_at: type[CallStep] | None) -> Told:
    """Tell it to its end, with a death at the first moment of that step."""
    steps: set[type[CallStep]] = set()

    def comes_to(event: Event) -> type[CallStep] | None:
        state = centre.hotline.tickets.calls.of(event.call_id) if isinstance(event, CallEvent) else None
        step = next_of(state) if state else None
        return type(step) if step else None

    def note(event: Event) -> None:
        if step := comes_to(event):
            steps.add(step)

    centre.telephony.agents = dict.fromkeys((ANN, BEN, CAT), TALKS)
    centre.telephony.prompts_s = {"leave-message": 1.0, "callback-kept": 1.0, "address": 1.0, "transfer-failed": 1.0}
    centre.listeners.append(note)
    if dies_at:
        centre.dies_at = lambda event: comes_to(event) is dies_at
    caller = centre.telephony.call(story.dnis)
    acting = asyncio.create_task(story.acts(centre, caller))  # type: ignore[arg-type]
    if dies_at:
        await centre.killed.wait()
        await asyncio.sleep(AWAY_S)
        centre.start(await centre.die())
    await centre.happens(CallEnded)
    await acting
    await asyncio.sleep(3)
    assert not centre.telephony.channels and not centre.telephony.bridges, "something is left over"
    assert len(centre.hotline.tickets.calls) == 0 and centre.reception.calls == 0
    (end,) = centre.events(CallEnded)
    return Told(steps, end, caller.heard, len(centre.events(TalkStarted)) + len(centre.events(OutsideTalkStarted)))


@cache
def undisturbed(name: str) -> Told:
    told: list[Told] = []

    async def run(directory: Path) -> None:
        async with call_centre(directory, site()) as centre:
            told.append(await tell(centre, STORIES[name], None))

    with TemporaryDirectory() as directory:
        in_virtual_time(run(Path(directory)))
    return told[0]


def deaths() -> list[tuple[type[CallStep], str]]:
    """Every step of the union, in every story that comes to it."""
    return [
        (step, name)
        for step in get_args(CallStep)
        if step not in ELSEWHERE
        for name in STORIES
        if step in undisturbed(name).steps
    ]


def test_some_story_comes_to_each_step_of_the_union() -> None:
    assert {step for step, _ in deaths()} | set(ELSEWHERE) == set(get_args(CallStep))
    assert all((Path(__file__).parents[3] / shown).exists() for shown in ELSEWHERE.values())


@pytest.mark.parametrize(
    ("step", "name"), deaths(), ids=lambda value: value if isinstance(value, str) else value.__name__
)
def test_a_call_goes_on_from_where_its_controller_died(tmp_path: Path, step: type[CallStep], name: str) -> None:
    async def run() -> None:
        async with call_centre(tmp_path, site()) as centre:
            told, expected = await tell(centre, STORIES[name], step), undisturbed(name)
            assert (told.end.outcome, told.end.ended_by) == (expected.end.outcome, expected.end.ended_by)
            assert told.heard[-1] == expected.heard[-1], "the last words"
            assert told.talks == expected.talks

    in_virtual_time(run())

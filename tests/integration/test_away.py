"""Nobody is at the controls for a while: Asterisk answers by itself within three rings, and what is said is a ticket.

Design D2; TEL-1, TKT-1; faults A4 #2, #3.
"""

import asyncio
from datetime import datetime, timedelta

import pytest

from app.phone.media import Clip
from crm.journal.events import CallEnded, MessageLeft
from tests.fakes.sound import speech
from tests.integration.crowd import Caller, Crowd
from tests.integration.harness.api import Api, Item, until
from tests.integration.harness.invariants import assert_nothing_left, assert_one_end_each
from tests.integration.harness.running import RunningSystem
from tests.integration.story import Story

pytestmark = [pytest.mark.asterisk, pytest.mark.slow, pytest.mark.req("TEL-1", "TKT-1")]

APOLOGY = "apology-system"
ANSWERED_WITHIN_S = 15.0
SPEECH_S = 4.0
KEPT_S = 2.0
"""So much of the speech at least: it begins during the apology, the recording after the tone."""
SILENCE_S = 2
EVERY_S = 1.0
TOLERANCE_S = 1.0


async def leave_word(crowd: Crowd, number: int) -> Caller:
    """Calls, hears the apology, says something; every other caller then hangs up, the others wait to be thanked."""
    caller = await crowd.dial()
    await caller.call.wait_answered(ANSWERED_WITHIN_S)

    async def apologised() -> bool | None:
        return True if crowd.heard(caller, APOLOGY) else None

    await until(apologised, 15, f"caller {number} to hear the apology")
    caller.call.media.source = Clip(speech(SPEECH_S, number))
    await asyncio.sleep(SPEECH_S)
    if number % 2:
        await caller.hang_up()
    else:
        await caller.call.wait_ended(SILENCE_S + 10)
        assert crowd.heard(caller, "message-saved")
    return caller


async def messages_on_record(api: Api, callers: list[Caller]) -> list[Item]:
    numbers = {caller.number for caller in callers}

    async def there() -> list[Item] | None:
        tickets = [await api.get(f"/api/tickets/{item['number']}") for item in await api.every("/api/tickets")]
        with_message = [ticket for ticket in tickets if ticket["recordings"]]
        return tickets if {ticket["ani"] for ticket in with_message} >= numbers else None

    return await until(there, 20, "a ticket with its message for every caller")


async def test_callers_while_the_controller_is_away(system: RunningSystem, soak: bool) -> None:
    """In a soak run ten callers in a minute, in a quick one four as fast as they come."""
    callers, away_s = (10, 60.0) if soak else (4, 0.0)
    system.site.section("recording", message_silence_s=SILENCE_S)
    await system.up()
    async with Crowd(system) as crowd:
        await system.kill9()
        left = asyncio.get_running_loop().time()
        served: list[asyncio.Task[Caller]] = []
        for number in range(callers):
            served.append(asyncio.create_task(leave_word(crowd, number)))
            await asyncio.sleep(EVERY_S)
        done = [await task for task in served]
        await asyncio.sleep(max(0.0, left + away_s - asyncio.get_running_loop().time()))
        await system.restart()
        tickets = await messages_on_record(await system.api(), done)
        await assert_nothing_left(system)
    assert len(tickets) == len({ticket["number"] for ticket in tickets}) == callers
    for caller in done:
        (ticket,) = [ticket for ticket in tickets if ticket["ani"] == caller.number]
        assert_tells(ticket, caller)
    story = Story(system.data)
    assert_one_end_each(story.events)
    assert len(story.of(CallEnded)) == len({event.call_id for event in story.of(MessageLeft)}) == callers


def assert_tells(ticket: Item, caller: Caller) -> None:
    """What the ticket says is what happened at the telephone."""
    answered_s = (caller.call.answered_at - caller.call.invited_at).total_seconds()  # type: ignore[operator]
    assert answered_s <= ANSWERED_WITHIN_S
    (call,) = ticket["calls"]
    assert call["rings"] is not None and call["rings"] <= 3
    for name, seen in (("invited_at", caller.call.invited_at), ("answered_at", caller.call.answered_at)):
        said = datetime.fromisoformat(call[name])
        assert seen is not None and abs(said - seen) <= timedelta(seconds=TOLERANCE_S), name
    (message,) = ticket["recordings"]
    assert message["kind"] == "message" and message["available"]
    assert KEPT_S <= message["duration_s"] <= SPEECH_S + SILENCE_S + 1


async def test_a_caller_who_is_speaking_when_it_comes_back(system: RunningSystem) -> None:
    """The new controller leaves a caller alone who is leaving a message, and finds the message afterwards."""
    system.site.section("recording", message_silence_s=SILENCE_S)
    await system.up()
    async with Crowd(system) as crowd:
        await system.kill9()
        caller = await crowd.dial()
        await caller.call.wait_answered(ANSWERED_WITHIN_S)
        coming_back = asyncio.create_task(system.restart())

        async def apologised() -> bool | None:
            return True if crowd.heard(caller, APOLOGY) else None

        await until(apologised, 15, "the apology")
        caller.call.media.source = Clip(speech(60, 1))
        await coming_back
        assert not caller.call.ended.is_set(), "the call was cut off by the new controller"
        await asyncio.sleep(SPEECH_S)
        await caller.hang_up()
        (ticket,) = await messages_on_record(await system.api(), [caller])
        assert len(ticket["recordings"]) == 1
        await assert_nothing_left(system)
    assert_one_end_each(Story(system.data).events)

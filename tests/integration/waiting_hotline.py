"""The hotline in which the wait is tested: the demo site with short sounds and short waits, and who is found in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from crm.journal.events import AgentOffered, CallQueued, TalkStarted
from tests.integration.harness.invariants import assert_nothing_left, assert_one_end_each, journal_events
from tests.integration.harness.people import OUTSIDE
from tests.integration.harness.running import RunningSystem
from tests.integration.story import Story

HOTLINE, PEOPLE = "4008100002", "4008100001"
AGENT, ENGLISH_AGENT = "8001", "8003"


@asynccontextmanager
async def waiting_hotline(customers_port: int) -> AsyncIterator[RunningSystem]:
    """The demo site with short sounds and short waits; one line that people answer."""
    async with RunningSystem() as running:
        site = running.site.outbound(OUTSIDE, customers_port, callback_to_other_number="with_code").queue(
            "*", wrap_up_s=1
        )
        site.section("recording", message_silence_s=1)
        site.section(
            "wait",
            position_after_s=3,
            position_every_s=60,
            comfort_after_s=10,
            comfort_every_s=60,
            offer_after_s=17,
            offer_every_s=60,
            sorry_after_s=26,
            sorry_every_s=60,
            callback_retry_s=2,
        )
        site.line(PEOPLE, answer_by="people", queue="aid")
        site.sounds(1.2, "position-first", "comfort", "sorry-waited", "sorry-busy", "callback-offer", "message-offer")
        site.sounds(1.2, "callback-enter", "callback-refused", "callback-code", "callback-code-ask")
        site.sounds(1.2, "callback-number", "callback-confirm", "callback-kept", "callback-turn", "leave-message")
        await running.up()
        yield running
        await assert_nothing_left(running)
        assert_one_end_each(journal_events(running.data))


async def queued(system: RunningSystem, number: str) -> CallQueued:
    story = Story(system.data)

    def there(now: Story) -> bool:
        return any(event.call_id == now.call_of(number) for event in now.of(CallQueued))

    await story.until(there, 10, f"{number} in the queue")
    return next(event for event in story.of(CallQueued) if event.call_id == story.call_of(number))


def offers(system: RunningSystem, call_id: str) -> list[AgentOffered]:
    return [event for event in Story(system.data).of(AgentOffered) if event.call_id == call_id]


async def talks(system: RunningSystem, call_id: str, timeout_s: float = 15.0) -> TalkStarted:
    story = Story(system.data)
    await story.until(lambda now: any(e.call_id == call_id for e in now.of(TalkStarted)), timeout_s, "the talk")
    return next(event for event in story.of(TalkStarted) if event.call_id == call_id)

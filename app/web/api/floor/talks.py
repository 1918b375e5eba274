"""What an agent does with the talk at hand: hold, transfer, confer, recording, survey (adapter). TEL-5, QUA-1.

Each answers when it is done, with the talk as it is then; what is not possible now is a 409 that says why.
"""

from typing import Literal

import msgspec

from app.web.http.contract import Nothing, RecordingWish, TalkOut, TransferTo, TransferWish
from app.web.http.operations import Ask, B, Q
from app.web.http.services import TalkAction
from app.web.wire.problems import Problem, invalid


async def hold(ask: Ask[Nothing, Nothing]) -> TalkOut:
    return await _act(ask, "hold")


async def resume(ask: Ask[Nothing, Nothing]) -> TalkOut:
    return await _act(ask, "resume")


async def complete_transfer(ask: Ask[Nothing, Nothing]) -> TalkOut:
    return await _act(ask, "complete")


async def cancel_transfer(ask: Ask[Nothing, Nothing]) -> TalkOut:
    return await _act(ask, "cancel")


async def conference(ask: Ask[Nothing, Nothing]) -> TalkOut:
    return await _act(ask, "conference")


async def survey(ask: Ask[Nothing, Nothing]) -> TalkOut:
    """The agent hangs up, and the caller is asked."""
    return await _act(ask, "survey")


async def recording(ask: Ask[Nothing, RecordingWish]) -> TalkOut:
    return await _act(ask, "pause" if ask.body.state == "paused" else "record")


async def get_talk(ask: Ask[Nothing, Nothing]) -> TalkOut:
    """For a page that was just opened."""
    return await _talk(ask)


async def transfer(ask: Ask[Nothing, TransferWish]) -> TalkOut:
    """Blind or attended, to an agent, a queue, a line or a number outside."""
    before = await _talk(ask)
    kind, to = _target(ask.body.to)
    after = await ask.services.talks.transfer(before.call, kind, to, blind=ask.body.mode == "blind")
    return await _shown(ask, after or msgspec.structs.replace(before, over=True), before.agent)


def _target(to: TransferTo) -> tuple[Literal["agent", "queue", "line", "number"], str]:
    match to:
        case TransferTo(agent=str(agent), queue=None, line=None, number=None):
            return "agent", agent
        case TransferTo(agent=None, queue=str(queue), line=None, number=None):
            return "queue", queue
        case TransferTo(agent=None, queue=None, line=str(line), number=None):
            return "line", line
        case TransferTo(agent=None, queue=None, line=None, number=str(number)):
            return "number", number
        case _:
            raise invalid("to", "one of agent, queue, line, number")


async def _act(ask: Ask[Q, B], action: TalkAction) -> TalkOut:
    before = await _talk(ask)
    after = await ask.services.talks.act(before.call, action)
    still_mine = after is not None and after.agent == before.agent
    return await _shown(ask, msgspec.structs.replace(after or before, over=not still_mine), before.agent)


async def _talk(ask: Ask[Q, B]) -> TalkOut:
    """The talk that is meant. Raises Problem: there is none; Forbidden: it is somebody else's."""
    found = ask.services.talks.talk(ask.path("call"))
    if found is None:
        raise Problem("not_found", f"Nobody talks in call {ask.path('call')}.")
    return await _shown(ask, found, found.agent)


async def _shown(ask: Ask[Q, B], talk: TalkOut, agent: str | None) -> TalkOut:
    """Whom the agent calls in may be a number outside: the agent has typed it."""
    return await ask.seen.calls.live(talk.call, agent, talk)

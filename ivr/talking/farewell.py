"""The end of a call whose agent has left (flow): how was it, by key press, then thanks and 再见. QUA-1, TEL-5."""

from config.ids import AgentId
from crm.journal.events import SurveyAnswered
from crm.journal.steps import Farewell
from ivr.caller.question import ask
from ivr.live.call import Call
from ivr.live.hotline import Hotline

TRIES = 2
SCORES = "12345"


def is_surveyed(hotline: Hotline, call: Call, step: Farewell) -> bool:
    """Whether the caller is asked how it was: the queue's callers are, or the agent wished it."""
    by_queue = call.queue is not None and hotline.site.queue(call.queue).survey
    return step.agent is not None and not call.state.surveyed and (step.survey or by_queue)


async def farewell(hotline: Hotline, call: Call, step: Farewell) -> None:
    """Ask, if the caller is to be asked; thank in any case. Raises ChannelGone."""
    if step.agent and is_surveyed(hotline, call, step):
        await ask_how_it_was(hotline, call, AgentId(step.agent))
    await call.channel.say_goodbye(["survey-thanks", "goodbye"] if call.state.surveyed else ["goodbye"])


async def ask_how_it_was(hotline: Hotline, call: Call, agent: AgentId) -> None:
    """Ask for 1 to 5, again after silence or another key; an answer goes on record."""
    for _ in range(TRIES):
        key = await ask(call.channel, ["survey-ask"])
        if key and key in SCORES:
            answered = SurveyAnswered(call_id=call.id, at=hotline.now(), agent=agent, queue=call.queue, score=int(key))
            return hotline.tickets.record(answered)

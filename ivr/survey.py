"""The end of a call whose agent has left (flow): how was it, by key press, then thanks and 再见. QUA-1, TEL-5."""

from config.ids import AgentId
from crm.journal.events import SurveyAnswered
from ivr.call import Call
from ivr.hotline import Hotline
from ivr.talks import Ended
from ivr.telephony import Digit

TRIES = 2
KEY_S = 6.0
"""How long a caller may think after the question."""
SCORES = "12345"


def is_asked(hotline: Hotline, call: Call, ended: Ended) -> bool:
    """How it was: when the queue's callers are asked, or the agent wished it."""
    asked = ended.survey or (call.queue is not None and hotline.site.queue(call.queue).survey)
    return asked and ended.agent is not None


async def farewell(hotline: Hotline, call: Call, ended: Ended) -> None:
    """Asks, if the caller is to be asked; thanks in any case."""
    asked = is_asked(hotline, call, ended) and ended.agent and await answered(hotline, call, ended.agent)
    await call.channel.say_goodbye(["survey-thanks", "goodbye"] if asked else ["goodbye"])


async def answered(hotline: Hotline, call: Call, agent: AgentId) -> bool:
    """Ask for 1 to 5, again after silence or another key. Whether there was an answer, which is on record then."""
    for _ in range(TRIES):
        playback = await call.channel.start_playback(["survey-ask"])
        heard = await call.channel.next_input(playback, None)
        if isinstance(heard, Digit):
            await playback.stop()
        else:
            heard = await call.channel.next_input(None, KEY_S)
        if isinstance(heard, Digit) and heard.digit in SCORES:
            score = SurveyAnswered(
                call_id=call.id, at=hotline.now(), agent=agent, queue=call.queue, score=int(heard.digit)
            )
            hotline.tickets.record(score)
            return True
    return False

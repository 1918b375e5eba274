"""The two things that change how a caller is spoken to (flow): the line is answered, a language is chosen. TEL-1."""

from config.values.fields import Language
from crm.journal.events import CallAnswered, LanguageChosen
from ivr.call import Call, Step, ring_number
from ivr.hotline import Hotline
from routing.queue import needs_of
from routing.site_rules import LANGUAGE


async def answer(hotline: Hotline, call: Call) -> None:
    """The caller is connected to us, in the ring that goes on record. Raises ChannelGone."""
    answered_at = await call.channel.answer()
    call.enter(Step.GREETING)
    rings = ring_number(call.invited_at, answered_at, hotline.site.ring_period_s)
    hotline.tickets.record(CallAnswered(call_id=call.id, at=answered_at, rings=rings))


def speak(hotline: Hotline, call: Call, language: Language) -> None:
    """From now on in this language: prompts, and agents who speak it."""
    set_language(call, language)
    hotline.tickets.record(LanguageChosen(call_id=call.id, at=hotline.now(), language=language))


def set_language(call: Call, language: Language) -> None:
    """Without a word on record: that there is already."""
    call.language = language
    call.channel.use_language(language)
    kept = {skill: level for skill, level in call.needs if not skill.startswith(LANGUAGE)}
    call.needs = needs_of(kept, {LANGUAGE + language: 1})

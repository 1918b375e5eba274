"""How a caller is spoken to changes (flow): the line is answered and greeted, a language is chosen. TEL-1, TEL-4."""

from config.values.fields import Language
from crm.journal.events import CallAnswered, LanguageChosen
from crm.regulation.calendar import festival_of
from ivr.live.call import Call, ring_number
from ivr.live.hotline import Hotline
from ivr.port.values import Digit
from ivr.words.greeting import greeting


async def answer(hotline: Hotline, call: Call) -> None:
    """Connect the caller to us, in the ring that goes on record. Raises ChannelGone."""
    answered_at = await call.channel.answer()
    rings = ring_number(call.invited_at, answered_at, hotline.site.ring_period_s)
    hotline.tickets.record(CallAnswered(call_id=call.id, at=answered_at, rings=rings))


async def greet(hotline: Hotline, call: Call) -> None:
    """Answer in the ring that the line says, then greet (TEL-1, TEL-4). A key ends the greeting, and counts."""
    if call.line.ring_s:
        await call.channel.take_over()
        rung_s = (hotline.now() - call.invited_at).total_seconds()
        await call.channel.next_input(None, max(0.0, call.line.ring_s - rung_s))
    await answer(hotline, call)
    local = hotline.now().astimezone(hotline.site.zone)
    opening = [
        greeting(local, festival_of(local.date(), hotline.days), hotline.site.greetings),
        call.line.greeting,
    ]
    if hotline.site.recording.enabled and hotline.site.recording.notice:
        opening.append("recording-notice")
    playback = await call.channel.start_playback(opening)
    heard = await call.channel.next_input(playback, None)
    if isinstance(heard, Digit):
        call.typed = heard
        await playback.stop()
    else:
        call.notice_heard = True


def switch_language(hotline: Hotline, call: Call, language: Language) -> None:
    """Speak this language from now on, and ask for agents who speak it."""
    call.channel.use_language(language)
    hotline.tickets.record(LanguageChosen(call_id=call.id, at=hotline.now(), language=language))

"""Messages that Asterisk took by itself while no controller was there become tickets (flow). Design D2, TKT-1."""

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from config.ids import CallId, ChannelId
from crm.journal.events import CallAnswered, CallEnded, MessageLeft
from ivr.arrivals.history import History
from ivr.live.call import call_id_of, ring_number
from ivr.live.hotline import Hotline
from ivr.pbx.messages import LeftMessage, duration_s, parse_message_name
from ivr.pbx.settings import FALLBACK_AFTER_S

log = logging.getLogger(__name__)

QUIET_FOR = timedelta(seconds=3)
"""A file that has not grown for so long is finished."""


async def collect_left_messages(hotline: Hotline, history: History) -> int:
    """Turn every finished message into a ticket, or hang it on the call's own; how many there were."""
    finished, growing = await asyncio.to_thread(_found, hotline)
    history.leaving_message |= {call_id_of(ChannelId(message.unique_id)) for message in growing}
    # The clock and a new connection may look at the same time: whoever comes second finds the file renamed.
    new = [(message, size) for message, size in finished if message.path.exists()]
    for message, size in new:
        _record(hotline, history, message, size)
    return len(new)


def _found(hotline: Hotline) -> tuple[list[tuple[LeftMessage, int]], list[LeftMessage]]:
    """The finished messages, oldest first, with their sizes; and those still being recorded."""
    finished, growing = [], []
    for path in hotline.data.messages.glob("*.wav"):
        if (message := parse_message_name(path)) is None:
            continue
        message = replace(message, started_at=hotline.ours(message.started_at))
        stat = path.stat()
        if hotline.now() - hotline.ours(datetime.fromtimestamp(stat.st_mtime, UTC)) > QUIET_FOR:
            finished.append((message, stat.st_size))
        else:
            growing.append(message)
    return sorted(finished, key=lambda one: one[0].started_at), growing


def _record(hotline: Hotline, history: History, message: LeftMessage, size: int) -> None:
    """Events first, with ids that repeat, then the file gets its final name: a crash in between changes nothing."""
    call_id = call_id_of(ChannelId(message.unique_id))
    ended_at = message.started_at + timedelta(seconds=FALLBACK_AFTER_S + duration_s(size))
    name = f"{call_id}.wav"
    new = call_id not in history.seen
    if new:
        _open(hotline, history, call_id, message)
    left = MessageLeft(
        event_id=f"{call_id}.message", call_id=call_id, at=ended_at, file=name, duration_s=duration_s(size)
    )
    hotline.tickets.record(left)
    if new:
        end = CallEnded(event_id=f"{call_id}.ended", call_id=call_id, at=ended_at, ended_by="caller", outcome="message")
        hotline.tickets.record(end)
    message.path.rename(message.path.with_name(name))
    log.info(
        "A message left while the controller was away is on file.", extra={"action": "left_message", "call_id": call_id}
    )


def _open(hotline: Hotline, history: History, call_id: CallId, message: LeftMessage) -> None:
    channel_id = ChannelId(message.unique_id)
    hotline.open_inbound(channel_id, dnis=message.dnis, ani=message.caller, name="", at=message.started_at)
    answered_at = message.started_at + timedelta(seconds=FALLBACK_AFTER_S)
    rings = ring_number(message.started_at, answered_at, hotline.site.ring_period_s)
    answered = CallAnswered(event_id=f"{call_id}.answered", call_id=call_id, at=answered_at, rings=rings)
    hotline.tickets.record(answered)
    history.seen.add(call_id)

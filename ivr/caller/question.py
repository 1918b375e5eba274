"""A question that is answered by key (flow)."""

import asyncio
from collections.abc import Sequence

from ivr.port.telephony import Channel
from ivr.port.values import Digit

KEY_S = 6.0
"""So long somebody may think after the question."""


async def ask(
    channel: Channel, prompts: Sequence[str], *, within_s: float = KEY_S, keys: str | None = None
) -> str | None:
    """Say the prompts and wait for a key, which cuts them short; None when none comes in `within_s` seconds after them.

    `keys`: only these count, others are passed over. Raises ChannelGone.
    """
    playback = await channel.start_playback(prompts)
    try:
        clock, until = asyncio.get_running_loop().time, None
        while True:
            left_s = None if until is None else max(0.0, until - clock())
            heard = await channel.next_input(playback if until is None else None, left_s)
            if isinstance(heard, Digit):
                if keys is None or heard.digit in keys:
                    return heard.digit
            elif until is None:
                until = clock() + within_s
            else:
                return None
    finally:
        await playback.stop()

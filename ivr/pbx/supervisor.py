"""Keeps one Asterisk alive: restarts a dead or hung one, at most 3 times in 60 s, then gives up loudly (faults A3)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from ivr.pbx.prefix.errors import AsteriskGaveUp, AsteriskNotReady, PbxError
from ivr.pbx.process import AsteriskProcess
from ivr.pbx.restarts import MAX_RESTARTS, WINDOW_S, RestartBudget
from ivr.port.values import TelephonyDown

_log = logging.getLogger(__name__)

PING_INTERVAL_S = 1.0
PING_TIMEOUT_S = 1.5
"""Longer than the ping's own time on the websocket, so that it can still say whether anything else was heard."""
MISSED_PINGS = 3
_HOUSEKEEPING_S = 60.0

Ping = Callable[[], Awaitable[bool]]
"""Asks Asterisk for a sign of life: True. False: it cannot be said now, as when it is just connecting.

Without one it raises AsteriskNotReady or TelephonyDown, or takes too long.
"""


async def supervise(asterisk: AsteriskProcess, ping: Ping, on_restart: Callable[[], Awaitable[None]]) -> None:
    """Runs until cancelled. `on_restart` is called after each restart: every call that was up is gone by then.

    Raises AsteriskGaveUp when Asterisk died or hung more often than allowed: the alarm for whoever runs the system.
    """
    budget = RestartBudget()
    loop = asyncio.get_running_loop()
    while True:
        reason = await _failure(asterisk, ping)
        asterisk.trouble = f"{reason}; it is being restarted"
        restarted = False
        while not restarted:
            if not budget.take(loop.time()):
                asterisk.trouble = f"{reason}; it was restarted too often and is left down"
                _log.critical("Asterisk is given up: %s", reason, extra={"action": "pbx_gave_up"})
                raise AsteriskGaveUp(
                    f"Asterisk failed more than {MAX_RESTARTS} times in {WINDOW_S:.0f} s and is left down: {reason}"
                )
            _log.error("Asterisk is restarted: %s", reason, extra={"action": "pbx_restart"})
            await asterisk.kill()
            try:
                await asterisk.start()
                restarted = True
                asterisk.trouble = None
            except PbxError as error:
                reason = str(error)
        await on_restart()


async def _failure(asterisk: AsteriskProcess, ping: Ping) -> str:
    """Returns, in words, how Asterisk failed, once it has."""
    watchers = {
        asyncio.create_task(_until_ended(asterisk)),
        asyncio.create_task(_until_hung(asterisk, ping)),
        asyncio.create_task(_keep_house(asterisk)),
    }
    try:
        done, _ = await asyncio.wait(watchers, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)


async def _until_ended(asterisk: AsteriskProcess) -> str:
    await asterisk.wait_ended()
    return "the process ended"


async def _until_hung(asterisk: AsteriskProcess, ping: Ping) -> str:
    missed = 0
    loop = asyncio.get_running_loop()
    while missed < MISSED_PINGS:
        started = loop.time()
        try:
            async with asyncio.timeout(PING_TIMEOUT_S):
                if await ping():
                    missed, asterisk.trouble = 0, None
        except (TimeoutError, AsteriskNotReady, TelephonyDown):
            missed += 1
            if missed > 1:
                asterisk.trouble = f"it did not answer {missed} times in a row"
        await asyncio.sleep(max(0.0, PING_INTERVAL_S - (loop.time() - started)))
    return f"it did not answer {MISSED_PINGS} times in a row"


async def _keep_house(asterisk: AsteriskProcess) -> str:
    while True:
        await asyncio.sleep(_HOUSEKEEPING_S)
        try:
            await asterisk.rotate_logs()
        except AsteriskNotReady as error:
            _log.warning("Asterisk's logs were not rotated: %s", error, extra={"action": "pbx_rotate_failed"})

"""Lists the channels that are alive, whatever some of them are (adapter). Design A3.

Asterisk makes one JSON text of the list, and has none to give when a single channel holds a byte that JSON cannot. Then
they are asked for one by one; who cannot be read even so is hung up: no command could ever serve that party.
"""

import logging

import msgspec

from ivr.ari.client import AriClient
from ivr.ari.wire.errors import AriError
from ivr.ari.wire.model import Channel

log = logging.getLogger(__name__)


async def channels_alive(client: AriClient, app: str) -> list[Channel]:
    """All of Asterisk's; those of `app` alone when the list cannot be had. Raises TelephonyDown."""
    try:
        return await client.channels.list_all()
    except AriError as error:
        log.error("The list of channels cannot be had, they are asked for one by one: %s", error, extra=_UNREADABLE)
    found = []
    for channel_id in (await client.applications.get(application_name=app)).channel_ids:
        try:
            found.append(await client.channels.get(channel_id=channel_id))
        except msgspec.DecodeError as error:  # Asterisk says 200 and nothing else
            await _end(client, channel_id, error)
        except AriError as error:
            if error.status != 404:
                await _end(client, channel_id, error)
    return found


async def _end(client: AriClient, channel_id: str, why: Exception) -> None:
    log.error("Channel %s cannot be read and is hung up: %s", channel_id, why, extra=_UNREADABLE)
    try:
        await client.channels.hangup(channel_id=channel_id)
    except AriError as error:
        if error.status != 404:
            log.error("Channel %s was not hung up: %s", channel_id, error, extra=_UNREADABLE)


_UNREADABLE = {"action": "ari_unreadable"}

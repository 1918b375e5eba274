"""From ARI's channels and bridges to the port's: whose leg it is, which line was dialled, by whom (adapter)."""

from collections.abc import Iterable
from typing import Literal

from config.ids import BridgeId, ChannelId
from ivr.ari.wire.model import Bridge, Channel, ReferTo
from ivr.port.numbers import clean_name, clean_number
from ivr.port.values import LiveBridge, LiveChannel, Snapshot, TransferWish

Role = Literal["inbound", "agent", "dialled"]

DIALLED = "dialled"
# First argument of Stasis() in the dialplan (ivr/pbx/conf/extensions.conf) or of our own originate.
ROLES: dict[str, Role] = {"inbound": "inbound", "agent-call": "agent", DIALLED: "dialled"}


def live_channel(channel: Channel, role: Role, dnis: str) -> LiveChannel:
    """`dnis`: the number dialled as the dialplan passed it on, "" for a leg that we dial."""
    return LiveChannel(
        channel_id=ChannelId(channel.id),
        role=role,
        up=channel.state == "Up",
        prepared=role == DIALLED and channel.dialplan.app_name == "Stasis" and channel.state != "Up",
        dnis=clean_number(dnis),
        ani=clean_number(channel.caller.number),
        name=clean_name(channel.caller.name),
        created_at=channel.creationtime,
        sip_call_id=channel.protocol_id,
    )


def live_channels(channels: Iterable[Channel], app: str) -> tuple[LiveChannel, ...]:
    """Those in our application, and those that it is dialling; others (the fallback's, a recorder's) are not ours."""
    found = []
    for channel in channels:
        plan = channel.dialplan
        name, *arguments = plan.app_data.split(",") if plan.app_name == "Stasis" else [""]
        if name == app and arguments and arguments[0] in ROLES:
            found.append(live_channel(channel, ROLES[arguments[0]], "".join(arguments[1:2])))
        elif plan.app_name == "AppDial2":
            found.append(live_channel(channel, "dialled", ""))
    return tuple(found)


def live_bridges(bridges: Iterable[Bridge]) -> tuple[LiveBridge, ...]:
    """The mixing bridges made through ARI."""
    return tuple(
        LiveBridge(bridge_id=BridgeId(bridge.id), channel_ids=tuple(ChannelId(leg) for leg in bridge.channels))
        for bridge in bridges
        if bridge.creator == "Stasis"
    )


def transfer_wish(refer_to: ReferTo) -> TransferWish:
    """What a REFER asks for: `sip:8002@host;x=y` and `8002` are both 8002."""
    asked = refer_to.requested_destination
    user = (asked.destination or asked.protocol_id or "").strip("<>").partition(":")
    name = (user[2] if user[1] else user[0]).partition("@")[0].partition(";")[0]
    other = refer_to.destination_channel
    return TransferWish(to=clean_name(name), with_channel=ChannelId(other.id) if other else None)


def snapshot_of(channels: Iterable[Channel], bridges: Iterable[Bridge], app: str) -> Snapshot:
    """All that is alive of `app`."""
    return Snapshot(channels=live_channels(channels, app), bridges=live_bridges(bridges))

"""Taking over a call that outlived its controller (flow): what Asterisk has is brought in line with the call's state,
then the call goes on by the same loop as any other. Design A3.
"""

from crm.calls.open_calls import OpenCall
from crm.calls.state import CallState
from crm.journal.events import CallAdopted, SupervisorLeft
from ivr.call_flow import in_service, serve
from ivr.caller.lines import line_of
from ivr.live.call import Call, only_supervises, owner_of
from ivr.live.hotline import Hotline
from ivr.live.parties import HeldTalk
from ivr.port.telephony import Channel
from ivr.port.values import Snapshot
from ivr.talking.control import talk_is_over


async def adopt_inbound(
    hotline: Hotline, found: OpenCall, channel: Channel, held: HeldTalk, snapshot: Snapshot
) -> None:
    """Go on from where the call was. `held` is what `hold_talk` gave."""
    call = adopted(hotline, found, channel, held)
    async with in_service(hotline, call):
        await clear_strays(hotline, call, held, snapshot)
        supervisor_lost(hotline, call.state)
        if not held.talking:
            await channel.hush()
        await serve(hotline, call)


def adopted(hotline: Hotline, found: OpenCall, channel: Channel, held: HeldTalk) -> Call:
    """The call as this controller holds it from now on. Whoever has left it meanwhile is out of its state too."""
    call = Call(channel, found, line_of(hotline, found.state))
    if call.state.language_chosen:
        channel.use_language(call.state.language)
    talking = held.talking
    agent = talking.agent_id if talking else None
    hotline.tickets.record(CallAdopted(call_id=call.id, at=hotline.now(), agent=agent))
    if talking:
        call.partner, call.held = talking, held
    elif call.state.bridge_id:
        talk_is_over(hotline, call)
    return call


async def clear_strays(hotline: Hotline, call: Call, held: HeldTalk, snapshot: Snapshot) -> None:
    """Hang up telephones that were ringing or half connected for this call, then take down its bridges (design D3)."""
    kept = {call.channel.id} | held.legs
    for live in snapshot.channels:
        if owner_of(live.channel_id) == call.id and live.channel_id not in kept:
            await hotline.telephony.adopt_channel(live).hangup()
    for bridge in snapshot.bridges:
        if owner_of(bridge.bridge_id) == call.id and (not held.legs or only_supervises(bridge.bridge_id)):
            await hotline.telephony.adopt_bridge(bridge).destroy()


def supervisor_lost(hotline: Hotline, state: CallState) -> None:
    """Nobody goes on with a supervision: its telephone was hung up as a stray, or has gone with the call."""
    if state.supervisor:
        left = SupervisorLeft(call_id=state.call_id, at=hotline.now(), supervisor=state.supervisor, reason="recovered")
        hotline.tickets.record(left)

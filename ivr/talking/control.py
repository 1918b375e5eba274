"""What an agent may do with a talk (flow): hold, consult somebody, bring them in, hand the caller over. TEL-5.

Each of these runs in the talk's own task (`LiveTalk.ask`) and refuses with words what is not possible now. Whether the
caller is in the bridge is written down before it changes: a new controller puts right what was left half done.
"""

import logging
from dataclasses import replace
from typing import Literal

from config.ids import AgentId
from crm.journal.events import (
    AgentLeft,
    CallHeld,
    CallResumed,
    ConferenceStarted,
    SupervisorJoined,
    TalkEnded,
    ThirdJoined,
    ThirdLeft,
    TransferAsked,
    TransferFailed,
)
from ivr.live.call import Call
from ivr.live.hotline import Hotline
from ivr.live.parties import NotReached, Partner, Target
from ivr.live.talks import LiveTalk, Refused
from ivr.port.telephony import Bridge, DialledChannel
from ivr.port.values import TelephonyError
from ivr.talking.reaching import check_number, release, reserve, start_reaching, stop_reaching
from ivr.talking.recording import record_talk

log = logging.getLogger(__name__)


# --- hold ---


async def hold(hotline: Hotline, live: LiveTalk) -> None:
    """The caller hears 请您稍等, then music. Raises Refused."""
    if live.held:
        raise Refused("the caller is on hold already")
    await put_on_hold(hotline, live)


async def resume(hotline: Hotline, live: LiveTalk) -> None:
    """The caller is back. While a third party is asked or there: `cancel` or `conference`. Raises Refused."""
    if not live.held:
        raise Refused("the caller is not on hold")
    if live.third or live.reaching:
        raise Refused("somebody is being consulted: complete or cancel the transfer, or make it a conference")
    await take_off_hold(hotline, live)


async def put_on_hold(hotline: Hotline, live: LiveTalk) -> None:
    bridge = connected(live)
    live.held = True
    hotline.tickets.record(CallHeld(call_id=live.call_id, at=hotline.now(), agent=live.agent_id))
    if live.partner.reservation:
        hotline.acd.held(live.partner.reservation)
    await bridge.remove(live.caller)
    await live.caller.say(["hold-please"])
    await live.caller.start_music()


async def take_off_hold(hotline: Hotline, live: LiveTalk) -> None:
    live.held = False
    hotline.tickets.record(CallResumed(call_id=live.call_id, at=hotline.now(), agent=live.agent_id))
    if live.partner.reservation:
        hotline.acd.resumed(live.partner.reservation)
    await bring_back(live)


async def bring_back(live: LiveTalk) -> None:
    """From music to the bridge."""
    await live.caller.stop_music()
    await connected(live).add(live.caller)


# --- a third party ---


async def consult(hotline: Hotline, live: LiveTalk, target: Target) -> None:
    """An attended transfer begins: the caller waits with music, the target is rung. Raises Refused."""
    nobody_else(live)
    bridge, target = connected(live), replace(target, by=live.agent_id)
    await check_number(hotline, live.call, target)
    live.reaching, live.target = start_reaching(hotline, live.call, target), target
    tell_transfer(hotline, live, target, "attended")
    if not live.held:
        await put_on_hold(hotline, live)
    await bridge.start_ringing()


async def third_reached(hotline: Hotline, live: LiveTalk) -> None:
    """Who was rung has answered, and talks with the agent; or has not, and the agent decides what comes next."""
    reaching = live.take_reaching()
    assert reaching, "nobody is being reached"
    bridge = connected(live)
    await bridge.stop_ringing()
    try:
        third = reaching.result()
    except TelephonyError:
        third = NotReached("unreachable")
    if isinstance(third, NotReached):
        live.target = None
        failed = TransferFailed(call_id=live.call_id, at=hotline.now(), agent=live.agent_id, reason=third.reason)
        return hotline.tickets.record(failed)
    live.third = third
    third.leg.expect_digits(False)
    hotline.tickets.record(
        ThirdJoined(
            call_id=live.call_id,
            at=hotline.now(),
            agent=live.agent_id,
            third=third.agent_id,
            number=third.number,
            channel_id=third.leg.id,
        )
    )
    await bridge.add(third.leg)


async def cancel(hotline: Hotline, live: LiveTalk) -> None:
    """The third party is let go, the caller is back with the agent. Raises Refused."""
    if reaching := live.take_reaching():
        await stop_reaching(hotline, live.call_id, reaching)
        failed = TransferFailed(call_id=live.call_id, at=hotline.now(), agent=live.agent_id, reason="cancelled")
        hotline.tickets.record(failed)
        await connected(live).stop_ringing()
    elif live.third:
        await third_left(hotline, live)
    else:
        raise Refused("no transfer is under way")
    live.target = None
    if live.held:
        await take_off_hold(hotline, live)


async def third_left(hotline: Hotline, live: LiveTalk) -> None:
    """The third party has hung up, or is hung up. A caller on hold stays there until the agent says otherwise."""
    assert live.third, "there is no third party"
    third, live.third, live.target = live.third, None, None
    hotline.tickets.record(ThirdLeft(call_id=live.call_id, at=hotline.now(), agent=live.agent_id))
    if third.agent_id:
        hotline.tickets.record(AgentLeft(call_id=live.call_id, at=hotline.now(), agent=third.agent_id))
    await release(hotline, live.call_id, third)


async def conference(hotline: Hotline, live: LiveTalk) -> None:
    """Caller, agent and third party hear each other. Raises Refused."""
    if not live.third:
        raise Refused("nobody else is there: begin an attended transfer, and wait for the answer")
    if not live.held:
        raise Refused("all three hear each other already")
    live.held = False
    hotline.tickets.record(ConferenceStarted(call_id=live.call_id, at=hotline.now(), agent=live.agent_id))
    if live.partner.reservation:
        hotline.acd.resumed(live.partner.reservation)
    await bring_back(live)


# --- handing over ---


async def complete(hotline: Hotline, live: LiveTalk) -> None:
    """The attended transfer is done: the agent leaves, caller and target talk. Before the target has answered: the
    caller waits for that with music. Raises Refused."""
    if live.third:
        await third_takes_over(hotline, live)
    elif live.reaching:
        leave_to_target(hotline, live)
    else:
        raise Refused("no transfer is under way")


async def transfer_blind(hotline: Hotline, live: LiveTalk, target: Target) -> None:
    """The agent leaves at once; what becomes of the caller is not the agent's affair any more. Raises Refused."""
    nobody_else(live)
    connected(live)
    target = replace(target, by=live.agent_id)
    await check_number(hotline, live.call, target)
    if target.kind in ("agent", "number"):
        live.reaching = start_reaching(hotline, live.call, target)
    else:
        reserve(hotline, live.call, target)
    live.target = target
    tell_transfer(hotline, live, target, "blind")
    leave_to_target(hotline, live)


async def ask_survey(hotline: Hotline, live: LiveTalk) -> None:
    """The agent ends the talk, and the caller is asked how it was (QUA-1). Raises Refused."""
    if live.third or live.reaching:
        raise Refused("somebody else is in the call")
    end_talk(hotline, live, survey=True)


async def partner_left(hotline: Hotline, live: LiveTalk) -> None:
    """The agent hung up: that completes a transfer that is under way, or ends the talk."""
    if live.third:
        await third_takes_over(hotline, live)
    elif live.reaching:
        leave_to_target(hotline, live)
    else:
        end_talk(hotline, live)


def end_talk(hotline: Hotline, live: LiveTalk, *, survey: bool = False) -> None:
    """Nobody goes on with the caller, who is thanked."""
    talk_is_over(hotline, live.call, live.agent_id, survey=survey)
    live.end()


def talk_is_over(hotline: Hotline, call: Call, agent: AgentId | None = None, *, survey: bool = False) -> None:
    """Put the end of the agent's side on record."""
    hotline.tickets.record(TalkEnded(call_id=call.id, at=hotline.now(), agent=agent, survey=survey))


def leave_to_target(hotline: Hotline, live: LiveTalk) -> None:
    """The talk ends; the call goes on to whom the agent named."""
    assert live.target and live.agent_id, "an agent hands the call to a target"
    live.call.reaching = live.take_reaching()
    hotline.tickets.record(AgentLeft(call_id=live.call_id, at=hotline.now(), agent=live.agent_id))
    live.end()


async def third_takes_over(hotline: Hotline, live: LiveTalk) -> None:
    """The third party goes on with the caller, in the same bridge, on a recording of its own."""
    assert live.third, "there is no third party"
    third, live.third, live.target = live.third, None, None
    await continue_with(hotline, live, third)


async def supervisor_takes_over(hotline: Hotline, live: LiveTalk, supervisor: AgentId, leg: DialledChannel) -> None:
    """QUA-5: the supervisor goes on with the caller, the agent is relieved and in wrap-up. Raises Refused."""
    nobody_else(live)
    await connected(live).add(leg)
    hotline.tickets.record(
        SupervisorJoined(
            call_id=live.call_id,
            at=hotline.now(),
            supervisor=supervisor,
            mode="takeover",
            agent=live.agent_id,
            channel_id=leg.id,
        )
    )
    await continue_with(hotline, live, Partner(leg, None, supervisor=supervisor))


async def continue_with(hotline: Hotline, live: LiveTalk, successor: Partner) -> None:
    """Somebody who is in the bridge talks with the caller from now on; who did before is out."""
    bridge, before, held = connected(live), live.partner, live.held
    live.held = False
    live.go_on_with(replace(successor, bridge=bridge))
    await record_talk(hotline, live, bridge)
    if before.agent_id:
        hotline.tickets.record(AgentLeft(call_id=live.call_id, at=hotline.now(), agent=before.agent_id))
    await release(hotline, live.call_id, before)
    if held:
        await bring_back(live)


def tell_transfer(hotline: Hotline, live: LiveTalk, target: Target, mode: Literal["blind", "attended"]) -> None:
    """On the ticket's timeline."""
    hotline.tickets.record(
        TransferAsked(
            call_id=live.call_id,
            at=hotline.now(),
            agent=live.agent_id,
            mode=mode,
            kind=target.kind,
            to=target.to,
        )
    )


def connected(live: LiveTalk) -> Bridge:
    """The bridge of the talk. Raises Refused before caller and agent are connected."""
    if live.bridge is None:
        raise Refused("caller and agent are not connected yet")
    return live.bridge


def nobody_else(live: LiveTalk) -> None:
    """Raises Refused when a third party is there or being rung."""
    if live.third or live.reaching:
        raise Refused("somebody else is in the call already: complete or cancel that transfer first")

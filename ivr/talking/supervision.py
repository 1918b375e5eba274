"""Supervision of talks (flow): a supervisor listens, whispers to the agent, joins in, takes over. QUA-5.

The supervisor's own telephone is rung. To listen or whisper it is bridged with a snoop on the agent's leg; to barge it
joins the bridge of the talk. One task per supervision, which leaves nothing behind however the talk ends; what a
controller that died has left is recognised by its ids and taken down with the other strays (`ivr.arrivals.adoption`).
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final
from uuid import uuid4

from config.ids import AgentId, BridgeId, CallId, ChannelId
from crm.journal.events import SupervisionEnd, SupervisorJoined, SupervisorLeft
from ivr.live.hotline import Hotline
from ivr.live.talks import LiveTalk, Refused
from ivr.port.values import ChannelGone, DialFailed, DialOutcome, TelephonyDown, TelephonyError
from ivr.talking.control import supervisor_takes_over
from ivr.talking.supervision_session import Mode, Over, Session
from routing.agent import BUSY

log = logging.getLogger(__name__)

RING_S = 30.0
"""So long the supervisor's telephone rings."""
NOT_JOINED: Final[Mapping[DialOutcome, SupervisionEnd]] = {
    DialOutcome.BUSY: "busy",
    DialOutcome.NO_ANSWER: "no_answer",
    DialOutcome.REJECTED: "rejected",
    DialOutcome.UNREACHABLE: "unreachable",
    DialOutcome.CANCELLED: "cancelled",
    DialOutcome.CONGESTED: "congested",
}
"""Why the supervisor's telephone was not answered."""
TRIES, AWAY_S = 3, 60.0
"""How often, and for how long each time, it waits for Asterisk to take a supervision down."""


class Supervision:
    """Who supervises which talk now."""

    def __init__(self, hotline: Hotline) -> None:
        self._hotline = hotline
        self._sessions: dict[CallId, Session] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def of(self, call_id: CallId) -> Session | None:
        """None when nobody supervises that call."""
        return self._sessions.get(call_id)

    async def supervise(self, call_id: CallId, supervisor: AgentId, mode: Mode) -> Session:
        """Ring the supervisor, or change the mode of who is there. Raises Refused with words, TelephonyDown."""
        session = self._sessions.get(call_id)
        if session is None:
            return await self._begin(self._talk(call_id, supervisor), supervisor, mode)
        if session.supervisor != supervisor:
            raise Refused(f"{session.supervisor} supervises this talk already")
        if session.joined:
            await session.requests.ask(lambda: self._enter(session, mode))
        else:
            session.mode = mode
        return session

    async def stop(self, call_id: CallId) -> None:
        """Raises Refused when nobody supervises that call."""
        session = self._sessions.get(call_id)
        if session is None:
            raise Refused("nobody supervises this talk")
        await session.requests.ask(session.stop)

    async def close(self) -> None:
        """The system is being stopped."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)

    def _talk(self, call_id: CallId, supervisor: AgentId) -> LiveTalk:
        """The talk, if this supervisor may be rung for it. Raises Refused."""
        live = self._hotline.talks.of(call_id)
        if live is None:
            raise Refused("nobody talks in this call now")
        if live.agent_id == supervisor:
            raise Refused("this is your own talk")
        if any(session.supervisor == supervisor for session in self._sessions.values()):
            raise Refused("you supervise another talk: stop that first")
        busy = {agent.agent_id for agent in self._hotline.acd.agents() if agent.state in BUSY}
        if supervisor in busy:
            raise Refused("you are in a call yourself")
        return live

    async def _begin(self, live: LiveTalk, supervisor: AgentId, mode: Mode) -> Session:
        leg_id = ChannelId(f"{live.call_id}.supervisor{uuid4().hex[:8]}.{supervisor}")
        ringing = self._hotline.telephony.dial_agent(
            supervisor, channel_id=leg_id, caller_id=live.agent_id or live.call.ani, ring_timeout_s=RING_S
        )
        try:
            leg = await ringing
        except DialFailed as failed:
            raise Refused(f"your telephone cannot be rung: {failed.reason.value}") from failed
        session = Session(live, supervisor, mode, leg, live.agent_leg)
        if live.call_id in self._sessions:  # somebody else was quicker
            await leg.hangup()
            raise Refused(f"{self._sessions[live.call_id].supervisor} supervises this talk already")
        self._sessions[live.call_id] = session
        task = asyncio.create_task(self._serve(session), name=f"supervision of {live.call_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return session

    async def _serve(self, session: Session) -> None:
        """From the ringing to the end, whatever it is."""
        reason: SupervisionEnd | None = "stopped"
        try:
            await self._accompany(session)
            reason = None
        except Over as over:
            reason = over.reason
        except DialFailed as failed:
            reason = NOT_JOINED[failed.reason]
        except ChannelGone as gone:
            reason = "hung_up" if gone.channel_id == session.leg.id else "talk_ended"
        except Refused:
            reason = "talk_ended"
        except TelephonyError as exc:
            reason = "failed"
            log.error("A supervision failed: %s", exc, extra={"action": "supervision_failed"} | _call(session))
        finally:
            del self._sessions[session.live.call_id]
            session.requests.close()
            await self._dismantle(session)
            if reason:
                self._tell_left(session, reason)

    async def _accompany(self, session: Session) -> None:
        """Until the supervisor has taken over. Raises Over, or what went wrong."""
        answer = asyncio.create_task(session.leg.answered())
        try:
            while not answer.done():
                await self._next(session, answer)
            await answer
        finally:
            answer.cancel()
            await asyncio.wait({answer})
            if not answer.cancelled():
                answer.exception()  # who has hung up meanwhile says why in vain
        try:
            await self._enter(session, session.mode)
        except Refused:  # nothing to join in yet: the announcement is being said
            await self._enter(session, Mode.LISTEN)
        while not session.taken_over:
            await self._next(session, asyncio.ensure_future(session.leg.wait_gone()))
            if session.leg.gone:
                raise Over("hung_up")

    async def _next(self, session: Session, own: "asyncio.Future[Any]") -> None:
        """Wait for what comes next, and do what is wished. `own`: what may happen at the supervisor's telephone.

        Raises Over, ChannelGone.
        """
        live = session.live
        watched: set[asyncio.Future[Any]] = {
            asyncio.ensure_future(live.caller.wait_gone()),
            asyncio.ensure_future(session.spied_on.wait_gone()),
            session.requests.arrival(),
        }
        try:
            await asyncio.wait({*watched, own}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in watched if not session.joined else {*watched, own}:
                each.cancel()
        if live.caller.gone:
            raise Over("talk_ended")
        while not session.taken_over and (request := session.requests.take()):
            failure = await session.requests.carry_out(request)
            if session.stopped:
                raise Over("stopped")
            if failure and not isinstance(failure, Refused):
                raise failure
        if session.spied_on.gone and not session.taken_over:
            await self._follow(session)

    async def _enter(self, session: Session, mode: Mode) -> None:
        """Hear and be heard as the mode says. Raises Refused, ChannelGone."""
        live = session.live
        if mode is Mode.TAKEOVER:
            await live.ask(lambda: supervisor_takes_over(self._hotline, live, session.supervisor, session.leg))
            session.mode, session.joined, session.taken_over = mode, True, True
            return
        if mode is Mode.BARGE:
            bridge = live.bridge
            if bridge is None:
                raise Refused("caller and agent are not connected yet")
            await live.ask(lambda: bridge.add(session.leg))
            await self._end_snoop(session)
        else:
            await self._end_snoop(session, keep_bridge=True)
            snoop_id = ChannelId(f"{live.call_id}.snoop{uuid4().hex[:8]}")
            telephony = self._hotline.telephony
            session.snoop = await telephony.snoop(session.spied_on, snoop_id=snoop_id, whisper=mode is Mode.WHISPER)
            if session.bridge is None:
                session.bridge = await telephony.create_bridge(BridgeId(f"{live.call_id}.bridge-s{uuid4().hex[:8]}"))
            await session.bridge.add(session.leg, session.snoop)
        session.mode, session.joined = mode, True
        self._tell_joined(session)

    async def _follow(self, session: Session) -> None:
        """The agent has left: on with whoever talks with the caller now. Raises Over when nobody does."""
        if not await session.live.followed(session.spied_on):
            raise Over("talk_ended")
        session.spied_on = session.live.agent_leg
        if session.joined:
            await self._enter(session, session.mode)

    async def _dismantle(self, session: Session) -> None:
        """Nothing is left, also when Asterisk is out of reach meanwhile. Hang up first, then delete the bridge (D3)."""
        for _ in range(TRIES):
            try:
                if not session.taken_over:
                    await session.leg.hangup()
                return await self._end_snoop(session)
            except TelephonyDown:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._hotline.telephony.connected.wait(), AWAY_S)
            except TelephonyError:
                break
        log.error("A supervision is left over.", extra={"action": "supervision_left"} | _call(session))

    async def _end_snoop(self, session: Session, *, keep_bridge: bool = False) -> None:
        if session.snoop:
            await session.snoop.hangup()
            session.snoop = None
        if session.bridge and not keep_bridge:
            await session.bridge.destroy()
            session.bridge = None

    def _tell_joined(self, session: Session) -> None:
        self._hotline.tickets.record(
            SupervisorJoined(
                call_id=session.live.call_id,
                at=self._hotline.now(),
                supervisor=session.supervisor,
                mode=session.mode.value,
                agent=session.live.agent_id,
                channel_id=session.leg.id,
            )
        )

    def _tell_left(self, session: Session, reason: SupervisionEnd) -> None:
        left = SupervisorLeft(
            call_id=session.live.call_id, at=self._hotline.now(), supervisor=session.supervisor, reason=reason
        )
        self._hotline.tickets.record(left)


def _call(session: Session) -> dict[str, str]:
    return {"call_id": session.live.call_id}

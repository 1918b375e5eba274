"""TestPhone: a telephone for tests and demonstrations, on aiosipua. Registers, calls, answers, refuses, hangs up.

It keeps aiosipua's sharp edges to itself: no CANCEL before a response, a 200 that crosses our CANCEL is ended
properly, requests go to the Contact of the answer, and its log lines, which name numbers in full, stay off.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from aiosipua import (
    DialogState,
    IncomingCall,
    OutgoingCall,
    SdpMessage,
    SdpNegotiationError,
    SipRequest,
    SipResponse,
    SipUAC,
    SipUAS,
    build_sdp,
    negotiate_sdp,
    parse_sdp,
    stringify_uri,
)

from app.phone.account import Account, Address
from app.phone.binding import Binding
from app.phone.call import PhoneCall, Side
from app.phone.errors import PhoneTimeout
from app.phone.media import MediaStream
from app.phone.sound.g711 import PCMA, PCMU
from app.phone.wire import SipWire, utc_now
from config.words import two_lines

logger = logging.getLogger(__name__)
logging.getLogger("aiosipua").setLevel(logging.ERROR)

USER_AGENT = "Sanxiang test telephone"
CONFIRM_S = 2.0  # how long a hang-up waits for the other side


class TestPhone:
    """One telephone on one local address. Use as `async with TestPhone("127.0.0.2") as phone`."""

    __test__ = False  # the name is the field's, not pytest's

    def __init__(self, host: str, *, port: int = 0, now: Callable[[], datetime] = utc_now) -> None:
        self.host = host
        self._now = now
        self._wire = SipWire(host, port)
        self._uac = SipUAC(self._wire)
        self._uas = SipUAS(self._wire, user_agent=USER_AGENT, uac=self._uac)
        self._calls: dict[str, PhoneCall] = {}
        self._incoming: asyncio.Queue[PhoneCall] = asyncio.Queue()
        self._binding: Binding | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "TestPhone":
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    @property
    def address(self) -> Address:
        """Where this telephone's SIP is."""
        return self._wire.local_addr

    def now(self) -> datetime:
        """The clock that this telephone and its calls go by."""
        return self._now()

    async def start(self) -> None:
        """Binds its SIP socket. Raises OSError if the address is not there."""
        uas = self._uas
        uas.on_invite, uas.on_reinvite, uas.on_bye = self._invited, self._reinvited, self._bye
        uas.on_cancel, uas.on_update, uas.on_ack_timeout = self._cancel, self._update, self._no_ack
        uas.on_transfer_progress = self._saw_transfer
        self._wire.tap = self._saw_response
        await uas.start()

    async def stop(self) -> None:
        """Ends its calls and its registration politely, then closes."""
        await asyncio.gather(*(self.hang_up(call) for call in list(self._calls.values())))
        await self.unregister()
        if self._tasks:  # streams of calls that have just ended are being closed
            await asyncio.wait(self._tasks, timeout=CONFIRM_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._uas.stop()

    async def register(self, account: Account) -> None:
        """Registers and stays registered, also over a restart of the registrar. Raises RegistrationRefused."""
        binding = Binding(self._uac, account, USER_AGENT)
        await binding.open()
        self._binding = binding

    async def unregister(self) -> None:
        """Takes the registration back, if there is one; at most one second."""
        if self._binding is not None:
            await self._binding.close()
            self._binding = None

    # --- calling ---

    async def dial(self, number: str, server: Address, *, caller: str) -> PhoneCall:
        """Sends the INVITE and returns at once; `caller` is the number shown. Raises PortsTaken."""
        media = MediaStream(self.host, self._now)
        await media.open()
        offer = build_sdp(self.host, media.port, PCMA, "PCMA")
        leg = self._uac.send_invite(
            f"sip:{caller}@{self.host}",
            f"sip:{number}@{server[0]}:{server[1]}",
            server,
            offer,
            user_agent=USER_AGENT,
        )
        call = self._calls[leg.call_id] = PhoneCall(leg, media, self._now)
        leg.on_rejected = lambda _, code, reason: self._ended(call, "remote", code, reason)
        return call

    async def next_call(self, timeout_s: float | None = None) -> PhoneCall:
        """The next call that rings here (180 has been sent). Raises PhoneTimeout."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._incoming.get()
        except TimeoutError as exc:
            raise PhoneTimeout(two_lines(f"{timeout_s:g} 秒内没有来电", f"no call within {timeout_s:g} s")) from exc

    def answer(self, call: PhoneCall) -> None:
        """Picks up; refuses with 488 what offers no G.711. Nothing happens if the call is over already."""
        leg = call.leg
        if not isinstance(leg, IncomingCall) or call.ended_at or call.answered_at:
            return
        if not self._accept(call, leg):
            self.reject(call, 488)
            return
        call.saw_answer()

    def reject(self, call: PhoneCall, code: int = 486) -> None:
        """Refuses a ringing call with a SIP status (486 busy, 480 away, 603 declined)."""
        if isinstance(call.leg, IncomingCall) and not call.ended_at and not call.answered_at:
            call.leg.reject(code)
            self._ended(call, "local", code, "rejected here")

    async def hang_up(self, call: PhoneCall) -> None:
        """Ends the call in whatever state it is, and returns when the other side has confirmed it (≤ 2 s)."""
        leg = call.leg
        if call.ended_at is None and call.answered_at is None and isinstance(leg, OutgoingCall):
            await self._give_up(call, leg)
        if call.ended_at is None and call.answered_at is None:
            self.reject(call, 480)
        if call.ended_at is None:
            bye = leg.hangup() if isinstance(leg, IncomingCall) else leg.hangup(self._uac)
            self._ended(call, "local")
            if bye is not None:
                await _until(call.bye_answered, CONFIRM_S)
        await call.media.close()
        if call.heard_of.is_set() or not call.cancelled:
            self._calls.pop(call.call_id, None)  # else our INVITE may still be answered, and is ended then

    def refer(self, call: PhoneCall, number: str) -> None:
        """The transfer key: asks for the other party to be put through to `number`; `call.transfer` tells the way."""
        leg = call.leg
        server = leg.source_addr if isinstance(leg, IncomingCall) else leg.remote_addr
        request = leg.dialog.create_request("REFER", via_host=self.address[0], via_port=self.address[1])
        request.headers.set_single("Contact", f"<sip:{self.address[0]}:{self.address[1]}>")
        request.headers.set_single("Refer-To", f"<sip:{number}@{server[0]}:{server[1]}>")
        self._wire.send(request, server)

    async def _give_up(self, call: PhoneCall, leg: OutgoingCall) -> None:
        """CANCEL, as soon as there was a response (RFC 3261 §9.1); where there is none, the call is over at once."""
        heard = await _until(call.heard_of, CONFIRM_S)
        if call.ended_at is not None or call.answered_at is not None:
            return  # it was decided while we waited
        call.cancelled = True
        if heard:
            leg.cancel(self._uac)
            await _until(call.ended, CONFIRM_S)
        self._ended(call, "local", 487 if heard else 408, "cancelled" if heard else "no answer")

    # --- what arrives ---

    def _saw_response(self, response: SipResponse) -> None:
        call = self._calls.get(response.call_id or "")
        method = response.cseq.method.upper() if response.cseq else ""
        if method == "REGISTER" and self._binding is not None:
            self._binding.saw(response)
        if call is not None and method == "BYE" and response.status_code >= 200:
            call.bye_answered.set()
        if call is not None and method == "INVITE" and isinstance(call.leg, OutgoingCall):
            self._saw_invite_response(call, call.leg, response)

    def _saw_invite_response(self, call: PhoneCall, leg: OutgoingCall, response: SipResponse) -> None:
        call.heard_of.set()
        status, sdp = response.status_code, _sdp(response)
        if status < 200:
            call.saw_provisional(status)
            if call.cancelled:
                leg.cancel(self._uac)  # a first response that came late
            elif sdp is not None:
                call.use_sdp(sdp)
        elif status < 300:
            self._saw_answer(call, leg, response, sdp)
        elif call.cancelled:
            self._ended(call, "local", status, response.reason_phrase)

    def _saw_answer(self, call: PhoneCall, leg: OutgoingCall, response: SipResponse, sdp: SdpMessage | None) -> None:
        contacts, to = response.contact, response.to_addr
        if contacts:
            leg.dialog.remote_target = stringify_uri(contacts[0].uri)
        if call.cancelled:
            self._end_crossed(call, leg, to.tag if to and to.tag else "")
            return
        call.saw_answer()
        if sdp is None or not call.use_sdp(sdp):
            logger.warning("An answer without usable sound", extra={"action": "phone_no_media"})

    def _end_crossed(self, call: PhoneCall, leg: OutgoingCall, remote_tag: str) -> None:
        """The 200 crossed our CANCEL (RFC 3261 §9.1): acknowledge it, then hang up what was answered."""
        dialog = leg.dialog
        dialog.remote_tag, dialog.state = remote_tag, DialogState.CONFIRMED
        number = leg.invite.cseq.seq if leg.invite.cseq else 1
        host, port = self._wire.local_addr
        ack = dialog.create_request("ACK", via_host=host, via_port=port)
        ack.headers.set_single("CSeq", f"{number} ACK")
        self._wire.send(ack, leg.remote_addr)
        self._uac.send_bye(dialog, leg.remote_addr)
        self._ended(call, "local", 487, "cancelled")

    def _invited(self, leg: IncomingCall) -> None:
        async def ring() -> None:
            media = MediaStream(self.host, self._now)
            call = PhoneCall(leg, media, self._now)
            self._calls[leg.call_id] = call
            await media.open()
            if call.ended_at is not None:  # cancelled while the ports were being opened
                await media.close()
                return
            leg.ringing()
            call.saw_provisional(180)
            self._incoming.put_nowait(call)

        self._spawn(ring())

    def _accept(self, call: PhoneCall, leg: IncomingCall) -> bool:
        """Answers the offer with our one stream; False if it has no G.711."""
        if leg.sdp_offer is None or leg.sdp_offer.audio is None:
            return False
        events = [c.payload_type for c in leg.sdp_offer.audio.codecs if c.encoding_name.lower() == "telephone-event"]
        try:
            sdp, payload_type = negotiate_sdp(
                leg.sdp_offer,
                self.host,
                call.media.port,
                supported_codecs=[PCMA, PCMU],
                dtmf_payload_type=events[0] if events else 0,
            )
        except SdpNegotiationError:
            return False
        leg.accept(sdp)
        return call.use_sdp(leg.sdp_offer, payload_type)

    def _reinvited(self, leg: IncomingCall) -> None:
        call = self._calls.get(leg.call_id)
        if call is None or not self._accept(call, leg):
            leg.reject(488)

    def _update(self, leg: IncomingCall, request: SipRequest) -> SdpMessage | None:
        call = self._calls.get(leg.call_id)
        if call is None or not request.body:
            return None
        offer = parse_sdp(request.text)
        try:
            sdp, payload_type = negotiate_sdp(offer, self.host, call.media.port, supported_codecs=[PCMA, PCMU])
        except SdpNegotiationError:
            return None
        call.use_sdp(offer, payload_type)
        return sdp

    def _bye(self, leg: IncomingCall, _: SipRequest) -> None:
        if call := self._calls.get(leg.call_id):
            self._ended(call, "remote")

    def _cancel(self, request: SipRequest, _: Address) -> None:
        if call := self._calls.get(request.call_id or ""):
            self._ended(call, "remote", 487, "cancelled there")

    def _saw_transfer(self, call_id: str, status: int, _: str) -> None:
        if call := self._calls.get(call_id):
            call.transfer.put_nowait(status)

    def _no_ack(self, leg: IncomingCall) -> None:
        if call := self._calls.get(leg.call_id):
            self._ended(call, "remote", 408, "no ACK")

    def _ended(self, call: PhoneCall, by: Side, code: int = 0, reason: str = "") -> None:
        call.media.catch_up()
        call.saw_end(by, code, reason)
        self._spawn(call.media.close())
        if by == "remote":
            self._calls.pop(call.call_id, None)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _sdp(response: SipResponse) -> SdpMessage | None:
    if response.body and response.content_type == "application/sdp":
        return parse_sdp(response.text)
    return None


async def _until(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True

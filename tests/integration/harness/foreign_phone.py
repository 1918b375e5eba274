"""pyVoIP as a telephone, as a program of its own: it leaves threads, sockets and warnings behind that end with it.

`python -m tests.integration.harness.foreign_phone OPTIONS` where OPTIONS is the JSON of `ForeignPhone`. Prints one JSON
object: whether it talked, and whether it heard who sounds like `expects_hz`.
"""

import json
import os
import sys
import time
import warnings
from dataclasses import asdict, dataclass
from queue import Empty, Queue
from typing import Any

import numpy as np

from app.phone.sound.audio import FRAME, SAMPLE_RATE, tone, tone_over_rest_db

PATIENCE_S = 60.0
LONGEST_TALK_S = 60.0
HALF_S = SAMPLE_RATE // 2


@dataclass(frozen=True)
class ForeignPhone:
    """`number` None: an agent's telephone, which registers and answers one call; else a caller, who dials it."""

    host: str
    port: int
    first_rtp_port: int
    server: tuple[str, int]
    username: str
    secret: str
    tone_hz: float
    expects_hz: float
    number: str | None = None
    talk_s: float = 3.0

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def telephone(options: ForeignPhone, calls: "Queue[Any]") -> Any:
    """A pyVoIP telephone that answers OPTIONS, and that registers only when it is to be called."""
    import pyVoIP.VoIP  # first: pyVoIP.SIP's own imports go in a circle
    from pyVoIP.SIP import SIPClient

    class Client(SIPClient):
        def parse_message(self, message: Any) -> None:
            if getattr(message, "method", None) == "OPTIONS":  # a response has no method
                self.out.sendto(self.gen_ok(message).encode(), (self.server, self.port))
            else:
                super().parse_message(message)

        def register(self) -> bool:
            return bool(super().register()) if options.number is None else True

        def deregister(self) -> bool:
            return bool(super().deregister()) if options.number is None else True

    pyVoIP.SIPCompatibleMethods.append("OPTIONS")
    phone = pyVoIP.VoIP.VoIPPhone(
        *options.server,
        options.username,
        options.secret,
        myIP=options.host,
        callCallback=calls.put,
        sipPort=options.port,
        rtpPortLow=options.first_rtp_port,
        rtpPortHigh=options.first_rtp_port + 20,
    )
    phone.sip = Client(
        *options.server,
        options.username,
        options.secret,
        phone=phone,
        myIP=options.host,
        myPort=options.port,
        callCallback=phone.callback,
        fatalCallback=phone.fatal,
    )
    return phone


def connect(options: ForeignPhone, phone: Any, calls: "Queue[Any]") -> Any | None:
    """The one call of this telephone, answered; None when there was none."""
    from pyVoIP.VoIP import CallState

    if options.number is None:
        try:
            call = calls.get(timeout=PATIENCE_S)
        except Empty:
            return None
        call.answer()
        return call
    call = phone.call(options.number)
    deadline = time.monotonic() + PATIENCE_S
    while call.state is not CallState.ANSWERED and time.monotonic() < deadline:
        time.sleep(0.02)
    return call if call.state is CallState.ANSWERED else None


def talk(options: ForeignPhone, call: Any) -> bool:
    """Sends its tone and listens until the other side hangs up; a caller hangs up `talk_s` after hearing the other's.

    pyVoIP drops and repeats frames when it is late, so the other's tone counts from 10 dB over all else in a second.
    """
    from pyVoIP.VoIP import CallState

    samples = tone(options.tone_hz, LONGEST_TALK_S)
    call.write_audio(((samples.astype(np.int32) >> 8) + 128).astype(np.uint8).tobytes())
    heard = np.zeros(0, dtype=np.int16)
    began, heard_at = time.monotonic(), None
    while call.state is CallState.ANSWERED and time.monotonic() - began < LONGEST_TALK_S:
        frame = np.frombuffer(call.read_audio(FRAME, blocking=True), dtype=np.uint8)  # returns when somebody is heard
        if not frame.any():
            continue  # what it fills a jump of the RTP clock with
        heard = np.concatenate((heard, ((frame.astype(np.int16) - 128) * 256).astype(np.int16)))
        if heard_at is None and heard.size % HALF_S == 0 and heard.size >= SAMPLE_RATE:
            loud = tone_over_rest_db(heard[-SAMPLE_RATE:], options.expects_hz) >= 10
            heard_at = time.monotonic() if loud else None
        if options.number is not None and heard_at is not None and time.monotonic() > heard_at + options.talk_s:
            call.hangup()
    return heard_at is not None


def main() -> None:
    warnings.simplefilter("ignore")
    given = json.loads(sys.argv[1])
    options = ForeignPhone(**{**given, "server": tuple(given["server"])})
    calls: Queue[Any] = Queue()
    phone = telephone(options, calls)
    phone.start()
    sys.stderr.write("ready\n")
    call = connect(options, phone, calls)
    heard = talk(options, call) if call else False
    sys.stdout.write(json.dumps({"talked": call is not None, "heard": heard}) + "\n")
    sys.stdout.flush()
    phone.stop()
    os._exit(0)  # its receivers' threads have no end


if __name__ == "__main__":
    main()

"""Callers of whom no audio ever comes, by SIPp: they dial any request URI, press one key by SIP INFO, wait, hang up."""

from collections.abc import Sequence

from tests.integration.harness.running import RunningSystem
from tests.integration.harness.sipp import CALLERS, Load

HOTLINE = "4008100002"
KEY_AFTER_S = 0.8


def request_uri(system: RunningSystem, number: str, parameters: str = "") -> str:
    """What a trunk asks for; `parameters` follow the host."""
    host, port = system.sip
    return f"sip:{number}@{host}:{port}{parameters}"


def silent_callers(system: RunningSystem, numbers: Sequence[str], *, in_call_s: float, uri: str | None = None) -> Load:
    """Each of these numbers calls once, presses 1 and hangs up `in_call_s` later; a 503 is borne."""
    words = {
        "request_uri": uri or request_uri(system, HOTLINE),
        "key": 1,
        "before_key": round(KEY_AFTER_S * 1000),
        "in_call": round(in_call_s * 1000),
    }
    return Load(
        scenario="silent_caller.xml",
        host=CALLERS,
        rows=[(number,) for number in numbers],
        calls=len(numbers),
        rate=20,
        timeout_s=round(in_call_s) + 20,
        words=words,
    )

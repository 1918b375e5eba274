"""What Asterisk answers instead of doing what was asked, before `ivr.ari` translates it for the port.

TelephonyError (ivr.port.telephony)
├── TelephonyDown
│   └── ConnectionLost   this websocket ended: the command may or may not have been carried out
└── AriError             Asterisk answered with another status than 2xx
"""

from ivr.port.values import TelephonyDown, TelephonyError


class ConnectionLost(TelephonyDown):
    """The websocket ended before the answer came. The same command may be sent again on the next one (own ids, D3)."""


class AriError(TelephonyError):
    """Asterisk refused a command. `status` is the HTTP status, `reason` its own words."""

    def __init__(self, command: str, status: int, reason: str) -> None:
        super().__init__(f"Asterisk refused {command}: {status} {reason}")
        self.status = status
        self.reason = reason

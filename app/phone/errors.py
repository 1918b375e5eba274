"""Everything that can go wrong for a synthetic telephone, each with a sentence that says what to do.

PhoneError
├── SystemNotRunning     nothing runs on that data directory
├── ApiRefused           the system runs, but refused a request of ours (its status code is kept)
├── RegistrationRefused  Asterisk did not take the agent's telephone
├── CallRejected         the other side answered the INVITE with 3xx–6xx
└── PhoneTimeout         the other side did not answer in time
"""

from config.words import two_lines


class PhoneError(Exception):
    """The root; str() is meant for the person at the terminal (Chinese, then English)."""


class SystemNotRunning(PhoneError):
    """No running system at the data directory, or it has gone away."""


class ApiRefused(PhoneError):
    """The system's API answered with an error status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class RegistrationRefused(PhoneError):
    """The registrar refused our REGISTER or never answered it."""


class CallRejected(PhoneError):
    """The call ended before it was answered, with this SIP status code (487: we cancelled it)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(two_lines(f"呼叫未接通：{code} {reason}", f"the call was rejected: {code} {reason}"))
        self.code = code


class PhoneTimeout(PhoneError):
    """Something awaited did not happen in the time given."""

"""What a telephone is told of the system it belongs to. Without telephony: whoever asks for it needs no SIP stack."""

from dataclasses import dataclass

Address = tuple[str, int]
"""Host and port of a socket."""


@dataclass(frozen=True)
class Account:
    """What a telephone registers with: SIP user, its secret, and the registrar's address."""

    username: str
    secret: str
    registrar: Address

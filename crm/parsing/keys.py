"""Under which key a mail is known: that of its Message-ID, or of the place where it lay, and of what is in it (rules).

TKT-1. Some copiers and forms give all their mails one Message-ID: with another content it is another mail.
"""

import hashlib
from typing import Final

_SIGNS: Final = len("mail:") + 64
_BETWEEN: Final = "x"


def key_of(identity: str) -> str:
    return "mail:" + hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()


def whole_key(identity: str, content: bytes) -> str:
    """Begins with the key of its identity."""
    return f"{key_of(identity)}{_BETWEEN}{hashlib.sha256(content).hexdigest()[:32]}"


def identity_part(key: str) -> str:
    """What a key says of the identity alone; all of one that was made before contents were told apart."""
    return key[:_SIGNS]


def range_of(identity: str) -> tuple[str, str]:
    """Every key of an identity lies from the first to before the second, however letters are sorted."""
    return identity, identity + "z"

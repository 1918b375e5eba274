"""Keys that are a secret, such as a call-in code: to be compared, never to be read, shown, logged or put on record
(rules). FUP-10"""

from hmac import compare_digest
from typing import NoReturn


class SecretDigits:
    """What somebody has keyed. It has no text, neither for a log line nor for an encoder."""

    __slots__ = ("_digits",)

    def __init__(self, digits: str) -> None:
        self._digits = digits

    def matches(self, wanted: str) -> bool:
        """Whether it is this, in a time that tells nothing."""
        return compare_digest(self._digits, wanted)

    def __repr__(self) -> str:
        return "SecretDigits(…)"

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("secret digits are not written anywhere")

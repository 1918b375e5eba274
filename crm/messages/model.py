"""A message to a colleague who is absent, passed on with a read receipt (留言转达). Rules and rows, no SQL. TEL-7."""

import re
from datetime import datetime
from typing import Final

import msgspec

MAX_TEXT: Final = 1000
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class ColleagueMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message. `read_at` None: the recipient has not pressed "read" yet."""

    id: int
    at: datetime
    sender: str
    recipient: str
    text: str
    ticket: str | None
    caller: str
    """Number or name of who asked for it; "" for nobody."""
    read_at: datetime | None


def checked_text(text: str) -> str:
    """What is kept of a message's text: trimmed. Raises ValueError with the reason when it cannot be kept."""
    text = text.strip()
    if not text:
        raise ValueError("a message needs words")
    if len(text) > MAX_TEXT:
        raise ValueError(f"{len(text)} characters, at most {MAX_TEXT} are kept")
    if _CONTROLS.search(text):
        raise ValueError("contains control characters")
    return text

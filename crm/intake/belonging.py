"""Which ticket a letter goes on with, and whom it concerns (rules). TKT-1, LNE-6.

Numbers are guessed, senders and subjects forged, Message-IDs of others read. A letter is put on a ticket only by what
we ourselves have sent: as an answer to a message of ours, or by the token of one together with a sender whom the ticket
knows. Never on a restricted ticket, nor on a closed one, where nobody would look: there it makes a ticket of its own
that names the other, as it does whenever it is not certain.
"""

import re
from typing import Final, Literal, NamedTuple

from crm.tickets.model import TicketState

Evidence = Literal["answer", "token", "thread", "number"]
"""Answers a message of ours · bears a token of ours · answers a letter that came to us · names the number."""

_LOCAL: Final = re.compile(r"<([a-z2-7]{26})@")


class Claim(NamedTuple):
    """A ticket that a letter has to do with, and what shows it."""

    ticket: str
    evidence: Evidence


def joins(evidence: Evidence, *, known: bool, restricted: bool, state: TicketState) -> bool:
    """Whether a letter goes on with the ticket itself. `known`: its sender, who is certain, has to do with it."""
    if restricted or state is TicketState.CLOSED:
        return False
    return evidence == "answer" or (evidence == "token" and known)


def sent_ids(thread: tuple[str, ...]) -> list[str]:
    """Of Message-IDs, those that may be of our making: the part before the @."""
    return [found[1] for found in map(_LOCAL.match, thread) if found]

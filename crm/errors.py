"""What can go wrong in crm, as one tree. Whose fault it is shows in the branch.

CrmError
├── StoreAway          the database cannot be reached or is locked: callers on the call path go on without it
├── JournalFailed      the disk refused an event (full, gone): nothing else is wrong with the event
├── JournalInUse       another process has this journal open
├── VersionConflict    somebody else saved the record since it was read
├── UnknownRecord      no record of that id
├── Forbidden          the record is there, and not this person's to change
├── BadValue           one value of what is wanted cannot be kept: `field` says which
├── BadValues          the same of several
├── NotByHand          only the system makes these
├── NotNow             as things stand it cannot be done; says why
├── TooManySearches    one person has looked for too many numbers in a short time
├── NotDialledNumber   a number that may not be dialled: `refused` says why
├── NumberTaken        the number is on another customer's card
├── CardMerged         the card became part of another one: work on that
├── CallGoesOn         a person cannot be removed in the middle of a call
├── BadFile            an import's file that cannot be read as a table
├── IllegalTransition  a state machine refused an event; the state is unchanged
├── NotLikeThis        what is wanted is done in another way, `reason` and words say how
├── ClaimLost          another worker owns the due call now: drop it, dial nothing
├── TooManyFiles       a ticket has as many files as are kept with one
├── BookingRefused     no room, no guide, not at that time: `reason` says which
├── WrongPassword      what was given is not this person's password
├── BadPassword        what was chosen may not be a password: says why
├── BadCursor          a page cursor that no list of ours has given out
└── BadQuery           nothing that could be looked for
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from config.destination import NotDialled


class CrmError(Exception):
    """Root of the crm errors."""


class StoreAway(CrmError):
    """The database is not reachable, or stayed locked for longer than its busy time. Try later; nothing was written."""


class JournalFailed(CrmError):
    """The event could not be written to the journal's disk. The journal itself is unchanged."""


class JournalInUse(CrmError):
    """Another process holds this journal directory."""


class VersionConflict(CrmError):
    """The record moved on since it was read: read it again and repeat the change on top of it."""

    def __init__(self, record: str, expected: int, found: int) -> None:
        super().__init__(f"{record} is at version {found}, the change was made on version {expected}: reload it")
        self.record = record
        self.expected = expected
        self.found = found


class UnknownRecord(CrmError):
    """There is no such record (yet: a ticket of this very moment may still be on its way into the store)."""

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(f"no {kind} {key}")
        self.kind = kind
        self.key = key


class Forbidden(CrmError):
    """Not this person's to do; says whose it is."""


class BadValue(CrmError):
    """A value that cannot be kept; the message says what would do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class BadValues(CrmError):
    """Several values that cannot be kept: field → what would do."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {message}" for field, message in faults.items()))
        self.faults = faults


@contextmanager
def bad_values(field: str) -> Iterator[None]:
    """A rule's word against a value (ValueError, "field: words") becomes BadValue of that field, else of this one."""
    try:
        yield
    except CrmError:
        raise
    except ValueError as exc:
        named, colon, message = str(exc).partition(": ")
        raise (BadValue(named, message) if colon and named.isidentifier() else BadValue(field, str(exc))) from exc


class NotByHand(CrmError):
    """Only the system makes such a record."""


class NotNow(CrmError):
    """It cannot be done as things stand."""


class TooManySearches(CrmError):
    """One person has looked for so many telephone numbers lately that it is no work any more (CUS-4)."""

    def __init__(self, most: int, wait: timedelta) -> None:
        super().__init__(f"{most} telephone numbers were looked for within {wait}: go on later, or ask a supervisor")
        self.wait = wait


class NotDialledNumber(CrmError):
    """A number that may not be dialled (FUP-10)."""

    def __init__(self, refused: NotDialled) -> None:
        super().__init__(f"{refused.number} is not dialled: {refused.reason}")
        self.refused = refused


class NumberTaken(CrmError):
    """A number belongs to one customer: take it off the other card first."""

    def __init__(self, number: str, customer_id: int) -> None:
        super().__init__(f"number {number} is on the card of customer {customer_id}")
        self.number = number
        self.customer_id = customer_id


class CardMerged(CrmError):
    """The card became part of another one and takes no more changes."""

    def __init__(self, customer_id: int, into: int) -> None:
        super().__init__(f"the card of customer {customer_id} was merged into that of customer {into}: change that one")
        self.customer_id = customer_id
        self.into = into


class CallGoesOn(CrmError):
    """A person is removed when no call with that person goes on: end it first."""


class BadFile(CrmError):
    """A file that cannot be read as a table of customers; says what to do about it."""


class IllegalTransition(CrmError):
    """The state machine has no such transition; the state did not change."""

    def __init__(self, state: str, event: str) -> None:
        super().__init__(f"{event} is not possible in state {state}")
        self.state = state
        self.event = event


class NotLikeThis(CrmError):
    """It is done in another way. `reason`: a code for programs; `zh`: what people read, beside the English message."""

    def __init__(self, reason: str, en: str, zh: str) -> None:
        super().__init__(en)
        self.reason = reason
        self.zh = zh


class ClaimLost(CrmError):
    """The claim is no longer ours: its lease ran out and another worker has it, or it was cancelled."""

    def __init__(self, due_call: int, fence: int) -> None:
        super().__init__(f"due call {due_call}: claim with fence {fence} is no longer valid; dial nothing for it")
        self.due_call = due_call
        self.fence = fence


class TooManyFiles(CrmError):
    """No more files are kept with this ticket."""

    def __init__(self, ticket: str, most: int) -> None:
        super().__init__(f"ticket {ticket} has {most} files, and no more are kept with one")
        self.ticket = ticket
        self.most = most


class BookingRefused(CrmError):
    """A booking or appointment that cannot be had like that. `reason`: a code, for pages to choose words by."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class WrongPassword(CrmError):
    """What was given as the present password is not it."""


class BadPassword(CrmError):
    """What was chosen may not be a password; says why, in English and (`zh`) in Chinese."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.zh = zh


class BadCursor(CrmError, ValueError):
    """The `after` of a list is not one that a list gave out as `next`."""


class BadQuery(CrmError, ValueError):
    """What was typed into a search names nothing to look for; says what to type, in English and (`zh`) in Chinese."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.zh = zh

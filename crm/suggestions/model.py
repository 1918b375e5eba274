"""A suggestion from its arrival until the proposer knows what became of it (rules). SUG-1."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from crm.errors import IllegalTransition
from crm.tickets.model import Detail


class SuggestionState(StrEnum):
    """`adopted`, `declined`: decided, the proposer does not know yet. `told`: the proposer knows."""

    REGISTERED = "registered"
    PASSED = "passed"
    ADOPTED = "adopted"
    DECLINED = "declined"
    TOLD = "told"


class SuggestionStep(StrEnum):
    """`tell`: a call to the proposer is due (again). `told`: it came about, or the proposer was told otherwise."""

    REGISTER = "register"
    PASS = "pass"  # noqa: S105 (a step, no password)
    ADOPT = "adopt"
    DECLINE = "decline"
    REMIND = "remind"
    TELL = "tell"
    TOLD = "told"


_S, _D = SuggestionState, SuggestionStep
TRANSITIONS: Final[dict[tuple[SuggestionState, SuggestionStep], SuggestionState]] = {
    (_S.REGISTERED, _D.PASS): _S.PASSED,
    (_S.PASSED, _D.PASS): _S.PASSED,
    (_S.PASSED, _D.REMIND): _S.PASSED,
    (_S.PASSED, _D.ADOPT): _S.ADOPTED,
    (_S.PASSED, _D.DECLINE): _S.DECLINED,
    (_S.ADOPTED, _D.TELL): _S.ADOPTED,
    (_S.ADOPTED, _D.TOLD): _S.TOLD,
    (_S.DECLINED, _D.TELL): _S.DECLINED,
    (_S.DECLINED, _D.TOLD): _S.TOLD,
}


def apply(state: SuggestionState, step: SuggestionStep) -> SuggestionState:
    """The state after the step; raises IllegalTransition when the table has none."""
    try:
        return TRANSITIONS[state, step]
    except KeyError:
        raise IllegalTransition(state, step) from None


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """`contact`: the number to tell the proposer at, "" when there is none. `decide_by`: None until it is passed on.

    `adopted` None: not decided. `due_call`: the call that tells the proposer; `call_state`: how far it is.
    """

    ticket: str
    nature: str
    proposer: str
    contact: str
    summary: str
    state: SuggestionState
    department: str | None
    registered_at: datetime
    registered_by: str
    decide_by: datetime | None
    adopted: bool | None
    reason: str
    result: str
    due_call: int | None
    call_state: str | None
    version: int


class SuggestionEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One step that was taken: append-only."""

    at: datetime
    by: str
    step: SuggestionStep
    details: Mapping[str, Detail]


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Who is told of a step, and in which words."""

    to: tuple[str, ...]
    text: str


@dataclass(frozen=True, kw_only=True)
class CallWish:
    """The call that tells the proposer. `queue`: whose agents make it."""

    due_at: datetime
    queue: str
    note: str


def words_for_proposer(suggestion: str, *, adopted: bool, reason: str, result: str) -> str:
    """What the colleague who rings says to the proposer; the note of the due call."""
    verdict = "已采纳" if adopted else "未采纳"
    outcome = f"；落实情况：{result}" if result else ""
    return f"答复建议人：您的建议“{suggestion[:60]}”{verdict}。原因：{reason}{outcome}"

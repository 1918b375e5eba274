"""Every error that is foreseen has its problem, and none hides behind its root."""

from datetime import timedelta

import pytest

from app.web.http.barrier import _foreseen
from config.destination import NotDialled
from crm import errors
from crm.cases.rights import NOT_YOURS, StepRefused
from crm.days.model import BadNotice
from ivr.live.talks import NotDialable, Refused
from ivr.port.values import TelephonyError
from routing.agent import AgentEvent, AgentState, IllegalTransition

REFUSED = NotDialled("110", "emergency")
EXPECTED = [
    (errors.StoreAway("away"), "store_away"),
    (errors.UnknownRecord("ticket", "1"), "not_found"),
    (errors.VersionConflict("ticket 1", 1, 2), "stale"),
    (errors.Forbidden("not yours"), "forbidden"),
    (errors.BadValue("day", "a date"), "invalid"),
    (errors.BadValues({"day": "a date"}), "invalid"),
    (errors.NotByHand("by itself"), "not_by_hand"),
    (errors.NotNow("later"), "conflict"),
    (errors.NotDialledNumber(REFUSED), "not_dialled"),
    (errors.NumberTaken("13812345678", 1), "conflict"),
    (errors.TooManySearches(60, timedelta(hours=1)), "too_many_requests"),
    (errors.CardMerged(1, 2), "conflict"),
    (errors.IllegalTransition("closed", "wait"), "illegal_transition"),
    (errors.NotLikeThis("by_steps", "by steps", "按步骤"), "illegal_transition"),
    (errors.TooManyFiles("1", 20), "conflict"),
    (errors.WrongPassword(), "invalid"),
    (errors.BadPassword("too short", "太短"), "invalid"),
    (errors.BookingRefused("full", "full"), "conflict"),
    (errors.BadCursor("nonsense"), "invalid"),
    (errors.BadQuery("nothing", "空"), "invalid"),
    (StepRefused(NOT_YOURS), "illegal_transition"),
    (StepRefused(NOT_YOURS, forbidden=True), "forbidden"),
    (NotDialable(REFUSED), "not_dialled"),
    (Refused("not now"), "illegal_transition"),
    (IllegalTransition(AgentState.AVAILABLE, AgentEvent.ANSWER), "illegal_transition"),
    (TelephonyError("no channel"), "telephones_away"),
]
NO_PAGE = {"JournalFailed", "JournalInUse", "ClaimLost", "BadFile", "CallGoesOn"}
"""What no page begins, or what is told in words of its own (a file, a login), or as a plain conflict."""


@pytest.mark.parametrize(("error", "kind"), EXPECTED, ids=lambda each: type(each).__name__ if each else "")
def test_a_foreseen_error_is_its_own_problem(error: Exception, kind: str) -> None:
    assert _foreseen(error).kind == kind


def test_every_error_of_crm_is_ruled_on() -> None:
    ruled = {type(error).__name__ for error, _ in EXPECTED} | NO_PAGE
    known = {each.__name__ for each in errors.CrmError.__subclasses__() if each.__module__ == errors.__name__}
    assert known == ruled & known and issubclass(BadNotice, errors.CrmError)

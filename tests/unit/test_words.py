"""Labels of codes: every code has one in both languages, in one place, and pages get them all."""

import re
from typing import Any, get_args

import msgspec
import pytest

from app.figures import words as figures
from app.web.api.common.vocabulary import GROUPS, get_words
from app.web.http.permissions import PERMISSIONS, PUBLIC
from config.calls.people import LineKind, Role
from config.destination import Reason
from config.values.hours import DayKind
from config.words import Labels
from crm.bookings import words as bookings
from crm.bookings.appointments import AppointmentState
from crm.bookings.model import Answer, BookingState
from crm.calls import words as calls
from crm.cases import steps as case_steps
from crm.cases import words as cases
from crm.cases.model import Stage
from crm.customers import words as customers
from crm.customers.columns import COLUMNS
from crm.customers.model import CustomerKind, NumberUse
from crm.days import words as days
from crm.followups import words as followups
from crm.followups.model import DueCallKind, Outcome
from crm.intake import words as intake
from crm.intake.model import CHANNELS
from crm.journal.events import (
    AgentStateName,
    CallEnded,
    CallEvent,
    CallOutcome,
    DutyMissed,
    DutyReason,
    NotReachedReason,
    OverflowReason,
    SupervisionEnd,
)
from crm.quality import words as quality
from crm.quality.file import NoteKind
from crm.quality.scorecard import CheckState, CheckStep
from crm.regulation import words as regulation
from crm.reports import words as reports
from crm.reports.compliance import Verdict
from crm.suggestions import words as suggestions
from crm.suggestions.model import SuggestionState, SuggestionStep
from crm.tickets import words as tickets
from crm.tickets.model import Severity, TicketKind, TicketState
from crm.users import words as users
from routing.statistics.figures import FIGURES, Tally


def _field(owner: type, name: str) -> set[str]:
    """The values of a field that is one of some strings."""
    kind = msgspec.inspect.type_info(owner).fields  # type: ignore[attr-defined]
    found = next(each.type for each in kind if each.name == name)
    return set(found.values)


@pytest.mark.parametrize(
    ("labels", "codes"),
    [
        (tickets.KINDS, TicketKind),
        (tickets.SEVERITIES, Severity),
        (tickets.STATES, TicketState),
        (tickets.LINES, get_args(LineKind)),
        (intake.CHANNELS, ("telephone", *CHANNELS)),
        (calls.OUTCOMES, get_args(CallOutcome)),
        (calls.NOT_REACHED, get_args(NotReachedReason)),
        (calls.DUTY, get_args(DutyReason)),
        (calls.DUTY_MISSED, _field(DutyMissed, "reason")),
        (calls.OVERFLOWS, get_args(OverflowReason)),
        (calls.SUPERVISION_ENDS, get_args(SupervisionEnd)),
        (calls.ENDED_BY, _field(CallEnded, "ended_by")),
        (calls.AGENT_STATES, get_args(AgentStateName)),
        (followups.KINDS, DueCallKind),
        (followups.OUTCOMES, Outcome),
        (cases.STAGES, Stage),
        (cases.STEPS, case_steps.STEPS),
        (cases.MEASURES, get_args(case_steps.Measure)),
        (cases.VERDICTS, _field(case_steps.Judged, "verdict")),
        (cases.WAYS, _field(case_steps.PassedOn, "how") | _field(case_steps.FedBack, "how")),
        (reports.VERDICTS, Verdict),
        (bookings.STATES, BookingState),
        (bookings.ANSWERS, get_args(Answer)),
        (bookings.APPOINTMENT_STATES, AppointmentState),
        (suggestions.STATES, SuggestionState),
        (suggestions.STEPS, SuggestionStep),
        (quality.STATES, CheckState),
        (quality.STEPS, CheckStep),
        (quality.NOTES, NoteKind),
        (days.KINDS, get_args(DayKind)),
        (customers.KINDS, CustomerKind),
        (customers.USES, NumberUse),
        (users.ROLES, get_args(Role)),
    ],
)
def test_each_code_has_a_label_and_no_label_is_of_nothing(labels: Labels, codes: Any) -> None:
    assert set(labels) == set(codes)


def test_codes_of_other_tables_have_labels() -> None:
    assert set(FIGURES) | {"occupancy"} <= set(figures.FIGURES)
    assert set(FIGURES) == set(figures.FORMULAS)
    assert set(figures.COUNTS) <= set(Tally.__dataclass_fields__)
    assert set(get_args(Reason)) <= set(followups.OUTCOMES)
    assert {column.field for column in COLUMNS} - {"number"} <= set(customers.FIELDS)
    assert set(regulation.CLOCKS) >= {"running", "paused", "late"}


INNER = {"CallRouted", "CallTurnedAway", "OutsideRang", "OutsideAnswered", "TalkEnded"}
"""Where a call goes next, and each leg of it: what comes of them is told by the events beside them."""


def test_a_ticket_tells_every_event_of_its_calls_but_the_inner_ones() -> None:
    assert {each.__name__ for each in CallEvent.__subclasses__()} == set(calls.EVENTS) | INNER
    assert not set(calls.EVENTS) & INNER


def test_each_label_speaks_both_languages_one_at_a_time() -> None:
    chinese = re.compile("[\u4e00-\u9fff]")
    for group, labels in GROUPS.items():
        for code, label in labels.items():
            assert chinese.search(label.zh) and label.en and not chinese.search(label.en), (group, code)
            assert label.zh == label.zh.strip() and label.en == label.en.strip(), (group, code)


def test_what_a_slice_names_the_pages_have() -> None:
    served = [{str(code) for code in labels} for labels in GROUPS.values()]
    for module in (
        quality,
        suggestions,
        bookings,
        calls,
        cases,
        customers,
        days,
        figures,
        followups,
        intake,
        regulation,
        tickets,
        users,
    ):
        for name, labels in vars(module).items():
            if name.isupper() and isinstance(labels, dict) and labels is not tickets.SOURCES:
                codes = {str(code) or "none" for code in labels}
                assert any(codes <= group for group in served), (module, name)


def test_labels_are_for_everybody() -> None:
    """The login page and the public's form have them, too; they tell nothing of anybody."""
    assert PERMISSIONS[get_words.__name__] == PUBLIC

"""Every label of the system, by group and code, in both languages: what the pages show for codes (adapter).

A group is a slice's words.py. The description of the API has each code as a required property, so a page that asks for
a label that does not exist fails the type check.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec
from aiohttp import hdrs, web

from app.figures import words as figures
from app.web.http.contract import Nothing, Out
from app.web.http.operations import AnyOperation, Ask, operation
from app.web.wire.encoding import encode
from config.words import Labels, Words
from crm.bookings import words as bookings
from crm.calls import words as calls
from crm.cases import words as cases
from crm.customers import words as customers
from crm.days import words as days
from crm.followups import words as followups
from crm.intake import words as intake
from crm.quality import words as quality
from crm.regulation import words as regulation
from crm.suggestions import words as suggestions
from crm.tickets import words as tickets
from crm.users import words as users

GROUPS: Final[Mapping[str, Labels]] = {
    "ticket_kind": {**tickets.KINDS, "none": tickets.NOT_CLASSIFIED},
    "severity": tickets.SEVERITIES,
    "ticket_state": tickets.STATES,
    "line": tickets.LINES,
    "channel": intake.CHANNELS,
    "call_event": calls.EVENTS,
    "call_outcome": {**calls.OUTCOMES, "running": calls.RUNNING},
    "not_reached": calls.NOT_REACHED,
    "duty_reason": {**calls.DUTY, **calls.DUTY_MISSED},
    "overflow": calls.OVERFLOWS,
    "choice": calls.CHOICES,
    "supervision_end": calls.SUPERVISION_ENDS,
    "ended_by": calls.ENDED_BY,
    "direction": calls.DIRECTIONS,
    "agent_state": calls.AGENT_STATES,
    "due_kind": followups.KINDS,
    "attempt_outcome": {**followups.OUTCOMES, "running": calls.RUNNING},
    "clock": regulation.CLOCKS,
    "stage": cases.STAGES,
    "case_step": cases.STEPS,
    "measure": cases.MEASURES,
    "verdict": cases.VERDICTS,
    "satisfied": cases.SATISFIED,
    "way": cases.WAYS,
    "language": bookings.LANGUAGES,
    "booking_state": bookings.STATES,
    "booking_deed": bookings.DEEDS,
    "booking_answer": bookings.ANSWERS,
    "appointment_state": bookings.APPOINTMENT_STATES,
    "day_kind": days.KINDS,
    "customer_kind": customers.KINDS,
    "customer_field": customers.FIELDS,
    "number_use": {code or "none": label for code, label in customers.USES.items()},
    "suggestion_state": suggestions.STATES,
    "suggestion_step": suggestions.STEPS,
    "check_state": quality.STATES,
    "check_step": quality.STEPS,
    "file_note": quality.NOTES,
    "role": users.ROLES,
    "account_state": users.ACCOUNT_STATES,
    "password_state": users.PASSWORDS,
    "figure": figures.FIGURES,
    "formula": figures.FORMULAS,
    "count": figures.COUNTS,
}


def _struct(name: str, fields: Mapping[str, Any], doc: str) -> Any:
    return msgspec.defstruct(
        name, list(fields.items()), bases=(Out,), namespace={"__doc__": doc}, frozen=True, kw_only=True
    )


def _name(group: str) -> str:
    """ticket_kind → TicketKindWords."""
    return "".join(map(str.capitalize, group.split("_"))) + "Words"


_TYPES: Final = {
    group: _struct(_name(group), {str(code): Words for code in labels}, f"Labels of the group `{group}`, by code.")
    for group, labels in GROUPS.items()
}
Vocabulary: Final = _struct("Vocabulary", _TYPES, "Labels of codes in both languages, by group.")
_BODY: Final = encode({group: {str(code): label for code, label in labels.items()} for group, labels in GROUPS.items()})
_TAG: Final = f'"{sha256(_BODY).hexdigest()[:20]}"'


async def get_words(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    """The same for everybody, and of nobody: a browser keeps it, and asks whether it is still so."""
    headers = {hdrs.ETAG: _TAG, hdrs.CACHE_CONTROL: "no-cache"}
    if ask.request.headers.get(hdrs.IF_NONE_MATCH) == _TAG:
        return web.Response(status=304, headers=headers)
    return web.Response(body=_BODY, content_type="application/json", headers=headers)


WORDS: Final[tuple[AnyOperation, ...]] = (
    operation(
        "get_words", "GET /api/words", get_words, "Labels of all codes, in both languages", Nothing, Nothing, Vocabulary
    ),
)

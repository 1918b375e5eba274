"""Which operations leave a row on the audit trail, and who writes it, as data; how many refusals are written (rules).
ACC-5.

An operation that is not in the table is a hole: the server does not start with it.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final


class Audited(Enum):
    """Who writes the row."""

    ACT = "the use case, in the transaction of the act or before the first byte"
    BEGIN = "the server, before it begins: somebody is going to listen to people"
    ANSWER = "the server, before it gives the answer: what the answer shows is secret, or ends a session"
    LOGIN = "the server: who logged in, who was refused and from where"
    SIGN_ON = "the use case: who logged in; the server: who was refused and from where"
    CODE = "the use case: who showed a right code; the server: who was refused and from where"
    CONFIRM = "the use case: who showed the password again; the server: who was refused and from where"
    JOURNAL = "nobody: what happens to calls, agents and arrivals is an event of the journal, with who asked for it"
    OWN_ROWS = "nobody: messages between colleagues are kept as they are, with sender and time"
    NOTHING = "nobody: it shows no secret and changes nothing that lasts"


_ACT: Final = (
    "get_aside_mail register_aside_mail dismiss_aside_mail "
    "patch_ticket get_recording get_message hear_check take_step add_attachment get_attachment create_customer "
    "patch_customer reveal_customer move_number keep_apart merge_customers confirm_import export_customers "
    "remove_customer create_due_call accept_due_call cancel_due_call take_up_due_call create_booking patch_booking "
    "step_booking tell_booking create_appointment patch_appointment step_appointment create_api_key revoke_api_key "
    "renew_telephone create_webhook patch_webhook "
    "delete_webhook draw_checks score_check answer_check decide_check close_month add_file_note create_card "
    "revise_card approve_card register_suggestion pass_suggestion decide_suggestion tell_suggestion enter_notice "
    "change_password end_own_session add_user reset_password lock_user unlock_user retire_user end_user_sessions "
    "end_user_session begin_second_factor reset_second_factor enter_day get_report_file get_compliance_file "
    "get_register get_handling_form get_evidence"
)
_BEGIN: Final = "supervise"
_ANSWER: Final = "logout get_telephone list_audit list_accesses"
_JOURNAL: Final = (
    "hold resume transfer complete_transfer cancel_transfer conference set_recording ask_survey move_call "
    "close_queue stop_supervising open_queue set_agent_state change_wrap_up register public_ticket"
)
_NOTHING: Final = (
    "list_aside_mails list_api_keys list_users list_user_sessions list_own_sessions "
    "login_options begin_sign_on end_sign_on "
    "page status openapi get_words me list_tickets search_tickets get_ticket list_calls get_talk list_colleagues "
    "list_queues list_agents list_customers get_customer customer_history list_duplicates import_template "
    "preview_import get_import list_removals list_due_calls get_slots list_bookings get_booking "
    "get_booking_figures list_appointments get_appointment get_figures agent_history intake_options get_arrival "
    "list_attachments public_form list_webhooks list_deliveries ping_webhook get_quality_rules list_checks "
    "get_check get_assessment get_agent_file list_cards card_choices get_card open_card suggestion_choices "
    "list_suggestions get_suggestion list_cases get_case get_matters get_deadlines get_accountability "
    "get_calendar preview_notice live_desk live_wallboard list_reports get_report make_report get_compliance"
)
AUDITED: Final[Mapping[str, Audited]] = {
    "login": Audited.LOGIN,
    "confirm_password": Audited.CONFIRM,
    "finish_sign_on": Audited.SIGN_ON,
    **dict.fromkeys("enter_code confirm_second_factor".split(), Audited.CODE),
    **dict.fromkeys(_ACT.split(), Audited.ACT),
    **dict.fromkeys(_BEGIN.split(), Audited.BEGIN),
    **dict.fromkeys(_ANSWER.split(), Audited.ANSWER),
    **dict.fromkeys(_JOURNAL.split(), Audited.JOURNAL),
    **dict.fromkeys("list_messages send_message read_message".split(), Audited.OWN_ROWS),
    **dict.fromkeys(_NOTHING.split(), Audited.NOTHING),
}
"""Operation → who writes its row."""


MOST_SUBJECT: Final = 200
"""Signs of a subject that is told."""


def subject_of(path: str, places: Mapping[str, str]) -> str:
    """What an answer was about: `agents 8001` for `/api/agents/{id}/telephone`. Places may be anybody's words, in any
    bytes: what no store could keep is written out."""
    words = " ".join((path.removeprefix("/api/").split("/")[0], *places.values()))
    return words.encode("ascii", "backslashreplace").decode().replace("\0", "\\0")[:MOST_SUBJECT]


MINUTE: Final = timedelta(minutes=1)
ROWS_EACH: Final = 10
"""Refusals a minute of one person or address that get a row each …"""
ROWS_IN_ALL: Final = 60
"""… and of all together: who is turned away must not fill the store."""
MAX_KNOWN: Final = 10_000


@dataclass
class _Minute:
    began: datetime
    rows: int = 0
    left_out: int = 0


@dataclass
class Refusals:
    """Counts who was turned away, in memory; those that get no row are told with the next row of theirs."""

    _each: "OrderedDict[str, _Minute]" = field(default_factory=OrderedDict)
    _all: _Minute | None = None

    def admit(self, key: str, now: datetime) -> int | None:
        """Whether this refusal gets a row: how many before it got none, or None. `key`: a person or an address."""
        own = self._each.pop(key, None) or _Minute(now)
        self._each[key] = own
        if len(self._each) > MAX_KNOWN:
            self._each.popitem(last=False)
        self._all = self._all or _Minute(now)
        for one in (own, self._all):
            if not timedelta(0) <= now - one.began < MINUTE:
                one.began, one.rows = now, 0
        if own.rows >= ROWS_EACH or self._all.rows >= ROWS_IN_ALL:
            own.left_out += 1
            return None
        own.rows, self._all.rows, left_out = own.rows + 1, self._all.rows + 1, own.left_out
        own.left_out = 0
        return left_out

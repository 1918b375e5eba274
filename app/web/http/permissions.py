"""Who may do what, as data: every operation of the API by role (rules). Whose objects: crm/rights.py. CUS-4.

Deny by default: an operation that is not in the table is refused to everybody, and the server does not start with it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Literal

from config.schema import Role
from crm.rights import Principal

PUBLIC: Final = "public"
"""No login: what a monitor or a login page needs."""

_ALL: Final[frozenset[Role]] = frozenset({"agent", "supervisor", "administrator"})
_SUPERVISORS: Final[frozenset[Role]] = frozenset({"supervisor", "administrator"})
_ADMINISTRATORS: Final[frozenset[Role]] = frozenset({"administrator"})

PERMISSIONS: Final[Mapping[str, frozenset[Role] | Literal["public"]]] = {
    "page": PUBLIC,
    "status": PUBLIC,
    "openapi": PUBLIC,
    "get_words": PUBLIC,
    "login": PUBLIC,
    "login_options": PUBLIC,
    "begin_sign_on": PUBLIC,
    "finish_sign_on": PUBLIC,
    "end_sign_on": PUBLIC,
    "logout": _ALL,
    "me": _ALL,
    "change_password": _ALL,
    "confirm_password": _ALL,
    "enter_code": _ALL,
    "begin_second_factor": _ALL,
    "confirm_second_factor": _ALL,
    "reset_second_factor": _ADMINISTRATORS,
    "list_own_sessions": _ALL,
    "end_own_session": _ALL,
    "list_users": _ADMINISTRATORS,
    "add_user": _ADMINISTRATORS,
    "reset_password": _ADMINISTRATORS,
    "lock_user": _ADMINISTRATORS,
    "unlock_user": _ADMINISTRATORS,
    "retire_user": _ADMINISTRATORS,
    "list_user_sessions": _ADMINISTRATORS,
    "end_user_sessions": _ADMINISTRATORS,
    "end_user_session": _ADMINISTRATORS,
    "list_tickets": _ALL,
    "search_tickets": _ALL,
    "get_ticket": _ALL,
    "patch_ticket": _ALL,
    "get_recording": _ALL,
    "get_message": _ALL,
    "list_calls": _ALL,
    "get_talk": _ALL,
    "hold": _ALL,
    "resume": _ALL,
    "transfer": _ALL,
    "complete_transfer": _ALL,
    "cancel_transfer": _ALL,
    "conference": _ALL,
    "set_recording": _ALL,
    "ask_survey": _ALL,
    "list_colleagues": _ALL,
    "supervise": _SUPERVISORS,
    "stop_supervising": _SUPERVISORS,
    "move_call": _SUPERVISORS,
    "close_queue": _SUPERVISORS,
    "open_queue": _SUPERVISORS,
    "list_queues": _SUPERVISORS,
    "list_agents": _SUPERVISORS,
    "list_customers": _ALL,
    "get_customer": _ALL,
    "create_customer": _ALL,
    "patch_customer": _ALL,
    "customer_history": _ALL,
    "reveal_customer": _ALL,
    "move_number": _ALL,
    "list_duplicates": _SUPERVISORS,
    "keep_apart": _SUPERVISORS,
    "merge_customers": _SUPERVISORS,
    "import_template": _SUPERVISORS,
    "preview_import": _SUPERVISORS,
    "get_import": _SUPERVISORS,
    "confirm_import": _SUPERVISORS,
    "export_customers": _SUPERVISORS,
    "list_accesses": _ADMINISTRATORS,
    "remove_customer": _ADMINISTRATORS,
    "list_removals": _ADMINISTRATORS,
    "list_due_calls": _ALL,
    "create_due_call": _ALL,
    "accept_due_call": _ALL,
    "cancel_due_call": _ALL,
    "take_up_due_call": _SUPERVISORS,
    "list_messages": _ALL,
    "send_message": _ALL,
    "read_message": _ALL,
    "get_slots": _ALL,
    "list_bookings": _ALL,
    "get_booking": _ALL,
    "create_booking": _ALL,
    "patch_booking": _ALL,
    "step_booking": _ALL,
    "tell_booking": _ALL,
    "get_booking_figures": _SUPERVISORS,
    "list_appointments": _ALL,
    "get_appointment": _ALL,
    "create_appointment": _ALL,
    "patch_appointment": _ALL,
    "step_appointment": _ALL,
    "get_figures": _SUPERVISORS,
    "agent_history": _ALL,
    "set_agent_state": _ALL,
    "change_wrap_up": _ALL,
    "get_telephone": _ALL,
    "renew_telephone": _ADMINISTRATORS,
    "register": _ALL,
    "intake_options": _ALL,
    "get_arrival": _ALL,
    "list_attachments": _ALL,
    "add_attachment": _ALL,
    "get_attachment": _ALL,
    "list_aside_mails": _SUPERVISORS,
    "get_aside_mail": _SUPERVISORS,
    "register_aside_mail": _SUPERVISORS,
    "dismiss_aside_mail": _SUPERVISORS,
    "public_form": PUBLIC,
    "public_ticket": PUBLIC,
    "list_audit": _ADMINISTRATORS,
    "list_api_keys": _ADMINISTRATORS,
    "create_api_key": _ADMINISTRATORS,
    "revoke_api_key": _ADMINISTRATORS,
    "list_webhooks": _ADMINISTRATORS,
    "create_webhook": _ADMINISTRATORS,
    "patch_webhook": _ADMINISTRATORS,
    "delete_webhook": _ADMINISTRATORS,
    "list_deliveries": _ADMINISTRATORS,
    "ping_webhook": _ADMINISTRATORS,
    "get_quality_rules": _ALL,
    "draw_checks": _SUPERVISORS,
    "list_checks": _ALL,
    "get_check": _ALL,
    "hear_check": _ALL,
    "score_check": _SUPERVISORS,
    "answer_check": _ALL,
    "decide_check": _SUPERVISORS,
    "get_assessment": _ALL,
    "close_month": _SUPERVISORS,
    "get_agent_file": _ALL,
    "add_file_note": _SUPERVISORS,
    "list_cards": _ALL,
    "card_choices": _ALL,
    "get_card": _ALL,
    "open_card": _ALL,
    "create_card": _ALL,
    "revise_card": _ALL,
    "approve_card": _SUPERVISORS,
    "suggestion_choices": _ALL,
    "list_suggestions": _ALL,
    "get_suggestion": _ALL,
    "register_suggestion": _ALL,
    "pass_suggestion": _ALL,
    "decide_suggestion": _ALL,
    "tell_suggestion": _ALL,
    "list_cases": _ALL,
    "get_case": _ALL,
    "take_step": _ALL,
    "get_matters": _ALL,
    "get_deadlines": _ALL,
    "get_accountability": _SUPERVISORS,
    "get_calendar": _SUPERVISORS,
    "enter_notice": _ADMINISTRATORS,
    "preview_notice": _ADMINISTRATORS,
    "enter_day": _ADMINISTRATORS,
    "live_desk": _ALL,
    "live_wallboard": _SUPERVISORS,
    "list_reports": _SUPERVISORS,
    "get_report": _SUPERVISORS,
    "make_report": _SUPERVISORS,
    "get_report_file": _SUPERVISORS,
    "get_compliance": _SUPERVISORS,
    "get_compliance_file": _SUPERVISORS,
    "get_register": _SUPERVISORS,
    "get_handling_form": _ALL,
    "get_evidence": _SUPERVISORS,
}
"""Operation → roles. Where agents are let in, crm/rights.py says to whose objects."""

NOT_FOR_KEYS: Final = frozenset(
    {
        "login",
        "logout",
        "me",
        "change_password",
        "confirm_password",
        "enter_code",
        "begin_second_factor",
        "confirm_second_factor",
        "reset_second_factor",
        "list_own_sessions",
        "end_own_session",
        "list_users",
        "add_user",
        "reset_password",
        "lock_user",
        "unlock_user",
        "retire_user",
        "list_user_sessions",
        "end_user_sessions",
        "end_user_session",
        "list_api_keys",
        "create_api_key",
        "revoke_api_key",
        "get_telephone",
        "renew_telephone",
    }
)
"""What no key is ever given: all of app/web/api/users (people, logins, keys), and secrets of telephones. ACC-4."""


def grantable(role: Role) -> frozenset[str]:
    """The operations that a key with this role may be given. Public ones need no key."""
    return frozenset(
        operation
        for operation, allowed in PERMISSIONS.items()
        if allowed != PUBLIC and role in allowed and operation not in NOT_FOR_KEYS
    )


def is_open_to(who: Principal | None, operation: str) -> bool:
    """Whether the operation may be used at all: by the role, and for a key by its scope as well."""
    if not may(who.role if who else None, operation):
        return False
    if who is None or who.scope is None or PERMISSIONS[operation] == PUBLIC:
        return True
    return operation in who.scope and operation not in NOT_FOR_KEYS


WHILE_PENDING: Final[Mapping[str, frozenset[str]]] = {
    "code": frozenset({"me", "logout", "enter_code"}),
    "new_password": frozenset({"me", "logout", "change_password"}),
    "second_factor": frozenset({"me", "logout", "begin_second_factor", "confirm_second_factor", "confirm_password"}),
}
"""What is open to a login that has something to do first (crm.rights.Pending), besides what is public."""


def held_back(pending: str | None, operation: str) -> bool:
    """Whether the operation has to wait until this login has done what it has to. ACC-1."""
    return pending is not None and PERMISSIONS[operation] != PUBLIC and operation not in WHILE_PENDING[pending]


SENSITIVE: Final = frozenset(
    {
        "add_user",
        "reset_password",
        "lock_user",
        "unlock_user",
        "retire_user",
        "reset_second_factor",
        "end_user_sessions",
        "end_user_session",
        "create_api_key",
        "revoke_api_key",
        "renew_telephone",
        "end_own_session",
        "begin_second_factor",
    }
)
"""What nobody does at a page that was left open: the password has to have been shown lately. ACC-1."""

SHOWN_HOLDS: Final = timedelta(minutes=15)


def asks_again(shown_at: datetime | None, operation: str, now: datetime) -> bool:
    """Whether the password has to be shown once more first. `shown_at` None: a program, which has none. ACC-1."""
    return operation in SENSITIVE and shown_at is not None and now - shown_at > SHOWN_HOLDS


def may(role: Role | None, operation: str) -> bool:
    """Whether somebody with this role (None: not logged in) may use the operation at all."""
    allowed = PERMISSIONS.get(operation, frozenset())
    return allowed == PUBLIC or (role is not None and role in allowed)

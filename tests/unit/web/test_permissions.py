"""The permission table and the object-level rules beside it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from app.web.api.table import OPERATIONS
from app.web.http.permissions import (
    NOT_FOR_KEYS,
    PERMISSIONS,
    PUBLIC,
    SENSITIVE,
    SHOWN_HOLDS,
    WHILE_PENDING,
    asks_again,
    grantable,
    held_back,
    is_open_to,
    may,
)
from crm.rights import Principal, may_reveal, may_see_calls_of, may_set_state_of, may_sit_at, may_work_on

AGENT = Principal(name="8001", agent="8001", role="agent")
SUPERVISOR = Principal(name="8801", agent="8801", role="supervisor")
ADMINISTRATOR = Principal(name="8901", agent="8901", role="administrator")
PROGRAM = Principal(name="token:agent", agent=None, role="agent")


@pytest.mark.parametrize("role", [None, "agent", "supervisor", "administrator"])
def test_what_nobody_ruled_on_is_refused(role):
    assert not may(role, "delete_everything")


def test_without_a_login_only_these_are_open():
    sign_on = {"login_options", "begin_sign_on", "finish_sign_on", "end_sign_on"}
    public = {"page", "status", "openapi", "get_words", "login", "public_form", "public_ticket"} | sign_on
    assert {name for name in PERMISSIONS if may(None, name)} == public


def test_a_login_that_has_something_to_do_first_can_do_that_and_nothing_else():
    for pending, operations in WHILE_PENDING.items():
        left = {name for name, roles in PERMISSIONS.items() if roles != PUBLIC and not held_back(pending, name)}
        assert left == operations
        assert operations - {"me", "logout"} <= DONE_FIRST[pending]
        assert not held_back(pending, "page")
    assert not any(held_back(None, name) for name in PERMISSIONS)


DONE_FIRST = {
    "code": {"enter_code"},
    "new_password": {"change_password"},
    "second_factor": {"begin_second_factor", "confirm_second_factor", "confirm_password"},
}


@pytest.mark.req("ACC-1")
def test_what_is_sensitive_asks_for_the_password_again_after_a_quarter_of_an_hour_and_no_program():
    shown = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
    for name in PERMISSIONS:
        assert not asks_again(shown, name, shown + SHOWN_HOLDS)
        assert asks_again(shown, name, shown + SHOWN_HOLDS + timedelta(seconds=1)) == (name in SENSITIVE)
        assert not asks_again(None, name, shown + timedelta(days=1))
    assert SHOWN_HOLDS == timedelta(minutes=15) and "confirm_password" not in SENSITIVE


@pytest.mark.req("ACC-1")
def test_all_that_changes_people_and_keys_is_sensitive_but_what_shows_a_secret_itself():
    """An operation that is added to app/web/api/users is, unless it is named here."""
    rights = {one for one in OPERATIONS if one.handle.__module__.startswith("app.web.api.users.")}
    writing = {one.name for one in rights if one.method != "GET" and PERMISSIONS[one.name] != PUBLIC}
    itself = {"change_password", "confirm_password", "enter_code", "confirm_second_factor"}
    assert writing - SENSITIVE == itself | {"logout"}
    assert SENSITIVE <= NOT_FOR_KEYS and set(PERMISSIONS) > SENSITIVE


def test_an_administrator_may_do_all_that_a_supervisor_may_and_a_supervisor_all_that_an_agent_may():
    allowed = [{name for name in PERMISSIONS if may(role, name)} for role in ("agent", "supervisor", "administrator")]
    assert allowed[0] < allowed[1] <= allowed[2]
    assert {name for name, roles in PERMISSIONS.items() if roles == PUBLIC} <= allowed[0]


# rows: who, whose; columns: calls, state, desk, ticket
@pytest.mark.parametrize(
    ("who", "whose", "expected"),
    [
        (AGENT, "8001", (True, True, True, True)),
        (AGENT, "8002", (False, False, False, False)),
        (AGENT, None, (False, False, False, True)),
        (SUPERVISOR, "8002", (True, True, False, True)),
        (ADMINISTRATOR, "8002", (True, True, True, True)),
        (PROGRAM, "8001", (False, False, False, False)),
    ],
)
def test_own_and_foreign_objects(who, whose, expected):
    found = (
        may_see_calls_of(who, whose),
        whose is not None and may_set_state_of(who, whose),
        whose is not None and may_sit_at(who, whose),
        may_work_on(who, whose),
    )
    assert found == expected


def test_what_is_everybodys_business_only_for_supervisors():
    closed = {name for name in PERMISSIONS if not may("agent", name)}
    assert closed == SUPERVISORS_ONLY | CUSTOMERS_AT_LARGE | UNREAD_MAILS | ADMINISTRATION


UNREAD_MAILS = {"list_aside_mails", "get_aside_mail", "register_aside_mail", "dismiss_aside_mail"}
SUPERVISORS_ONLY = {
    "take_up_due_call",
    "list_queues",
    "list_agents",
    "get_figures",
    "get_booking_figures",
    "get_accountability",
    "live_wallboard",
    "supervise",
    "stop_supervising",
    "move_call",
    "close_queue",
    "open_queue",
    "list_reports",
    "get_report",
    "make_report",
    "get_report_file",
    "get_compliance",
    "get_compliance_file",
    "get_evidence",
    "get_register",
    "get_calendar",
    "enter_notice",
    "preview_notice",
    "enter_day",
    "draw_checks",
    "score_check",
    "decide_check",
    "close_month",
    "add_file_note",
    "approve_card",
}

ADMINISTRATION = {
    "list_audit",
    "list_api_keys",
    "create_api_key",
    "revoke_api_key",
    "renew_telephone",
    "reset_second_factor",
    "list_webhooks",
    "create_webhook",
    "patch_webhook",
    "delete_webhook",
    "list_deliveries",
    "ping_webhook",
    "list_users",
    "add_user",
    "reset_password",
    "lock_user",
    "unlock_user",
    "retire_user",
    "list_user_sessions",
    "end_user_sessions",
    "end_user_session",
}

CUSTOMERS_AT_LARGE = {
    "list_duplicates",
    "keep_apart",
    "merge_customers",
    "import_template",
    "preview_import",
    "get_import",
    "confirm_import",
    "export_customers",
    "list_accesses",
    "remove_customer",
    "list_removals",
}


@pytest.mark.req("CUS-4")
def test_numbers_are_revealed_to_agents_for_their_own_case_only():
    assert may_reveal(AGENT, "t-1", "8001") and may_reveal(AGENT, "t-1", None)
    assert not may_reveal(AGENT, "t-1", "8002")
    assert not may_reveal(AGENT, None, None)
    assert may_reveal(SUPERVISOR, None, None)
    assert {name for name in CUSTOMERS_AT_LARGE if not may("supervisor", name)} == {
        "list_accesses",
        "remove_customer",
        "list_removals",
    }


@pytest.mark.req("ACC-4")
def test_no_key_reaches_people_logins_or_keys():
    people = {one.name for one in OPERATIONS if one.handle.__module__.startswith("app.web.api.users.")}
    people -= {name for name in people if PERMISSIONS[name] == PUBLIC}
    assert "create_api_key" in people
    assert people <= NOT_FOR_KEYS, "what is about people and credentials is never a key's"
    for role in ("agent", "supervisor", "administrator"):
        assert not grantable(role) & NOT_FOR_KEYS
        everything = Principal(name="key:all", agent=None, role=role, scope=frozenset(PERMISSIONS))
        reached = {name for name in PERMISSIONS if is_open_to(everything, name)}
        assert reached == grantable(role) | {name for name, roles in PERMISSIONS.items() if roles == PUBLIC}


@pytest.mark.req("ACC-4")
def test_a_scope_takes_away_and_never_adds():
    narrow = Principal(name="key:narrow", agent=None, role="agent", scope=frozenset({"list_tickets", "list_audit"}))
    assert is_open_to(narrow, "list_tickets") and is_open_to(narrow, "status")
    assert not is_open_to(narrow, "get_ticket"), "the role may, the scope has it not"
    assert not is_open_to(narrow, "list_audit"), "the scope has it, the role may not"
    assert not is_open_to(None, "list_tickets")


def test_an_answer_with_a_secret_is_kept_nowhere():
    """Whoever repeats a request with its Idempotency-Key gets the kept answer: none may hold a secret."""
    telling = {one.name for one in OPERATIONS if tells_a_secret(one.answer)}
    writing = {one.name for one in OPERATIONS if one.method != "GET"}
    unmarked = {one.name for one in OPERATIONS if not one.secret}
    assert {"create_webhook", "create_api_key"} <= telling
    assert telling & writing & unmarked <= SECRET_IS_EMPTY


def tells_a_secret(answer: Any) -> bool:
    """By name and type: the state of a password is a word of a few."""
    fields = msgspec.structs.fields(answer) if hasattr(answer, "__struct_fields__") else ()
    names = {"secret", "password", "codes", "link"}
    return any(field.name in names and field.type in (str, str | None, list[str]) for field in fields)


SECRET_IS_EMPTY = {"ping_webhook", "revoke_api_key"}
"""Their answers have the field, and nothing in it."""

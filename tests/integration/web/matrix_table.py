"""Who may do what to whose record, and what the answer may say: one row for each operation. Data, and the definition.

ACC-6, CUS-4, LNE-6. An operation without a row here fails the run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from tests.integration.web.matrix_world import RELATIONS, ROLES

Verdict = Literal["yes", "no", "hidden"]
"""`no`: there, and not this person's (403). `hidden`: as if it were not there (404, or a value that is not known)."""


def _by_relation(*verdicts: Verdict) -> dict[str, Verdict]:
    return dict(zip(RELATIONS, verdicts, strict=True))


# Columns: own · live · foreign · restricted · about me · restricted and about me
RIGHTS: Final[Mapping[str, Mapping[str, Mapping[str, Verdict]]]] = {
    "see": {
        "agent": _by_relation("yes", "yes", "yes", "hidden", "yes", "hidden"),
        "supervisor": _by_relation("yes", "yes", "yes", "hidden", "yes", "hidden"),
        "administrator": _by_relation("yes", "yes", "yes", "yes", "yes", "hidden"),
    },
    "add to": {  # a booking, a promised call: anybody's ticket, but none about oneself
        "agent": _by_relation("yes", "yes", "yes", "hidden", "no", "hidden"),
        "supervisor": _by_relation("yes", "yes", "yes", "hidden", "no", "hidden"),
        "administrator": _by_relation("yes", "yes", "yes", "yes", "no", "hidden"),
    },
    "work on": {
        "agent": _by_relation("yes", "yes", "no", "hidden", "no", "hidden"),
        "supervisor": _by_relation("yes", "yes", "yes", "hidden", "no", "hidden"),
        "administrator": _by_relation("yes", "yes", "yes", "yes", "no", "hidden"),
    },
    "see as a department": {  # suggestions: who registered it, or works where it lies
        "agent": _by_relation("yes", "no", "no", "hidden", "yes", "hidden"),
        "supervisor": _by_relation("yes", "yes", "yes", "hidden", "yes", "hidden"),
        "administrator": _by_relation("yes", "yes", "yes", "yes", "yes", "hidden"),
    },
    "work as a department": {
        "agent": _by_relation("yes", "no", "no", "hidden", "no", "hidden"),
        "supervisor": _by_relation("yes", "yes", "yes", "hidden", "no", "hidden"),
        "administrator": _by_relation("yes", "yes", "yes", "yes", "no", "hidden"),
    },
    "supervise": {  # of supervisors alone: the table of roles keeps agents out
        "agent": _by_relation("no", "no", "no", "no", "no", "no"),
        "supervisor": _by_relation("yes", "yes", "yes", "hidden", "no", "hidden"),
        "administrator": _by_relation("yes", "yes", "yes", "yes", "no", "hidden"),
    },
    "administer": {
        "agent": _by_relation("no", "no", "no", "no", "no", "no"),
        "supervisor": _by_relation("no", "no", "no", "no", "no", "no"),
        "administrator": _by_relation("yes", "yes", "yes", "yes", "no", "hidden"),
    },
    "mine": {  # what is a person's own: a message, a desk, a telephone
        role: _by_relation("yes", "no", "no", "no", "no", "no") for role in ROLES
    },
    "mine, or as a supervisor": {
        "agent": _by_relation("yes", "no", "no", "no", "no", "no"),
        "supervisor": _by_relation("yes", "yes", "yes", "yes", "yes", "yes"),
        "administrator": _by_relation("yes", "yes", "yes", "yes", "yes", "yes"),
    },
    "mine, or as an administrator": {
        "agent": _by_relation("yes", "no", "no", "no", "no", "no"),
        "supervisor": _by_relation("yes", "no", "no", "no", "no", "no"),
        "administrator": _by_relation("yes", "yes", "yes", "yes", "yes", "yes"),
    },
    "of administrators": {
        "agent": _by_relation("no", "no", "no", "no", "no", "no"),
        "supervisor": _by_relation("no", "no", "no", "no", "no", "no"),
        "administrator": _by_relation("yes", "yes", "yes", "yes", "yes", "yes"),
    },
    "decide": {  # what a department was asked: its people, and supervisors
        "agent": _by_relation("no", "no", "no", "hidden", "no", "hidden"),
        "supervisor": _by_relation("yes", "yes", "yes", "hidden", "no", "hidden"),
        "administrator": _by_relation("yes", "yes", "yes", "yes", "no", "hidden"),
    },
    "talk": {  # a call that goes on: whose talk it is, and supervisors
        "agent": _by_relation("yes", "no", "no", "no", "no", "no"),
        "supervisor": _by_relation("yes", "yes", "yes", "hidden", "no", "hidden"),
        "administrator": _by_relation("yes", "yes", "yes", "yes", "no", "hidden"),
    },
    "listen": {
        "agent": _by_relation("no", "no", "no", "no", "no", "no"),
        "supervisor": _by_relation("yes", "yes", "yes", "hidden", "no", "hidden"),
        "administrator": _by_relation("yes", "yes", "yes", "yes", "no", "hidden"),
    },
    "give a number": {  # takes it off another card: for supervisors, and of the caller at hand
        "agent": _by_relation("no", "no", "no", "hidden", "no", "hidden"),
        "supervisor": _by_relation("yes", "yes", "yes", "hidden", "no", "hidden"),
        "administrator": _by_relation("yes", "yes", "yes", "yes", "no", "hidden"),
    },
    "note": {
        "agent": _by_relation("no", "no", "no", "no", "no", "no"),
        "supervisor": _by_relation("yes", "yes", "yes", "hidden", "yes", "hidden"),
        "administrator": _by_relation("yes", "yes", "yes", "yes", "yes", "hidden"),
    },
    "answer": {
        role: _by_relation("yes", "no", "no", "hidden" if role != "administrator" else "no", "no", "hidden")
        for role in ROLES
    },
    "check": {  # a spot check: the agent's own once it is scored; a restricted ticket's only for who sees that
        "agent": _by_relation("yes", "no", "no", "hidden", "no", "hidden"),
        "supervisor": _by_relation("yes", "yes", "yes", "hidden", "no", "hidden"),
        "administrator": _by_relation("yes", "yes", "yes", "yes", "no", "hidden"),
    },
}

_ALL, _NAME, _NONE = ("name", "numbers"), ("name",), ()
SHOWN: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "agent": dict(zip(RELATIONS, (_ALL, _ALL, _NAME, _NONE, _NAME, _NONE), strict=True)),
    "supervisor": dict(zip(RELATIONS, (_ALL, _ALL, _ALL, _NONE, _NAME, _NONE), strict=True)),
    "administrator": dict(zip(RELATIONS, (_ALL, _ALL, _ALL, _ALL, _NAME, _NONE), strict=True)),
}
"""What of somebody an answer may say at most, whatever was asked: the name, whole numbers."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """`right`: of RIGHTS; None: it is about no record, and the table of roles alone decides. `id`: what `{id}` of the
    path is. `query`, `body`: with `$x` for what the world knows. `ok`: how it answers when it is allowed; `hidden`:
    when there is nothing to be seen. `opens`: of which relations an agent has to see a whole number: what agents
    need for their work stays. `over`: what an answer may say beyond SHOWN, and why."""

    right: str | None = None
    id: str = ""
    query: str = ""
    body: Any = None
    ok: tuple[int, ...] = (200,)
    hidden: tuple[int, ...] = (404,)
    opens: tuple[str, ...] = ()
    over: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    key: bool = False


_BOTH: Final = ("own", "live")
_OWN: Final = ("own",)
_MADE: Final = (201,)
_REFUSED_VALUE: Final = (400,)
_CLASH: Final = (409,)
_NOTICE: Final = "1-1..1-3 holiday\n2-5..2-11 holiday\n2-20 make_up\n5-1..5-5 holiday\n10-1..10-7 holiday"
_MINE_ENTIRELY: Final = {"own": _ALL}
"""A message to oneself is read as it was written, whatever ticket it is about."""

TABLE: Final[Mapping[str, Row]] = {
    # --- no record of anybody's ---
    "page": Row(ok=(200, 503)),
    "status": Row(),
    "openapi": Row(),
    "get_words": Row(),
    "login": Row(body={"name": "8001", "password": "wrong"}, ok=(401,)),
    "login_options": Row(),
    "begin_sign_on": Row(ok=(404,)),
    "finish_sign_on": Row(ok=(404,)),
    "end_sign_on": Row(ok=(404,)),
    "enter_code": Row(body={"code": "000000"}, ok=(403, 429)),
    "begin_second_factor": Row(),
    "confirm_second_factor": Row(body={"code": "000000"}, ok=(400, 403, 429)),
    "reset_second_factor": Row(ok=(404,)),
    "logout": Row(ok=(204,)),
    "me": Row(),
    "change_password": Row(body={"old": "a wrong one", "new": "teapot glacier violin"}, ok=_REFUSED_VALUE),
    "confirm_password": Row(body={"password": "a wrong one"}, ok=(401, 429)),
    "list_own_sessions": Row(),
    "end_own_session": Row(ok=(404,)),
    "list_users": Row(),
    "add_user": Row(body={"name": "Li Na", "display_name": "x", "display_name_en": "x", "role": "agent"}, ok=(400,)),
    "reset_password": Row(ok=(404,)),
    "lock_user": Row(ok=(404,)),
    "unlock_user": Row(ok=(404,)),
    "retire_user": Row(ok=(404,)),
    "list_user_sessions": Row(ok=(404,)),
    "end_user_sessions": Row(ok=(404,)),
    "end_user_session": Row(ok=(404,)),
    "list_colleagues": Row(),
    "list_agents": Row(),
    "list_queues": Row(),
    "close_queue": Row(body={"reason": "演练"}),
    "open_queue": Row(),
    "intake_options": Row(),
    "public_form": Row(),
    "public_ticket": Row(body={"token": "x", "kind": "complaint", "matter": "无"}, ok=_CLASH),
    "register": Row(body={"channel": "letter", "matter": "来信"}, ok=_MADE),
    "get_slots": Row(),
    "get_matters": Row(),
    "get_quality_rules": Row(),
    "draw_checks": Row(body={"week": "2026-W30"}),
    "close_month": Row(ok=_REFUSED_VALUE),
    "get_assessment": Row(query="month=2026-10"),
    "list_cards": Row(query="all=true"),
    "card_choices": Row(),
    "get_card": Row(id="1"),
    "open_card": Row(id="1", body={}),
    "create_card": Row(body={"title": "退换", "text": "七日内"}, ok=_MADE),
    "revise_card": Row(id="1", body={"version": 1, "title": "退换", "text": "七日内"}, ok=_MADE),
    "approve_card": Row(id="1"),
    "suggestion_choices": Row(),
    "get_calendar": Row(),
    "enter_notice": Row(body={"text": _NOTICE}),
    "preview_notice": Row(body={"text": _NOTICE}),
    "enter_day": Row(body={"kind": None}),
    "list_webhooks": Row(),
    "create_webhook": Row(body={"url": "https://erp.example/x", "events": ["*"]}, ok=_REFUSED_VALUE),
    "patch_webhook": Row(id="1", body={"version": 1}, ok=(404,)),
    "delete_webhook": Row(id="1", ok=(404,)),
    "list_deliveries": Row(id="1", ok=(404,)),
    "ping_webhook": Row(id="1", ok=(404,)),
    "list_aside_mails": Row(),
    "get_aside_mail": Row(id="1", ok=(404,)),
    "register_aside_mail": Row(id="1", body={"matter": "来信"}, ok=(404,)),
    "dismiss_aside_mail": Row(id="1", body={"note": "广告"}, ok=(404,)),
    "list_api_keys": Row(),
    "create_api_key": Row(body={"name": "erp", "role": "agent", "scope": ["list_tickets"]}, ok=_MADE),
    "revoke_api_key": Row(ok=(404,)),
    "list_audit": Row(over={"restricted_about": _NAME}),  # the trail is read as it was written
    "import_template": Row(query="format=csv"),
    "preview_import": Row(ok=_REFUSED_VALUE),
    "get_import": Row(ok=(404,)),
    "confirm_import": Row(body={"on_existing": "skip"}, ok=(404,)),
    "list_removals": Row(),
    "list_accesses": Row(),
    "get_figures": Row(),
    "live_wallboard": Row(),
    "list_reports": Row(),
    "make_report": Row(ok=_MADE),
    # --- lists: SHOWN says what may be in them ---
    "list_tickets": Row(query="limit=200", opens=_BOTH),
    "search_tickets": Row(query="q=请回电", opens=_BOTH),
    "list_calls": Row(query="limit=200", opens=_OWN),
    "list_cases": Row(query="state=all", opens=_OWN),
    "get_deadlines": Row(),
    "get_accountability": Row(),
    "list_customers": Row(query="limit=200"),
    "list_duplicates": Row(),
    "export_customers": Row(body={"format": "csv", "reason": "年度回访"}),
    "list_due_calls": Row(query="limit=200", opens=_BOTH),
    "list_messages": Row(over=_MINE_ENTIRELY),
    "list_bookings": Row(query="limit=200", opens=_BOTH),
    "list_appointments": Row(query="limit=200", opens=_BOTH),
    "get_booking_figures": Row(query="since=2026-11-01T00:00:00Z&until=2027-01-01T00:00:00Z"),
    "list_checks": Row(),
    "list_suggestions": Row(opens=_OWN),
    "get_report": Row(),
    "get_report_file": Row(query="type=xlsx"),
    "get_compliance": Row(),
    "get_compliance_file": Row(query="type=xlsx"),
    "get_register": Row(query="type=xlsx"),
    # --- a ticket and what hangs on it ---
    "get_ticket": Row(right="see", opens=_BOTH),
    "patch_ticket": Row(right="work on", body={"version": "$version", "note": "已核实"}, opens=_BOTH),
    "get_recording": Row(right="work on"),
    "get_message": Row(right="work on"),
    "list_attachments": Row(right="work on"),
    "add_attachment": Row(right="work on", query="name=a.txt", ok=_MADE),
    "get_attachment": Row(right="work on"),
    "get_arrival": Row(right="see", opens=_BOTH),
    "get_case": Row(right="see"),
    "take_step": Row(right="see", body={"step": "noted", "text": "已知悉", "version": "$version"}, ok=(200, 403, 409)),
    "get_handling_form": Row(right="work on"),
    "get_evidence": Row(right="supervise", query="type=xlsx"),
    "get_suggestion": Row(right="see as a department", opens=_OWN),
    "register_suggestion": Row(right="work on", body={"nature": "facility"}, ok=_CLASH),
    "pass_suggestion": Row(
        right="work as a department", body={"version": "$suggestion_version", "department": "facilities"}, opens=_OWN
    ),
    "decide_suggestion": Row(
        right="decide", body={"version": "$suggestion_version", "adopted": False, "reason": "已有"}, ok=(200, 409)
    ),
    "tell_suggestion": Row(
        right="work as a department", body={"version": "$suggestion_version", "words": "已告知"}, ok=_CLASH
    ),
    # --- calls that go on ---
    "get_talk": Row(right="talk"),
    "hold": Row(right="talk"),
    "resume": Row(right="talk"),
    "transfer": Row(right="talk", body={"to": {"agent": "8002"}, "mode": "attended"}),
    "complete_transfer": Row(right="talk"),
    "cancel_transfer": Row(right="talk"),
    "conference": Row(right="talk"),
    "set_recording": Row(right="talk", body={"state": "paused"}),
    "ask_survey": Row(right="talk"),
    "supervise": Row(right="listen", body={"mode": "listen", "supervisor": "8801"}, ok=_CLASH),
    "stop_supervising": Row(right="listen", ok=(404,)),
    "move_call": Row(right="listen", body={"queue": "hotline"}, ok=_CLASH),
    # --- cards ---
    "get_customer": Row(right="see", id="$card", opens=("live",)),
    "create_customer": Row(body={"name": "新客户", "numbers": ["13588887777"]}, ok=_MADE),
    "patch_customer": Row(right="work on", id="$card", body={"version": "$card_version", "employer": "设计院"}),
    "customer_history": Row(right="see", id="$card"),
    "reveal_customer": Row(
        right="work on",
        id="$card",
        body={"reason": "核对号码", "ticket": "$ticket"},
        hidden=(400, 404),
        opens=_BOTH,
    ),
    "move_number": Row(
        right="give a number", id="$card", body={"number": "13799998888", "version": "$card_version"}, ok=(404, 200)
    ),
    "keep_apart": Row(right="supervise", body={"one": "$card", "other": "$another_card"}, ok=(204,)),
    "merge_customers": Row(
        right="supervise",
        id="$card",
        body={"version": "$card_version", "other": "$another_card", "other_version": 1},
    ),
    "remove_customer": Row(
        right="administer",
        id="$card",
        body={"version": "$card_version", "asked_by": "self", "reason": "本人要求", "confirm": "$name"},
    ),
    # --- calls that are owed ---
    "create_due_call": Row(
        right="add to",
        body={"kind": "callback", "due_at": "$later", "queue": "hotline", "ticket": "$ticket"},
        ok=_MADE,
        hidden=_REFUSED_VALUE,
        opens=_BOTH,
    ),
    "accept_due_call": Row(right="see", id="$due", ok=_CLASH),
    "cancel_due_call": Row(right="work on", id="$due", opens=_BOTH),
    "take_up_due_call": Row(right="supervise", id="$due", ok=_CLASH),
    # --- visits ---
    "get_booking": Row(right="see", id="$booking", opens=_BOTH),
    "create_booking": Row(
        right="add to",
        body={"ticket": "$ticket", "starts_at": "$slot", "party": 1},
        ok=_MADE,
        hidden=_REFUSED_VALUE,
        opens=_BOTH,
    ),
    "patch_booking": Row(
        right="add to", id="$booking", body={"version": "$booking_version", "note": "轮椅"}, opens=_BOTH
    ),
    "step_booking": Row(
        right="add to", id="$booking", body={"version": "$booking_version", "step": "confirm"}, opens=_BOTH
    ),
    "tell_booking": Row(right="add to", id="$booking", opens=_BOTH),
    "get_appointment": Row(right="see", id="$appointment", opens=_BOTH),
    "create_appointment": Row(
        right="add to",
        body={"ticket": "$ticket", "kind": "repair", "at": "$later", "person": "8002"},
        ok=_MADE,
        hidden=_REFUSED_VALUE,
        opens=_BOTH,
    ),
    "patch_appointment": Row(
        right="add to", id="$appointment", body={"version": "$appointment_version", "note": "带梯子"}, opens=_BOTH
    ),
    "step_appointment": Row(
        right="add to", id="$appointment", body={"version": "$appointment_version", "step": "agree"}, opens=_BOTH
    ),
    # --- people ---
    "read_message": Row(right="mine", id="$message", over=_MINE_ENTIRELY),
    "send_message": Row(
        right="see", body={"recipient": "8002", "text": "请回", "ticket": "$ticket"}, ok=_MADE, hidden=_REFUSED_VALUE
    ),
    "set_agent_state": Row(right="mine, or as a supervisor", id="$person", body={"state": "available"}, ok=(200, 404)),
    "change_wrap_up": Row(right="mine, or as a supervisor", id="$person", body={"action": "end"}, ok=(404, 409)),
    "agent_history": Row(right="mine, or as a supervisor", id="$person"),
    "get_telephone": Row(right="mine, or as an administrator", id="$person", ok=(200, 404)),
    "renew_telephone": Row(right="of administrators", id="$person", ok=(200, 404)),
    "live_desk": Row(right="mine, or as an administrator", query="agent=$person", ok=(400, 426)),
    "get_agent_file": Row(right="mine, or as a supervisor", id="$person"),
    "add_file_note": Row(
        right="note",
        id="8001",
        body={"kind": "remark", "words": "无", "ticket": "$ticket"},
        ok=_MADE,
        hidden=_REFUSED_VALUE,
    ),
    # --- spot checks ---
    "get_check": Row(right="check", id="$check"),
    "hear_check": Row(right="check", id="$check"),
    "score_check": Row(
        right="supervise",
        id="$check",
        body={"version": 1, "marks": {"points": {"polite": 40, "warm": 20, "correct": 40}}},
    ),
    "answer_check": Row(right="answer", id="$check", body={"version": 1}),
    "decide_check": Row(right="supervise", id="$check", body={"version": 1, "words": "维持"}, ok=_CLASH),
}


def verdict(row: Row, role: str, relation: str) -> Verdict:
    return "yes" if row.right is None else RIGHTS[row.right][role][relation]

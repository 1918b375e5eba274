"""Who may do what, as data: every operation of the API by role, and the object-level rules beside it (rules). CUS-4.

Deny by default: an operation that is not in the table is refused to everybody, and the server does not start with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from config.schema import Role, Site
from crm.cases.rights import Reader
from crm.suggestions.model import Suggestion

PUBLIC: Final = "public"
"""No login: what a monitor or a login page needs."""

_ALL: Final[frozenset[Role]] = frozenset({"agent", "supervisor", "administrator"})
_SUPERVISORS: Final[frozenset[Role]] = frozenset({"supervisor", "administrator"})
_ADMINISTRATORS: Final[frozenset[Role]] = frozenset({"administrator"})

PERMISSIONS: Final[Mapping[str, frozenset[Role] | Literal["public"]]] = {
    "page": PUBLIC,
    "status": PUBLIC,
    "openapi": PUBLIC,
    "login": PUBLIC,
    "logout": _ALL,
    "me": _ALL,
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
    "register": _ALL,
    "intake_options": _ALL,
    "get_arrival": _ALL,
    "list_attachments": _ALL,
    "add_attachment": _ALL,
    "get_attachment": _ALL,
    "public_form": PUBLIC,
    "public_ticket": PUBLIC,
    "list_audit": _ADMINISTRATORS,
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
"""Operation → roles. Where agents are let in, the functions below say to whose objects."""


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Who is asking. `agent` is the person's own desk; None for a program with a token."""

    name: str
    agent: str | None
    role: Role

    @property
    def supervises(self) -> bool:
        return self.role in _SUPERVISORS


def may(role: Role | None, operation: str) -> bool:
    """Whether somebody with this role (None: not logged in) may use the operation at all."""
    allowed = PERMISSIONS.get(operation, frozenset())
    return allowed == PUBLIC or (role is not None and role in allowed)


def may_see_calls_of(who: Principal, agent: str | None) -> bool:
    """Agents see their own calls; `agent` None = everybody's."""
    return who.supervises or (agent is not None and agent == who.agent)


def may_set_state_of(who: Principal, agent: str) -> bool:
    """One's own state, or as a supervisor anybody's."""
    return who.supervises or agent == who.agent


def may_sit_at(who: Principal, agent: str) -> bool:
    """A desk shows callers in full: it is its agent's alone, save for administrators' programs (`sanxiang agent`)."""
    return who.role == "administrator" or agent == who.agent


def may_work_on(who: Principal, ticket_agent: str | None, *, holds: bool = False) -> bool:
    """Change a ticket, hear its recordings: its own agent, whoever comes first while nobody has it, supervisors.

    `holds`: the case is with a party that this person belongs to. A case about oneself is nobody's (tickets.py asks).
    """
    return who.supervises or holds or ticket_agent is None or ticket_agent == who.agent


def as_case_reader(who: Principal) -> Reader:
    """As the rules of cases know people; what each may do there is in crm/cases/rights.py, who sees what in its
    `Sight`."""
    return Reader(name=who.name, person=who.agent, role=who.role)


def may_see_quality_of(who: Principal, agent: str | None) -> bool:
    """Scores, assessment, file: agents see their own (QUA-6); `agent` None = everybody's."""
    return who.supervises or (agent is not None and agent == who.agent)


def _works_in(who: Principal, site: Site, department_id: str | None) -> bool:
    department = site.matters.department(department_id or "")
    return department is not None and who.agent is not None and department.has(who.agent)


def may_decide_suggestion(who: Principal, site: Site, one: Suggestion) -> bool:
    """The department that has it, and supervisors (SUG-1)."""
    return who.supervises or _works_in(who, site, one.department)


def may_pass_suggestion(who: Principal, site: Site, one: Suggestion) -> bool:
    """Whoever registered it too; a department hands on what is another's."""
    return may_decide_suggestion(who, site, one) or (who.agent is not None and who.agent == one.registered_by)


may_see_suggestion = may_pass_suggestion
"""Who may pass it on may see it."""


def sees_numbers(who: Principal, ticket: str, ticket_agent: str | None, at_hand: frozenset[str]) -> bool:
    """Whether a ticket's numbers are shown in full: to agents only those of the case at hand (CUS-4)."""
    return who.supervises or ticket in at_hand or (ticket_agent is not None and ticket_agent == who.agent)


def may_reveal(who: Principal, ticket: str | None, ticket_agent: str | None) -> bool:
    """A card's numbers in full: agents for a case that is theirs or nobody's yet, supervisors at any time (CUS-4)."""
    return who.supervises or (ticket is not None and may_work_on(who, ticket_agent))

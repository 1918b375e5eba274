"""Who may do what to whose records (rules). Which operations a role has at all is the API's table. CUS-4, QUA-6."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from config.schema import Role
from config.words import Words

Pending = Literal["code", "new_password", "second_factor"]
"""What somebody has to do before anything else is open to a login: show a code of the app (ACC-3), choose a password of
one's own (ACC-1), set up an app for codes."""

_SUPERVISORS: Final[frozenset[Role]] = frozenset({"supervisor", "administrator"})


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Who is asking, whatever shows it: a session, a key, a token. `agent` is the person's own desk; None: a program.

    `scope`: the operations that a key was given, of those that its role may use; None: all of them. ACC-4.
    `title`: what a person is called. `pending`: what has to be done before anything else is open.
    `signed_on`: came by single sign-on, which has its own log-out. `shown_at`: when a session's owner has last shown
    the password, or logged in otherwise; None: a program.
    """

    name: str
    agent: str | None
    role: Role
    scope: frozenset[str] | None = None
    title: Words | None = None
    pending: Pending | None = None
    signed_on: bool = False
    shown_at: datetime | None = None

    @property
    def mailbox(self) -> str:
        """Under which name colleagues write to this person."""
        return self.agent or self.name

    @property
    def supervises(self) -> bool:
        return self.role in _SUPERVISORS


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

    `holds`: the case is with a party that this person belongs to. A case about oneself is nobody's: crm/seen asks.
    """
    return who.supervises or holds or ticket_agent is None or ticket_agent == who.agent


def may_see_quality_of(who: Principal, agent: str | None) -> bool:
    """Scores, assessment, file: agents see their own (QUA-6); `agent` None = everybody's."""
    return who.supervises or (agent is not None and agent == who.agent)


def may_reveal(who: Principal, ticket: str | None, ticket_agent: str | None) -> bool:
    """A number that is on the ticket: agents for a case that is theirs or nobody's yet, supervisors (CUS-4)."""
    return who.supervises or (ticket is not None and may_work_on(who, ticket_agent))

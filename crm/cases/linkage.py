"""Which party may pass a case to which: the linkage of three lines and their levels, as data (rules). LNE-3…6."""

from dataclasses import dataclass
from typing import Final, Literal

from config.service.policy import PartyKind
from crm.cases.model import Case
from crm.cases.organisation import CaseParty, Organisation
from crm.tickets.model import Severity

Where = Literal["same", "below", "above", "anywhere"]
"""Where the receiver's level is, seen from the sender's."""
Only = Literal["always", "major", "responsible"]


@dataclass(frozen=True)
class Way:
    """A complaint goes from a party of one kind to one of another. `only`: for major ones; for the department that the
    category names."""

    sender: PartyKind
    receiver: PartyKind
    where: Where
    only: Only = "always"


WAYS: Final = (
    # Customer aid: its own level, a branch, or, with a major one, supervision (LNE-3).
    Way("aid", "department", "same"),
    Way("aid", "aid", "below"),
    Way("aid", "hotline", "below"),
    Way("aid", "department", "below"),
    Way("aid", "supervision", "same", "major"),
    # The hotline: aid or supervision (LNE-4), or the department that the matter is for (LNE-6).
    Way("hotline", "aid", "same"),
    Way("hotline", "supervision", "same"),
    Way("hotline", "department", "anywhere", "responsible"),
    # Supervision: aid, a department, a branch; a major one to head office (LNE-5).
    Way("supervision", "aid", "same"),
    Way("supervision", "department", "same"),
    Way("supervision", "aid", "below"),
    Way("supervision", "hotline", "below"),
    Way("supervision", "department", "below"),
    Way("supervision", "supervision", "below"),
    Way("supervision", "department", "anywhere", "responsible"),
    Way("supervision", "head_office", "anywhere", "major"),
    # A department that it is not for: to another, or back to a line of its level (LNE-6).
    Way("department", "department", "same"),
    Way("department", "aid", "same"),
    Way("department", "supervision", "same"),
    Way("department", "department", "anywhere", "responsible"),
    # Head office gives it to whom it likes.
    Way("head_office", "supervision", "anywhere"),
    Way("head_office", "aid", "anywhere"),
    Way("head_office", "department", "anywhere"),
)
_UP: Final = (
    Way("supervision", "supervision", "above"),
    Way("supervision", "head_office", "anywhere"),
)
"""Of `escalated`, whoever has the case: supervision lifts it."""


def may_pass(case: Case, sender: CaseParty, receiver: CaseParty, organisation: Organisation) -> bool:
    """Whether a case may go that way. The ways are those of complaints; anything else goes to whom it concerns."""
    return receiver.id != sender.id and (
        not case.is_complaint or any(_leads(way, case, sender, receiver, organisation) for way in WAYS)
    )


def may_hand_down(case: Case, receiver: CaseParty, organisation: Organisation) -> bool:
    """Supervision of the case's level hands it to aid, a department or a branch."""
    giver = organisation.supervision(_level(case, organisation))
    return (
        receiver.kind != "head_office" and receiver.id != case.holder and may_pass(case, giver, receiver, organisation)
    )


def may_escalate(case: Case, receiver: CaseParty, organisation: Organisation) -> bool:
    giver = organisation.supervision(_level(case, organisation))
    return receiver.id != case.holder and any(_leads(way, case, giver, receiver, organisation) for way in _UP)


def _level(case: Case, organisation: Organisation) -> str:
    holder = organisation.parties.get(case.holder or "")
    return holder.level if holder else organisation.top


def _leads(way: Way, case: Case, sender: CaseParty, receiver: CaseParty, organisation: Organisation) -> bool:
    if (way.sender, way.receiver) != (sender.kind, receiver.kind):
        return False
    stands = {
        "same": receiver.level == sender.level,
        "below": receiver.level in organisation.levels_below(sender.level),
        "above": receiver.level == organisation.level_above(sender.level),
        "anywhere": True,
    }[way.where]
    major = case.severity is Severity.MAJOR
    if way.only == "responsible":
        return stands and receiver.id == f"department:{case.department}"
    return stands and (way.only == "always" or major)

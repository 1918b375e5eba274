"""Who is looking, and what rights over records follow from it (rules). ACC-6, CUS-4, LNE-6."""

from collections.abc import Collection
from dataclasses import dataclass

from crm.cases.organisation import Organisation, Sight
from crm.rights import Principal


@dataclass(frozen=True, kw_only=True)
class Eyes:
    """A person at work. `parties`: those that the person belongs to; `at_hand`: the tickets on the open desk."""

    who: Principal
    sight: Sight
    parties: frozenset[str]
    at_hand: frozenset[str]

    @property
    def person(self) -> str | None:
        """Whom a complaint can be about; None for a program."""
        return self.who.agent


def eyes_of(who: Principal, organisation: Organisation, at_hand: Collection[str] = ()) -> Eyes:
    """What somebody sees with follows from who it is, and from nothing that a request says."""
    return Eyes(
        who=who,
        sight=organisation.sight(who.agent, who.role),
        parties=organisation.parties_of(who.agent) if who.agent else frozenset(),
        at_hand=frozenset(at_hand),
    )

"""Who has a part in a case: the parties of a site, their people, how levels stand to each other (rules). LNE-1…6.

A party is what a case is passed to: `aid:hall`, `hotline:hall`, `supervision:province`, `department:reception`,
`head_office`. A person's parties come from the queues served (kind and level) and the departments worked in.

The kinds a clause's scope may name (config.service.policy.PartyKind): a line's is its own kind; a department's is
`department` and, by the depth of its level, `head_office`, `province` or `branch`; so is a hotline's beside `hotline`.
Depth is counted from the top: of one or two levels the top is a province (a site whose head office is elsewhere); of
three or more the top is the head office and the next a province; all below is a branch. The leadership group is
`head_office`.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from config.calls.people import Agent, Queue
from config.schema import Site
from config.service.policy import PartyKind
from crm.tickets.words import LINES

HEAD_OFFICE: Final = "head_office"


@dataclass(frozen=True, kw_only=True)
class CaseParty:
    """`people` work on what it holds, `heads` answer for it."""

    id: str
    title: str
    title_en: str
    kind: PartyKind
    level: str
    people: frozenset[str]
    heads: frozenset[str]
    counts_as: frozenset[PartyKind]


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What of restricted tickets somebody sees: those of these departments, and of these levels' supervision; never
    one that is about `person`, who is looking."""

    everything: bool = False
    departments: frozenset[str] = frozenset()
    levels: frozenset[str] = frozenset()
    person: str | None = None

    @property
    def any_restricted(self) -> bool:
        """Whether there can be a restricted ticket that is seen."""
        return self.everything or bool(self.departments or self.levels)

    def sees(self, *, restricted: bool, department: str | None, level: str | None, about: Collection[str]) -> bool:
        """`about`: whom the case complains of."""
        if not restricted:
            return True
        let_in = self.everything or department in self.departments or level in self.levels
        return let_in and self.person not in about


SEES_ALL: Final = Sight(everything=True)
SEES_NOTHING_RESTRICTED: Final = Sight()


class Organisation:
    """The parties of one site, worked out once."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._above = {level.id: level.above for level in site.levels}
        self._titles = {level.id: level for level in site.levels}
        self.top = next((level.id for level in site.levels if level.above is None), site.levels[0].id)
        self._supervisors = {level.id: self._supervising(level.id) for level in site.levels}
        self.parties: dict[str, CaseParty] = {party.id: party for party in self._all_parties()}

    def level_above(self, level: str) -> str | None:
        return self._above.get(level)

    def levels_below(self, level: str) -> frozenset[str]:
        """All of them, however deep."""
        direct = {below for below, above in self._above.items() if above == level}
        return frozenset(direct).union(*(self.levels_below(each) for each in direct))

    def supervisors(self, level: str) -> frozenset[str]:
        """The service supervisors of a level: those whose own level it is, or a level above it; who belongs nowhere
        supervises everywhere."""
        return self._supervisors.get(level, frozenset())

    def supervision(self, level: str) -> CaseParty:
        """There is one for each level, if only of its supervisors."""
        return self.parties.get(f"supervision:{level}", self.parties[f"supervision:{self.top}"])

    def party_of_department(self, department: str) -> CaseParty | None:
        known = self._site.matters.department(department)
        return self.parties.get(HEAD_OFFICE if known and known.leadership else f"department:{department}")

    def answering_for(self, department: str | None, level: str | None) -> frozenset[str]:
        """Who answers for a restricted ticket, and may see it: the head of its department, the supervision of its
        level."""
        party = self.party_of_department(department) if department else None
        supervision = self.supervision(level or self.top)
        return (party.heads if party else frozenset()) | supervision.heads

    def parties_of(self, person: str) -> frozenset[str]:
        return frozenset(party.id for party in self.parties.values() if person in party.people | party.heads)

    def home_of(self, person: str, line: str | None, dnis: str) -> CaseParty:
        """Which party registers: that of the line when the person serves it, else one of the person's own, a line of
        that level first; that of the line for who has none."""
        known = self._site.line_for(dnis)
        level = known.level if known else self.top
        of_line = self.parties.get(f"{known.kind if known else line}:{level}")
        own = [party for party in self.parties.values() if person in party.people]
        if of_line and (person in of_line.people or not own):
            return of_line
        own.sort(key=lambda party: (party.level != level, party.kind not in LINES, party.kind))
        return own[0] if own else self.supervision(level)

    def sight(self, person: str | None, role: str) -> Sight:
        """Restricted tickets are for the department, the supervision of the level and administrators (LNE-6), and
        hidden from whom they are about, whoever that is."""
        if role == "administrator":
            return Sight(everything=True, person=person)
        if person is None:
            return Sight(levels=frozenset(self._above)) if role == "supervisor" else Sight()
        departments = {each.id for each in self._site.matters.departments if each.has(person)}
        levels = {level for level in self._above if person in self.supervision(level).people}
        return Sight(departments=frozenset(departments), levels=frozenset(levels), person=person)

    def _all_parties(self) -> Iterable[CaseParty]:
        for level in self._above:
            for kind in ("aid", "hotline", "supervision"):
                agents = {
                    agent for q in self._site.queues if q.kind == kind and self._level(q) == level for agent in q.agents
                }
                if kind == "supervision":
                    agents |= self.supervisors(level)
                if agents or kind == "supervision":
                    yield self._line(kind, level, frozenset(agents))
        for each in self._site.matters.departments:
            if not each.leadership:
                people = frozenset(filter(None, (each.head, *each.members)))
                heads = frozenset({each.head}) if each.head else self.supervisors(each.level)
                yield CaseParty(
                    id=f"department:{each.id}",
                    title=each.title,
                    title_en=each.title_en,
                    kind="department",
                    level=each.level,
                    people=people or heads,
                    heads=heads,
                    counts_as=frozenset({"department", self._place(each.level)}),
                )
        yield self._head_office()

    def _head_office(self) -> CaseParty:
        """The leadership group (优质服务工作领导小组); without one, the supervisors of the highest level."""
        groups = [each for each in self._site.matters.departments if each.leadership]
        people = frozenset(person for each in groups for person in (each.head, *each.members) if person)
        return CaseParty(
            id=HEAD_OFFICE,
            title=groups[0].title if groups else "总部服务工作领导小组",
            title_en=groups[0].title_en if groups else "Service leadership group",
            kind="head_office",
            level=self.top,
            people=people or self.supervisors(self.top),
            heads=frozenset(each.head for each in groups if each.head) or people or self.supervisors(self.top),
            counts_as=frozenset({"head_office"}),
        )

    def _line(self, kind: PartyKind, level: str, people: frozenset[str]) -> CaseParty:
        line = LINES[kind]
        named = self._titles[level]
        counts_as = {kind, self._place(level)} if kind == "hotline" else {kind}
        return CaseParty(
            id=f"{kind}:{level}",
            title=f"{named.title}{line.zh}",
            title_en=f"{named.title_en}: {line.en.lower()}",
            kind=kind,
            level=level,
            people=people,
            heads=self.supervisors(level),
            counts_as=frozenset(counts_as),
        )

    def _place(self, level: str) -> PartyKind:
        depth, of_top = self._depth(level), max(self._depth(each) for each in self._above)
        if of_top < 2:
            return "branch" if depth else "province"
        return ("head_office", "province")[depth] if depth < 2 else "branch"

    def _depth(self, level: str) -> int:
        above = self._above.get(level)
        return 0 if above is None else 1 + self._depth(above)

    def _level(self, queue: Queue) -> str:
        """Of a queue that names none: that of the line of its kind."""
        lines = (line.level for line in self._site.lines if line.kind == queue.kind)
        return queue.level or next(lines, self.top)

    def _supervising(self, level: str) -> frozenset[str]:
        return frozenset(
            agent.id for agent in self._site.agents if agent.role == "supervisor" and self._covers(agent, level)
        )

    def _covers(self, agent: Agent, level: str) -> bool:
        own = {self._level(queue) for queue in self._site.queues if agent.id in queue.agents}
        own |= {each.level for each in self._site.matters.departments if each.has(agent.id)}
        return not own or any(level == each or level in self.levels_below(each) for each in own)

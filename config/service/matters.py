"""What tickets are about and who answers for it: departments and categories (LNE-6, TKT-2). Models only."""

from typing import Annotated

from pydantic import Field, model_validator

from config.values.fields import AgentNumber, Id, LevelId, Model, Named, did_you_mean, fault
from config.values.kinds import TicketKind


class Department(Named):
    """A department that matters are passed to. `head` answers for it; `members` work on what it holds.

    `leadership`: the head office's leadership group (优质服务工作领导小组), to which major complaints go
    (LNE-5, CPL-7). A department without people is told through the supervisors of its level.
    """

    level: LevelId
    head: AgentNumber | None = None
    members: tuple[AgentNumber, ...] = ()
    leadership: bool = False

    def has(self, agent: str) -> bool:
        """Whether this person works there."""
        return agent == self.head or agent in self.members


class Category(Named):
    """A matter (对口处理、分工负责): `department` is responsible, those of `along` are told too.

    `restricted`: only the department, its supervision and administrators see such a ticket (disciplinary matters).
    """

    kinds: Annotated[tuple[TicketKind, ...], Field(min_length=1)]
    department: Id
    along: tuple[Id, ...] = ()
    restricted: bool = False


class Matters(Model):
    """matters.yaml; a site without one has neither departments nor categories."""

    departments: tuple[Department, ...] = ()
    categories: tuple[Category, ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> "Matters":
        for what, ids in (
            ("department", [d.id for d in self.departments]),
            ("category", [c.id for c in self.categories]),
        ):
            for each in ids:
                if ids.count(each) > 1:
                    raise fault(f"duplicate {what} '{each}': remove one or change its id")
        known = [department.id for department in self.departments]
        for category in self.categories:
            for named in (category.department, *category.along):
                if named not in known:
                    guess = did_you_mean(named, known)
                    shown = ", ".join(sorted(known)) or "(none)"
                    raise fault(
                        f"category '{category.id}': unknown department '{named}'; departments are: {shown}{guess}"
                    )
        return self

    def department(self, department_id: str) -> Department | None:
        """None when there is none (any more): tickets are older than this file."""
        return next((each for each in self.departments if each.id == department_id), None)

    def category(self, category_id: str) -> Category | None:
        """As `department`."""
        return next((each for each in self.categories if each.id == category_id), None)

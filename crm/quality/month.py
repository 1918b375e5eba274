"""A month of everybody: who is assessed, and what a closed month keeps (rules). QUA-3, QUA-4."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from config.schema import Site
from crm.quality.assessment import AgentFacts, Assessed, assess, assess_department


class Rated(msgspec.Struct, frozen=True, kw_only=True):
    """Agents by number, departments by id."""

    agents: tuple[Assessed, ...]
    departments: tuple[Assessed, ...]


class ClosedMonth(msgspec.Struct, frozen=True, kw_only=True):
    """Figures as they were when the month was closed, and the version of the rules they were made by."""

    month: str
    closed_at: datetime
    closed_by: str
    rule_version: str
    rated: Rated


def rate(site: Site, facts: Mapping[str, AgentFacts]) -> Rated:
    """Every agent of the site (and whoever has facts, though no agent any more), every department with people."""
    people = sorted({agent.id for agent in site.agents if agent.role == "agent"} | set(facts))
    known = {person: facts.get(person, AgentFacts(agent=person)) for person in people}
    departments = []
    for department in sorted(site.matters.departments, key=lambda one: one.id):
        members = [fact for person, fact in known.items() if department.has(person)]
        if members:
            departments.append(assess_department(department.id, members, site.quality))
    return Rated(agents=tuple(assess(fact, site.quality) for fact in known.values()), departments=tuple(departments))

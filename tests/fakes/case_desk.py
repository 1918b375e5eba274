"""One case in memory: people take steps on it, time goes on, what was decided is kept as the store would keep it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from crm.cases.clocks import Clock, Verdict, clocks
from crm.cases.decide import decide, warn
from crm.cases.file import CaseFile, Decision, Rules, Told
from crm.cases.guards import Other
from crm.cases.model import Case, Stage
from crm.cases.rights import Actor
from crm.cases.steps import STEPS, CaseStep
from tests.fakes.case_site import case_site

ZONE = ZoneInfo("Asia/Shanghai")
RULES = Rules.of(case_site(), {})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def reader(person: str) -> Actor:
    agent = next(agent for agent in RULES.site.agents if agent.id == person)
    return Actor(name=person, person=person, role=agent.role)


class CaseDesk:
    """`file` is the ticket; it came in by the hotline, and 8002 took the call."""

    def __init__(self, now: str = "2026-03-09 10:00", *, agent: str | None = "8002", rules: Rules = RULES) -> None:
        self.now = at(now)
        self.rules = rules
        self.last: Decision | None = None
        self.file = CaseFile(
            number="20260309-0001",
            version=1,
            opened_at=self.now,
            channel="telephone",
            line="hotline",
            dnis="4008100002",
            queue="hotline",
            agent=agent,
            number_to_call="13812345678",
            number_key="13812345678",
            customer_id=None,
            case_of=None,
            taken=(),
        )

    @property
    def case(self) -> Case:
        return self.file.case

    def later(self, **duration: float) -> "CaseDesk":
        self.now += timedelta(**duration)
        return self

    def until(self, text: str) -> "CaseDesk":
        self.now = at(text)
        return self

    def names(self, other: str, stage: Stage | None) -> "CaseDesk":
        """Another ticket that the next step will name."""
        self.file = replace(self.file, other=Other(number=other, stage=stage))
        return self

    def take(self, person: str, name: str, **fields: Any) -> Decision:
        """Raises what the rules raise."""
        return self.put(person, msgspec.convert({"step": name, **fields}, STEPS[name]))

    def put(self, person: str, step: CaseStep) -> Decision:
        self.last = decide(self.file, step, reader(person), self.now, self.rules)
        self._keep(self.last)
        return self.last

    def warn(self) -> Decision:
        self.last = warn(self.file, self.now, self.rules)
        self._keep(self.last)
        return self.last

    def clocks(self) -> list[Clock]:
        return clocks(self.file.story(), self.rules.regulated, self.rules.organisation)

    def clock(self, clause: str, number: int = 1) -> Clock:
        return next(each for each in self.clocks() if (each.clause, each.round) == (clause, number))

    def verdicts(self) -> dict[str, Verdict]:
        """Of each clause's last clock."""
        return {each.clause: each.verdict(self.now) for each in self.clocks()}

    def told(self) -> dict[str, str]:
        """Whom the last decision tells what."""
        return {} if self.last is None else {notice.recipient: notice.text for notice in self.last.notices}

    def registered(self, **fields: Any) -> "CaseDesk":
        """As a complaint, by 8002 at the hotline."""
        self.take("8002", "registered", **{"kind": "complaint", **fields})
        return self

    def approved(self) -> "CaseDesk":
        """Passed to aid, begun, its plan approved."""
        self.take("8002", "passed_on", to="aid:hall")
        return self.planned()

    def planned(self) -> "CaseDesk":
        """Begun by aid, its plan approved."""
        self.take("8001", "started")
        self.take("8001", "plan_proposed", measures=("apology",), text="登门致歉")
        self.take("8801", "plan_approved")
        return self

    def fed_back(self, satisfied: object = True) -> "CaseDesk":
        """Approved, judged, carried out, told to the customer."""
        self.approved()
        self.take("8801", "judged", verdict="valid", evidence="录音")
        self.take("8001", "solved", result="已致歉并更换展板")
        self.take("8001", "fed_back", satisfied=satisfied, words="知道了")
        return self

    def _keep(self, made: Decision) -> None:
        told = {
            (row.clock.clause, row.clock.round): Told(rungs=row.told, due_at=row.clock.due_at) for row in made.clocks
        }
        more = 1 if made.taken else 0
        self.file = replace(
            self.file,
            taken=(*self.file.taken, *made.taken),
            told=told,
            version=self.file.version + more,
            other=None,
            case_of=made.case.merged_into,
        )

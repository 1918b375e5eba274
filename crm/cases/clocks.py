"""The clocks of a case: which clauses run, since when, until when, and how they ended (rules). CPL-2, CPL-3, TKT-4.

Made from the whole log each time, so they cannot drift from it. A clause of the version in force when its clock began
counts (D7), and so does the classification as it stands now: a complaint was one from the start. A clause that is
`per: holder` begins anew with each party that receives the case, and ends when the case leaves it; any other runs once,
and again after a reopening. Calls have clauses of their own (TEL-1), which are not judged here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from config.service.policy import LADDER, Clause, Escalation, Instant, Recipient, Scope
from crm.cases.model import MOVES, Case, after, trigger_of
from crm.cases.organisation import Organisation
from crm.cases.steps import ExtensionAsked, LoggedStep, PassedOn, Promised, Received
from crm.regulation.deadlines import Deadline, Pause
from crm.regulation.policy import Regulated

Verdict = Literal["running", "paused", "late", "kept", "moved", "merged"]
"""`moved`: the case went on, or was closed, before it was due. A clock is `late` also while it still runs."""

PROMISE: Final = "TKT-5"
"""The clock of a promise: its figure is what the customer was told."""
PROMISE_TEXTS: Final = (
    "承诺的答复时间已到，一刻钟内应答复客户。",
    "The customer hears from us within a quarter of an hour of the time that was promised.",
)
PROMISE_GRACE: Final = timedelta(minutes=15)
"""The call that keeps a promise is dialled at the promised time, and has to reach an agent and the customer."""

_OF_CALLS: Final = frozenset({"arrived", "answered"})
_COUNTS_AS: Final[dict[str, frozenset[Instant]]] = {
    "talk": frozenset({"responded"}),
    "received": frozenset({"received"}),
    "passed_on": frozenset({"passed_on"}),
    "handed_down": frozenset({"passed_on"}),
    "escalated": frozenset({"passed_on"}),
    "taken_back": frozenset({"passed_on"}),
    "started": frozenset({"started"}),
    "responded": frozenset({"responded"}),
    "promised": frozenset({"responded", "promised"}),
    "plan_proposed": frozenset({"started"}),
    "solved": frozenset({"started", "solved"}),
    "replied_in_writing": frozenset({"responded", "replied_in_writing"}),
    "fed_back": frozenset({"responded", "fed_back"}),
    "extension_asked": frozenset({"extension_asked"}),
    "closed": frozenset({"closed"}),
}
"""Which instants of the regulation something is."""


@dataclass(frozen=True, kw_only=True)
class Rung:
    """A step of the ladder: who is told when. `at` None while the clock stands still."""

    at: datetime | None
    share: float
    to: tuple[Recipient, ...]


@dataclass(frozen=True, kw_only=True)
class Clock:
    """One clause on one case, once. `due_at` None: it stands still. `holder`, `person`: against whom it is held."""

    clause: str
    round: int
    in_force_from: str
    text: str
    text_en: str
    started_at: datetime
    due_at: datetime | None
    provisional: bool
    rungs: tuple[Rung, ...]
    stopped_at: datetime | None
    ended: Literal["kept", "moved", "merged"] | None
    holder: str | None
    person: str | None
    extendable: bool

    def verdict(self, now: datetime) -> Verdict:
        until = self.stopped_at or now
        if self.due_at is not None and until > self.due_at:
            return "late"
        if self.ended is not None:
            return self.ended
        return "paused" if self.due_at is None else "running"

    def reached(self, now: datetime) -> int:
        """How many rungs of the ladder have come."""
        return 0 if self.stopped_at else sum(1 for rung in self.rungs if rung.at is not None and rung.at <= now)


@dataclass(frozen=True, kw_only=True)
class Story:
    """What clocks are made of. `talks`: when somebody spoke with the customer."""

    opened_at: datetime
    channel: str
    taken: Sequence[LoggedStep]
    talks: Sequence[datetime] = ()


@dataclass(frozen=True, kw_only=True)
class _Happening:
    """`case`: as it is after it. `left`: the case has left whoever had it, or its round is over."""

    at: datetime
    trigger: str
    instants: frozenset[Instant]
    case: Case
    by: str
    left: bool = False
    until: datetime | None = None


def clocks(story: Story, rules: Regulated, organisation: Organisation) -> list[Clock]:
    """All clocks of a case, in the order in which they began. A ticket that nobody has registered has none."""
    told = list(_happenings(story))
    case = told[-1].case
    if case.kind is None:
        return []
    found: list[Clock] = []
    for index, begin in enumerate(told):
        version = rules.policy.in_force(begin.at.astimezone(rules.calendar.zone).date())
        for clause in version.clauses.values():
            if _begins(clause, index, told, found) and _applies(clause.applies, case, begin, story, organisation):
                number = 1 + sum(1 for clock in found if clock.clause == clause.id)
                found.append(_clock(clause, number, str(version.in_force_from), index, told, rules))
        if begin.until is not None and begin.trigger == "promised":
            found.append(_promise(1 + sum(1 for clock in found if clock.clause == PROMISE), index, told))
    return found


def _happenings(story: Story) -> Iterator[_Happening]:
    case = Case()
    for each in story.taken:  # the first holder is known already when the ticket opens
        case = after(case, each)
        if case.holder:
            break
    opening = frozenset[Instant]({"opened"})
    talks = [(at, None) for at in story.talks]
    steps = [(each.at, each) for each in story.taken]
    yield _Happening(at=story.opened_at, trigger="opened", instants=opening, case=case, by="")
    now = Case()
    for at, taken in sorted([*talks, *steps], key=lambda pair: pair[0]):
        if taken is None:
            yield _Happening(at=at, trigger="talk", instants=_COUNTS_AS["talk"], case=now, by="")
            continue
        before, now = now, after(now, taken)
        yield _happening(taken, before, now)


def _happening(taken: LoggedStep, before: Case, now: Case) -> _Happening:
    step, trigger = taken.step, trigger_of(taken.step)
    instants = _COUNTS_AS.get(trigger, frozenset())
    same = isinstance(step, PassedOn) and step.to == before.holder
    if same or (isinstance(step, Received) and step.again):
        instants = frozenset()
    return _Happening(
        at=taken.at,
        trigger=trigger,
        instants=instants,
        case=now,
        by=taken.by,
        left=(trigger in MOVES and not same) or trigger == "reopened",
        until=step.until if isinstance(step, ExtensionAsked | Promised) else None,
    )


def _begins(clause: Clause, index: int, told: Sequence[_Happening], found: Sequence[Clock]) -> bool:
    if {clause.starts, clause.stops} & _OF_CALLS or clause.starts not in told[index].instants:
        return False
    earlier = [clock for clock in found if clock.clause == clause.id]
    if clause.per == "holder" or not earlier:
        return True
    last = earlier[-1]
    reopened = any(each.trigger == "reopened" and each.at >= last.started_at for each in told[:index])
    return last.stopped_at is not None and last.stopped_at <= told[index].at and reopened


def _applies(scope: Scope, case: Case, begin: _Happening, story: Story, organisation: Organisation) -> bool:
    holder = organisation.parties.get(_holder_of(begin) or "")
    counts_as = holder.counts_as if holder else frozenset()
    return (
        (not scope.kinds or case.kind in scope.kinds)
        and (not scope.holders or bool(counts_as & set(scope.holders)))
        and (not scope.channels or story.channel in scope.channels)
        and scope.severity in (None, case.severity)
        and scope.urgent in (None, case.urgent)
        and scope.complex in (None, case.complex)
        and scope.written in (None, case.written)
    )


def _holder_of(begin: _Happening) -> str | None:
    return begin.case.sent_to or begin.case.holder


def _clock(
    clause: Clause, number: int, version: str, index: int, told: Sequence[_Happening], rules: Regulated
) -> Clock:
    begin, rest = told[index], told[index + 1 :]
    end, ended = _end(clause, rest)
    lived = [each for each in rest if end is None or each.at <= end.at]
    lived = lived[: lived.index(end) + 1] if end is not None else lived
    pauses = _pauses(clause, lived)
    due = rules.due(clause, begin.at, pauses)
    rungs = [
        Rung(at=at, share=step.at, to=step.to)
        for step, at in zip(clause.escalation, _rungs(clause, begin, pauses, rules), strict=True)
    ]
    extended = _extended(clause, lived)
    if extended and due.at is not None and extended[1] > due.at:
        due, rungs = Deadline(extended[1], due.provisional), _between(*extended, clause.escalation)
    return Clock(
        clause=clause.id,
        round=number,
        in_force_from=version,
        text=clause.text,
        text_en=clause.text_en,
        started_at=begin.at,
        due_at=due.at,
        provisional=due.provisional,
        rungs=tuple(rungs),
        stopped_at=end.at if end else None,
        ended=ended,
        holder=_holder_of(begin),
        person=_person(begin, lived),
        extendable="extension_decided" in clause.pauses,
    )


def _rungs(clause: Clause, begin: _Happening, pauses: Sequence[Pause], rules: Regulated) -> list[datetime | None]:
    return [rules.share_reached(step.at, clause, begin.at, pauses) for step in clause.escalation]


def _end(
    clause: Clause, rest: Sequence[_Happening]
) -> tuple[_Happening | None, Literal["kept", "moved", "merged"] | None]:
    """What stopped the clock. One that pauses for a reopening goes on after it, as if it had not stopped."""
    stops = {clause.stops, *clause.stops_also}
    for index, each in enumerate(rest):
        if each.instants & stops:
            goes_on = "reopened" in clause.pauses and any(later.trigger == "reopened" for later in rest[index:])
            if not goes_on:
                return each, "kept"
        elif each.trigger == "merged":
            return each, "merged"
        elif (clause.per == "holder" and each.left) or (each.trigger == "closed" and "reopened" not in clause.pauses):
            return each, "moved"
    return None, None


_PAUSED_BY: Final = {"customer_awaited": "customer_awaited", "extension_decided": "extension_asked"}
_ENDS_PAUSE: Final = {
    "customer_awaited": frozenset({"customer_answered", "solved", "closed", "merged", "reopened"}) | MOVES,
    "extension_decided": frozenset({"extension_granted", "extension_refused", "solved", "closed", "merged"}) | MOVES,
    "reopened": frozenset({"reopened"}),
}


def _pauses(clause: Clause, lived: Sequence[_Happening]) -> list[Pause]:
    found: list[Pause] = []
    for pause in clause.pauses:
        since: datetime | None = None
        for each in lived:
            if since is not None and each.trigger in _ENDS_PAUSE[pause]:
                found.append(Pause(since, each.at))
                since = None
            elif since is None and (
                each.trigger == _PAUSED_BY.get(pause)
                or (pause == "reopened" and each.instants & {clause.stops, *clause.stops_also})
            ):
                since = each.at
        if since is not None:
            found.append(Pause(since))
    return found


def _extended(clause: Clause, lived: Sequence[_Happening]) -> tuple[datetime, datetime] | None:
    """When an extension was granted last, and until when; None for a clause that none moves."""
    found, asked = None, None
    for each in lived:
        if each.trigger == "extension_asked":
            asked = each.until
        elif each.trigger == "extension_granted" and asked is not None:
            found = (each.at, asked)
    return found if "extension_decided" in clause.pauses else None


def _between(since: datetime, until: datetime, ladder: Sequence[Escalation]) -> list[Rung]:
    """The ladder of a time that is not a clause's: by the wall clock."""
    return [Rung(at=since + (until - since) * step.at, share=step.at, to=step.to) for step in ladder]


def _person(begin: _Happening, lived: Sequence[_Happening]) -> str | None:
    """Who had it in hand; else who had taken it down, as long as it was there."""
    starters = [each.by for each in lived if each.trigger == "started"]
    if starters:
        return starters[-1]
    return begin.case.started_by or (begin.case.registered_by if begin.case.rounds <= 1 and not begin.left else None)


def _promise(number: int, index: int, told: Sequence[_Happening]) -> Clock:
    """Kept by hearing from us again; a later promise takes its place (TKT-5)."""
    begin, rest = told[index], told[index + 1 :]
    until = (begin.until or begin.at) + PROMISE_GRACE
    end = next((each for each in rest if each.instants & {"responded"} or each.trigger in ("merged", "closed")), None)
    ended: Literal["kept", "moved", "merged"] | None = None
    if end is not None:
        ended = "merged" if end.trigger == "merged" else "moved" if end.trigger in ("promised", "closed") else "kept"
    return Clock(
        clause=PROMISE,
        round=number,
        in_force_from="",
        text=PROMISE_TEXTS[0],
        text_en=PROMISE_TEXTS[1],
        started_at=begin.at,
        due_at=until,
        provisional=False,
        rungs=tuple(_between(begin.at, until, LADDER)),
        stopped_at=end.at if end else None,
        ended=ended,
        holder=begin.case.holder,
        person=begin.by,
        extendable=False,
    )

"""A new version of the regulation on what has been: which clocks would have been late under it (rules). Design D7.

The past is told as happenings, without any clause: the new version may start and stop its clocks at other ones, count
other days, apply to other tickets. So both versions are judged alike, from the happenings, and then compared.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from config.service.policy import Clause, Instant, PartyKind, Policy, Scope, Standstill
from config.values.kinds import TicketKind
from crm.regulation.deadlines import Pause
from crm.regulation.policy import Regulated

INSTANTS: Final[Mapping[str, Instant]] = {
    "arrived": "arrived",
    "answered": "answered",
    "registered": "opened",
    "received": "received",
    "passed_on": "passed_on",
    "started": "started",
    "responded": "responded",
    "solved": "solved",
    "replied_in_writing": "replied_in_writing",
    "fed_back": "fed_back",
    "extension_asked": "extension_asked",
    "closed": "closed",
}
"""Step of a ticket, or instant of its call → what starts and stops clocks."""
PAUSES: Final[Mapping[Standstill, tuple[frozenset[str], frozenset[str]]]] = {
    "customer_awaited": (frozenset({"customer_awaited"}), frozenset({"customer_answered"})),
    "extension_decided": (frozenset({"extension_asked"}), frozenset({"extension_granted", "extension_refused"})),
    "reopened": (frozenset({"closed"}), frozenset({"reopened"})),
}
"""Between which steps a clock stands still."""
ENDED: Final = "ended"
"""A call is over: what was to happen in it and has not is late by then, or nobody waited for it."""


@dataclass(frozen=True)
class Happening:
    """A step of a ticket, or an instant of its call. `holder`: what kind of party has the case from then on."""

    at: datetime
    step: str
    holder: PartyKind | None = None


@dataclass(frozen=True, kw_only=True)
class Past:
    """What happened on a ticket, in order. What is not known of it (None) is no reason for a clause to apply."""

    ticket: str
    happenings: tuple[Happening, ...]
    kind: TicketKind | None = None
    severity: str | None = None
    urgent: bool | None = None
    complex: bool | None = None
    written: bool | None = None


@dataclass(frozen=True)
class Clock:
    """One clock that ran. `late`: past its deadline when it stopped, or now; None: it still runs and is in time."""

    ticket: str
    round: int
    started_at: datetime
    stopped_at: datetime | None
    due_at: datetime | None
    late: bool | None


@dataclass(frozen=True)
class Count:
    """The clocks of a clause: all, and how they came out; the rest still runs."""

    clocks: int = 0
    kept: int = 0
    late: int = 0


@dataclass(frozen=True)
class Compared:
    """A clause under both versions. `newly_late`: (as it was judged, None if no clock ran; as it would be)."""

    clause: str
    text: str
    text_en: str
    now: Count
    new: Count
    newly_late: tuple[tuple[Clock | None, Clock], ...]
    no_longer_late: tuple[tuple[Clock, Clock | None], ...]


def rehearse(pasts: Sequence[Past], now: Regulated, new: Regulated, since: datetime, at: datetime) -> list[Compared]:
    """Clocks that began from `since` until `at`: by the version in force then, and by the newest version of `new`."""
    newest = Regulated(Policy(working_time=new.policy.working_time, versions=new.policy.versions[-1:]), new.calendar)
    before, after = _judged(pasts, now, since, at), _judged(pasts, newest, since, at)
    texts = {
        clause.id: clause
        for rules in (now, newest)
        for version in rules.policy.versions
        for clause in version.clauses.values()
    }
    names = [
        *newest.policy.versions[0].clauses,
        *(name for name in before if name not in newest.policy.versions[0].clauses),
    ]
    return [_compared(texts[name], before.get(name, {}), after.get(name, {})) for name in names]


def clocks(clause: Clause, past: Past, rules: Regulated, at: datetime) -> Iterator[Clock]:
    """The clocks of a clause on a ticket: one for each start, until the next stop. What needed no stop is left out."""
    pauses, stops = list(_pauses(clause, past)), {clause.stops, *clause.stops_also}
    begun: datetime | None = None
    rounds = 0
    for happening in past.happenings:
        instant = INSTANTS.get(happening.step)
        if begun is not None and (instant in stops or happening.step in (ENDED, "closed")):
            rounds += 1
            clock = _clock(clause, past.ticket, rounds, (begun, happening.at), pauses, rules)
            if instant in stops or (happening.step == ENDED and clock.late):
                yield clock
            begun = None
        if begun is None and instant == clause.starts and _applies(clause.applies, past, happening):
            begun = happening.at
    if begun is not None:
        running = _clock(clause, past.ticket, rounds + 1, (begun, at), pauses, rules)
        yield Clock(past.ticket, rounds + 1, begun, None, running.due_at, running.late or None)


def _judged(
    pasts: Iterable[Past], rules: Regulated, since: datetime, at: datetime
) -> dict[str, dict[tuple[str, int], Clock]]:
    """Clause → (ticket, round) → clock, each judged by the version in force when it began."""
    found: dict[str, dict[tuple[str, int], Clock]] = {}
    for past in pasts:
        for version in rules.policy.versions:
            for clause in version.clauses.values():
                for clock in clocks(clause, past, rules, at):
                    began = clock.started_at.astimezone(rules.calendar.zone).date()
                    if clock.started_at >= since and rules.policy.in_force(began) is version:
                        found.setdefault(clause.id, {})[clock.ticket, clock.round] = clock
    return found


def _clock(
    clause: Clause, ticket: str, round_: int, ran: tuple[datetime, datetime], pauses: Sequence[Pause], rules: Regulated
) -> Clock:
    began, ended = ran
    due = rules.due(clause, began, [pause for pause in pauses if pause.since < ended]).at
    return Clock(ticket, round_, began, ended, due, due is not None and ended > due)


def _applies(scope: Scope, past: Past, start: Happening) -> bool:
    if scope.kinds and past.kind not in scope.kinds:
        return False
    if scope.holders and start.holder not in scope.holders:
        return False
    return all(
        getattr(scope, name) is None or getattr(scope, name) == getattr(past, name)
        for name in ("severity", "urgent", "complex", "written")
    )


def _pauses(clause: Clause, past: Past) -> Iterator[Pause]:
    for standstill in clause.pauses:
        begins, ends = PAUSES[standstill]
        since: datetime | None = None
        for happening in past.happenings:
            if since is None and happening.step in begins:
                since = happening.at
            elif since is not None and happening.step in ends:
                yield Pause(since, happening.at)
                since = None
        if since is not None:
            yield Pause(since)


def _compared(
    clause: Clause, before: Mapping[tuple[str, int], Clock], after: Mapping[tuple[str, int], Clock]
) -> Compared:
    newly = [(before.get(key), clock) for key, clock in after.items() if clock.late and not _late(before.get(key))]
    no_longer = [(clock, after.get(key)) for key, clock in before.items() if clock.late and not _late(after.get(key))]
    return Compared(
        clause=clause.id,
        text=clause.text,
        text_en=clause.text_en,
        now=_count(before.values()),
        new=_count(after.values()),
        newly_late=tuple(sorted(newly, key=lambda pair: pair[1].started_at)),
        no_longer_late=tuple(sorted(no_longer, key=lambda pair: pair[0].started_at)),
    )


def _late(clock: Clock | None) -> bool:
    return clock is not None and clock.late is True


def _count(found: Iterable[Clock]) -> Count:
    outcomes = [clock.late for clock in found]
    return Count(len(outcomes), outcomes.count(False), outcomes.count(True))

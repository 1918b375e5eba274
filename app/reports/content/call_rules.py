"""The telephone's rules as the compliance report judges them (rules): by the counts of the figures. TEL-1, TEL-2.

So a rule's share here and the figure on the wallboard are one number, and each breach names its ticket.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from config.schema import Site
from config.words import Words
from crm.journal.events import CallArrived, CallEvent
from crm.reports.compliance import Breach, Kept
from crm.reports.facts import Attempt, OutboundTalk
from routing.statistics.figures import CallRecord, Limits, Tally, fate, wait_begins

TALK_LIMIT_S = 180.0
"""TEL-8: an outbound talk should not exceed three minutes."""
CSAT_TARGET = 0.85
"""QUA-1."""


@dataclass
class CallRules:
    """Hears of each call of a period, and says then how the rules were kept."""

    limits: Limits
    _total: Tally = field(default_factory=Tally)
    _breaches: dict[str, list[Breach]] = field(default_factory=dict)

    def hear(self, call: CallRecord, story: Sequence[CallEvent]) -> None:
        """A call that counts, with its events."""
        counted = fate(call, self.limits)
        self._total.add(counted)
        ticket = next((event.ticket for event in story if isinstance(event, CallArrived)), None)
        rings_s = self.limits.ring_limit * self.limits.ring_period_s
        if counted.answered_by_system and not counted.within_three_rings:
            self._add("TEL-1", ticket, call, call.invited_at, rings_s, call.answered_at)
        if counted.answered and not counted.person_within_three_rings:
            self._add("TEL-1.person", ticket, call, call.invited_at, rings_s, call.agent_answered_at)
        begun = wait_begins(call)
        judged = counted.queued and not (counted.within_threshold or counted.short_abandons or counted.waiting)
        if judged and begun is not None:
            over = call.agent_answered_at or call.ended_at
            self._add("TEL-2", ticket, call, begun, self.limits.threshold_s, over)
        if counted.surveyed and not counted.satisfied:
            self._add("QUA-1", ticket, call, call.invited_at, None, call.ended_at)

    def kept(self, site: Site) -> tuple[Kept, ...]:
        total, level = self._total, site.service_level
        seconds = f"{level.threshold_s:g}"
        return (
            self._kept(
                "TEL-1",
                Words("铃响三声内接听（系统）", "Picked up within three rings"),
                total.within_three_rings,
                total.answered_by_system,
            ),
            self._kept(
                "TEL-1.person",
                Words("铃响三声内由人工接听", "Answered by a person within three rings"),
                total.person_within_three_rings,
                total.answered,
                target=None,
            ),
            self._kept(
                "TEL-2",
                Words(f"{seconds} 秒内有坐席应答", f"A person within {seconds} s"),
                total.within_threshold,
                total.queued - total.short_abandons - total.waiting,
                target=level.target,
                running=total.waiting,
            ),
            self._kept(
                "QUA-1",
                Words("满意率不低于 85%", "At least 85 % are satisfied"),
                total.satisfied,
                total.surveyed,
                target=CSAT_TARGET,
            ),
        )

    def _kept(
        self, rule: str, text: Words, kept: int, judged: int, *, target: float | None = 1.0, running: int = 0
    ) -> Kept:
        breaches = tuple(sorted(self._breaches.get(rule, ()), key=lambda breach: breach.started_at))
        return Kept(
            rule=rule, text=text, kept=kept, broken=judged - kept, running=running, target=target, breaches=breaches
        )

    def _add(
        self,
        rule: str,
        ticket: str | None,
        call: CallRecord,
        started_at: datetime,
        limit_s: float | None,
        stopped_at: datetime | None,
    ) -> None:
        due_at = None if limit_s is None else started_at + timedelta(seconds=limit_s)
        late = (stopped_at - due_at).total_seconds() if stopped_at and due_at else 0.0
        self._breaches.setdefault(rule, []).append(
            Breach(
                rule=rule,
                ticket=ticket,
                started_at=started_at,
                due_at=due_at,
                stopped_at=stopped_at,
                late_s=late,
                holder=call.queue,
                person=call.agent,
            )
        )


def talks_kept(talks: Sequence[OutboundTalk]) -> Kept:
    """TEL-8: outbound talks of at most three minutes."""
    return _judged(
        "TEL-8",
        Words("主动外呼通话不超过三分钟", "An outbound talk lasts at most three minutes"),
        [(talk.talk_s <= TALK_LIMIT_S, _long_talk(talk)) for talk in talks],
    )


def _long_talk(talk: OutboundTalk) -> Callable[[], Breach]:
    return lambda: Breach(
        rule="TEL-8",
        ticket=talk.ticket,
        started_at=talk.began_at,
        due_at=talk.began_at + timedelta(seconds=TALK_LIMIT_S),
        stopped_at=talk.began_at + timedelta(seconds=talk.talk_s),
        late_s=talk.talk_s - TALK_LIMIT_S,
        person=talk.agent,
    )


def attempts_kept(attempts: Iterable[Attempt], site: Site) -> Kept:
    """FUP-6: customers are rung within the permitted hours. A kept place is rung when its turn comes: not judged."""
    return _judged(
        "FUP-6",
        Words("只在允许的时段内呼叫客户", "Customers are called within permitted hours only"),
        [(_permitted(each.at, site), _early_or_late(each)) for each in attempts if each.kind != "queue_callback"],
    )


def _early_or_late(attempt: Attempt) -> Callable[[], Breach]:
    return lambda: Breach(
        rule="FUP-6", ticket=attempt.ticket, started_at=attempt.at, due_at=None, stopped_at=attempt.at, late_s=0.0
    )


def _permitted(at: datetime, site: Site) -> bool:
    clock = at.astimezone(site.zone).time()
    return any(period.contains(clock) for period in site.outbound.hours)


def _judged(rule: str, text: Words, judged: Sequence[tuple[bool, Callable[[], Breach]]]) -> Kept:
    breaches = tuple(breach() for good, breach in judged if not good)
    return Kept(rule=rule, text=text, kept=len(judged) - len(breaches), broken=len(breaches), breaches=breaches)

"""What a waiting caller is told, and when (rules: no clock, no sound). Settings: config/calls/waiting.py. TEL-5, FUP-1.

Each thing has its own first time and interval; what comes due together is said one after the other, with music in
between, so that nobody hears announcements in an endless row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from config.calls.waiting import WaitRules
from ivr.words.grammars import Clips, Grammar

MUSIC_BETWEEN_S = 5.0
"""At least so much music lies between two announcements."""


class Topic(Enum):
    """In the order in which they are said when they come due together."""

    POSITION = "position"
    OFFER = "offer"
    SORRY = "sorry"
    COMFORT = "comfort"


@dataclass(frozen=True)
class Schedule:
    """What has been said so far; times in seconds since the caller entered the queue."""

    rules: WaitRules
    can_call_back: bool
    """Customers can be dialled at all, so that a callback may be offered."""
    last: Mapping[Topic, float] = field(default_factory=dict)
    silent_until: float = 0.0
    comforts: int = 0

    def next(self) -> tuple[Topic, float] | None:
        """What is said next, and when; None: only music from here on."""
        due = [(at, topic) for topic in Topic if (at := self._due(topic)) is not None]
        if not due:
            return None
        when, topic = min(due, key=lambda each: each[0])  # the first of equals: the order of Topic
        return topic, max(when, self.silent_until)

    def said(self, topic: Topic, at: float) -> "Schedule":
        """`at`: when it had been said to its end."""
        return Schedule(
            self.rules,
            self.can_call_back,
            {**self.last, topic: at},
            at + MUSIC_BETWEEN_S,
            self.comforts + (topic is Topic.COMFORT),
        )

    def comfort(self) -> str:
        """The words of comfort whose turn it is."""
        return self.rules.comfort[self.comforts % len(self.rules.comfort)]

    def _due(self, topic: Topic) -> float | None:
        first, every = self._times(topic)
        if first is None:
            return None
        return self.last[topic] + every if topic in self.last else first

    def _times(self, topic: Topic) -> tuple[float | None, float]:
        rules = self.rules
        match topic:
            case Topic.POSITION:
                return rules.position_after_s, rules.position_every_s
            case Topic.OFFER:
                offers = rules.message or (rules.callback and self.can_call_back)
                return rules.offer_after_s if offers else None, rules.offer_every_s
            case Topic.SORRY:
                return rules.sorry_after_s, rules.sorry_every_s
            case Topic.COMFORT:
                return rules.comfort_after_s, rules.comfort_every_s


def begin(rules: WaitRules, waited_s: float, *, can_call_back: bool) -> Schedule:
    """From now on. Who has waited already (a restart, an agent who was lost) hears the position first, and what else
    was due meanwhile only after its interval."""
    schedule = Schedule(rules, can_call_back)
    others = [topic for topic in Topic if topic is not Topic.POSITION]
    passed: dict[Topic, float] = {topic: waited_s for topic in others if _is_past(schedule, topic, waited_s)}
    return Schedule(rules, can_call_back, passed, waited_s)


def _is_past(schedule: Schedule, topic: Topic, waited_s: float) -> bool:
    due = schedule._due(topic)
    return due is not None and due < waited_s


def place_words(grammar: Grammar, ahead: int, wait_s: float | None) -> Clips:
    """The position, and, when it is known, the wait to be expected, rounded up to whole minutes."""
    if wait_s is None:
        return grammar.position(ahead)
    minutes = 0 if wait_s < 60 else -int(-wait_s // 60)
    return (*grammar.position(ahead), *grammar.wait(minutes))


def offer_words(schedule: Schedule) -> Clips:
    """What can be had by a key."""
    rules = schedule.rules
    callback = ("callback-offer",) if rules.callback and schedule.can_call_back else ()
    return (*callback, "message-offer") if rules.message else callback

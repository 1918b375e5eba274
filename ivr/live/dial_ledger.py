"""Counts what is dialled through the trunk, and says when it is enough: by number, person, hour, day, yuan (rules).

It is a fold of the journal, as calls are (ADR 32): `hear` each event, at start those of the last day. So it survives a
restart, and needs no store. `permit` and the `NumberDialled` that follows it lie in one step of the loop, so that two
who dial at once are counted one after the other. FUP-10.
"""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from config.calls.outbound import HourAndDay, OutboundRules
from config.destination import Destination, DialPermit, LimitMet, LimitName
from config.ids import CallId, ChannelId
from crm.journal.events import (
    CallAnswered,
    CallEnded,
    DialLimitNear,
    DutyAccepted,
    DutyDeclined,
    Event,
    NumberDialled,
    OutsideAnswered,
    ThirdLeft,
    TransferFailed,
)
from crm.journal.events import DialPurpose as Purpose

HOUR: Final = timedelta(hours=1)
KEPT: Final = timedelta(hours=25)
"""A day, also one with a change of summer time."""
NEAR: Final = 0.8
"""So much of a limit used up is told, before it is met."""
TOLD_AGAIN: Final = HOUR

Span = Literal["hour", "day"]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A call that somebody wants made. `by`: the person it is made for; `asked`: whoever is rung asked for it."""

    destination: Destination
    purpose: Purpose
    by: str | None = None
    asked: bool = False


@dataclass(frozen=True, kw_only=True)
class Use:
    """How much of a limit is used up. `who`: the person or number that it is counted for, "" for all."""

    limit: LimitName
    who: str
    used: float
    most: float

    @property
    def share(self) -> float:
        return self.used / self.most if self.most else 1.0


@dataclass
class _Leg:
    """One call that was dialled, as far as it costs something."""

    call_id: CallId
    at: datetime
    rate: float
    beside: bool
    """Not the customer whom the call is to, but whom it is handed to."""
    answered_at: datetime | None = None

    def cost(self, until: datetime) -> float:
        """Every minute that has begun, and one for being dialled at all."""
        talked_s = (until - self.answered_at).total_seconds() if self.answered_at else 0.0
        return self.rate * max(1, math.ceil(talked_s / 60))


@dataclass
class DialLedger:
    """The one count of outbound calls; that of one controller, which is the only one to dial."""

    rules: OutboundRules
    zone: ZoneInfo
    _counted: dict[tuple[str, str], list[datetime]] = field(default_factory=lambda: defaultdict(list))
    """What is counted, and for whom → when, in order."""
    _legs: list[_Leg] = field(default_factory=list)
    """Those that still cost."""
    _spent: dict[date, float] = field(default_factory=lambda: defaultdict(float))
    """Of those that have ended, by the day they were dialled on."""
    _channels: dict[ChannelId, NumberDialled] = field(default_factory=dict)
    _told: dict[tuple[LimitName, str, bool], datetime] = field(default_factory=dict)

    def hear(self, event: Event) -> None:
        """Whatever has happened, live or out of the journal."""
        match event:
            case NumberDialled():
                self._count(event)
            case CallAnswered() | OutsideAnswered() | DutyAccepted():
                for leg in self._of(event.call_id, beside=not isinstance(event, CallAnswered)):
                    leg.answered_at = leg.answered_at or event.at
            case ThirdLeft() | TransferFailed() | DutyDeclined():
                self._end(self._of(event.call_id, beside=True), event.at)
            case CallEnded():
                self._end([*self._of(event.call_id, beside=True), *self._of(event.call_id, beside=False)], event.at)
            case DialLimitNear():
                self._told[event.limit, event.who, event.met] = event.at
            case _:
                pass

    def refusal(self, wish: Wish, now: datetime) -> LimitMet | None:
        """Why such a call may not be made now, and when it may; of several limits the one that holds longest."""
        met = [self._met(use, now) for use in self._uses(wish, now) if use.used + self._price(use, wish) > use.most]
        return max(met, key=lambda each: each.again_at, default=None)

    def permit(self, wish: Wish, channel_id: ChannelId, now: datetime) -> DialPermit | LimitMet:
        """Allow this one call, on this channel. Record `NumberDialled` before anything else is done."""
        return self.refusal(wish, now) or DialPermit(wish.destination.number, channel_id)

    def given(self, channel_id: ChannelId) -> DialPermit | None:
        """The permit that was given for this channel, perhaps to a controller that died; None: none was."""
        counted = self._channels.get(channel_id)
        return DialPermit(counted.number, channel_id) if counted else None

    def news(self, wish: Wish, now: datetime) -> list[DialLimitNear]:
        """What is to be told now that this call has been made, or refused: limits that are near, and those met. Each
        once an hour; a number's own limits are nobody's news."""
        told = []
        for use in self._uses(wish, now):
            met = use.used + self._price(use, wish) > use.most
            last = self._told.get((use.limit, use.who, met))
            if use.limit.startswith("number") or use.share < NEAR or (last and last <= now < last + TOLD_AGAIN):
                continue
            told.append(
                DialLimitNear(at=now, limit=use.limit, who=use.who, used=round(use.used, 2), most=use.most, met=met)
            )
        return told

    def status(self, now: datetime) -> dict[str, object]:
        """For `/status`: how much goes out, and which limits are near or met."""
        limits, trunk = self.rules.limits, [*self._of_count("trunk", "", self.rules.limits.per_trunk, now)]
        agents = [who for what, who in self._counted if what == "agent"]
        uses = [use for who in agents for use in self._of_count("agent", who, limits.per_agent, now)]
        all_uses = [*trunk, *self._spend(now), *uses]
        return {
            "up": True,
            "calls_in_the_last_hour": self._since(("trunk", ""), now - HOUR),
            "calls_today": self._since(("trunk", ""), self._before_today(now)),
            "spent_today": round(self._spent_today(now), 2),
            "near": [f"{use.limit} {use.who}".strip() for use in all_uses if NEAR <= use.share < 1],
            "met": [f"{use.limit} {use.who}".strip() for use in all_uses if use.share >= 1],
        }

    def _count(self, event: NumberDialled) -> None:
        self._forget(event.at - KEPT)
        keys = [("trunk", "")]
        if event.purpose != "duty":
            keys.append(("number_asked", event.number))
            keys += [] if event.asked else [("number", event.number)]
            keys += [("agent", event.by)] if event.by else []
        for key in keys:
            self._counted[key].append(event.at)
        self._channels[ChannelId(event.channel_id)] = event
        beside = event.purpose in ("transfer", "duty")
        self._legs.append(_Leg(CallId(event.call_id), event.at, self.rules.rates[event.kind], beside))

    def _forget(self, before: datetime) -> None:
        for key in [key for key, times in self._counted.items() if times[-1] < before]:
            del self._counted[key]
        for times in self._counted.values():
            del times[: bisect_right(times, before)]
        for channel in [channel for channel, event in self._channels.items() if event.at < before]:
            del self._channels[channel]
        for day in [day for day in self._spent if day < self._day(before)]:
            del self._spent[day]

    def _of(self, call_id: str, *, beside: bool) -> list[_Leg]:
        """The legs of a call that still cost: those beside the customer's, or the customer's own."""
        return [leg for leg in self._legs if leg.call_id == call_id and leg.beside is beside]

    def _end(self, legs: list[_Leg], at: datetime) -> None:
        for leg in legs:
            self._legs.remove(leg)
            self._spent[self._day(leg.at)] += leg.cost(at)

    def _uses(self, wish: Wish, now: datetime) -> Iterator[Use]:
        """What this call would be counted in, as it stands without it."""
        limits = self.rules.limits
        yield from self._of_count("trunk", "", limits.per_trunk, now)
        if wish.purpose == "duty":
            return
        number = wish.destination.number
        yield from self._of_count("number_asked", number, limits.per_number_asked, now)
        if not wish.asked:
            yield from self._of_count("number", number, limits.per_number, now)
        if wish.by:
            yield from self._of_count("agent", wish.by, limits.per_agent, now)
        yield from self._spend(now)

    def _of_count(self, what: str, who: str, limit: HourAndDay, now: datetime) -> Iterator[Use]:
        spans: tuple[tuple[Span, int | None, datetime], ...] = (
            ("hour", limit.hour, now - HOUR),
            ("day", limit.day, self._before_today(now)),
        )
        for span, most, since in spans:
            if most is not None:
                used = self._since((what, who), since)
                yield Use(limit=_LIMITS[what, span], who=who, used=used, most=most)

    def _spend(self, now: datetime) -> Iterator[Use]:
        if (most := self.rules.limits.spend_per_day) is not None:
            yield Use(limit="spend_day", who="", used=self._spent_today(now), most=most)

    def _price(self, use: Use, wish: Wish) -> float:
        """What one more such call adds to this use at least."""
        return self.rules.rates[wish.destination.kind] if use.limit == "spend_day" else 1

    def _met(self, use: Use, now: datetime) -> LimitMet:
        again_at = self._midnight(now, days=1)
        if use.limit.endswith("_hour"):
            times = self._counted[use.limit.removesuffix("_hour"), use.who]
            again_at = times[-int(use.most)] + HOUR
        return LimitMet(limit=use.limit, most=use.most, again_at=again_at)

    def _since(self, key: tuple[str, str], since: datetime) -> int:
        times = self._counted.get(key, [])
        return len(times) - bisect_right(times, since)

    def _spent_today(self, now: datetime) -> float:
        today = self._day(now)
        return self._spent.get(today, 0.0) + sum(leg.cost(now) for leg in self._legs if self._day(leg.at) == today)

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def _before_today(self, now: datetime) -> datetime:
        return self._midnight(now) - timedelta(microseconds=1)

    def _midnight(self, now: datetime, days: int = 0) -> datetime:
        return datetime.combine(self._day(now) + timedelta(days=days), time(), self.zone).astimezone(now.tzinfo)


_LIMITS: Final[dict[tuple[str, Span], LimitName]] = {
    ("number", "hour"): "number_hour",
    ("number", "day"): "number_day",
    ("number_asked", "hour"): "number_asked_hour",
    ("number_asked", "day"): "number_asked_day",
    ("agent", "hour"): "agent_hour",
    ("agent", "day"): "agent_day",
    ("trunk", "hour"): "trunk_hour",
    ("trunk", "day"): "trunk_day",
}

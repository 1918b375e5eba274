"""When, how often and whom a site calls, and how much at most: `outbound` of site.yaml (rules). FUP-6, FUP-10."""

from collections.abc import Mapping
from datetime import time
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from config.values.fields import AllowedNumber, Country, InputSeconds, Model, Number, Period, WholeSeconds
from config.values.kinds import DialKind, SiteKind

Count = Annotated[int, Field(ge=1, le=1_000_000)]
Yuan = Annotated[float, Field(ge=0, le=1_000_000)]


class HourAndDay(Model):
    """How many calls at most within any hour, and on one day; null: as many as are asked for."""

    hour: Count | None = None
    day: Count | None = None


class Limits(Model):
    """How many calls go out at most (FUP-10).

    `per_number`: to one number, of those that nobody there asked for (reminders, news of a case). `per_number_asked`:
    to one number in all, transfers and callbacks that somebody asked for included. `per_agent`: that one person
    transfers or has promised. `per_trunk`: all. `spend_per_day`: yuan, as `rates` estimate it. Of people on duty only
    `per_trunk` holds.
    """

    per_number: HourAndDay = HourAndDay(hour=1, day=4)
    per_number_asked: HourAndDay = HourAndDay(hour=6, day=20)
    per_agent: HourAndDay = HourAndDay(hour=30, day=200)
    per_trunk: HourAndDay = HourAndDay(hour=600, day=6000)
    spend_per_day: Yuan | None = 500.0


RATES: Mapping[DialKind, float] = {
    "fixed": 0.15,
    "mobile": 0.15,
    "short": 0.15,
    "toll_free": 0.0,
    "shared_cost": 0.15,
    "service": 0.15,
    "premium": 5.0,
    "abroad": 8.0,
}
"""Yuan for each minute that has begun, and for a call that is not answered as for one minute."""


def _with_defaults(rates: dict[DialKind, float]) -> dict[DialKind, float]:
    return {**RATES, **rates}


class OutboundRules(Model):
    """When and how often customers are called (FUP-6), whom, and how much in all (FUP-10). `gap_s` lies between two
    attempts.

    `reminder_hours`, `callback_hours`: for those alone, in the place of `hours`. `kinds`: what is dialled at home;
    `countries`: abroad; `allow`: dialled although they are neither; with `*` at the end: all that begin so.
    `callback_to_other_number`: whether a caller may have another number called back than the one that the network gave;
    `with_code`: whoever answers there keys the code that the caller was told, or is connected with nobody (ADR 43).
    """

    hours: tuple[Period, ...] = (
        Period(start=time(9), end=time(12)),
        Period(start=time(14), end=time(20)),
    )
    reminder_hours: tuple[Period, ...] | None = None
    callback_hours: tuple[Period, ...] | None = None
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    gap_s: WholeSeconds = 7200
    ring_timeout_s: InputSeconds = 45
    do_not_call: tuple[Number, ...] = ()
    kinds: tuple[SiteKind, ...] = ("fixed", "mobile")
    countries: tuple[Country, ...] = ()
    allow: tuple[AllowedNumber, ...] = ()
    limits: Limits = Limits()
    rates: Annotated[dict[DialKind, Yuan], AfterValidator(_with_defaults)] = Field(default_factory=lambda: dict(RATES))
    accept_timeout_s: InputSeconds = 30
    callback_to_other_number: Literal["never", "with_code"] = "never"

    def hours_of(self, kind: str) -> tuple[Period, ...]:
        """When due calls of this kind may be made."""
        own = {"reminder": self.reminder_hours, "callback": self.callback_hours}.get(kind)
        return self.hours if own is None else own

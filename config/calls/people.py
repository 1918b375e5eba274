"""The people of a site and the queues they serve: agents, skills, and how a caller gets one of them (routing/queue.py).

Durations carry `_s` (seconds). Issue: skills, strategies, ageing, bullseye rings, sticky agents. LNE-1, TEL-1, CUS-1.
"""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from config.calls.actions import MessageAction, OutsideMenu
from config.calls.overflow import OverflowStep as OverflowStep
from config.calls.waiting import WaitRules
from config.values.fields import (
    AgentNumber,
    AgentRing,
    Id,
    Language,
    LevelId,
    Model,
    Named,
    Seconds,
    SkillId,
    TelephoneId,
    Text,
    fault,
)

LineKind = Literal["aid", "hotline", "supervision"]
"""客户援助电话, 客服热线, 服务监督电话 (LNE-1)."""

Role = Literal["agent", "supervisor", "administrator"]

Strategy = Literal["longest_idle", "least_occupied", "round_robin", "ring_all", "linear", "most_skilled"]
"""Which idle agent is asked first; each is explained in routing/queue.py."""

SkillLevel = Annotated[int, Field(ge=1, le=10)]
Points = Annotated[int, Field(ge=-100, le=100)]
Levels = dict[SkillId, SkillLevel]


class Skill(Named):
    """Something that an agent can, to a level from 1 to 10."""


class RoutingRules(Model):
    """How urgency and waiting weigh against each other, for all queues.

    `ageing_s`: so many seconds of waiting are worth one point of priority, so that nobody starves; null: points always
    go before time. `promised_points`: for a call that was promised. `key_customer_points`: for key customers (CUS-1).
    """

    ageing_s: Seconds | None = 60.0
    promised_points: Points = 5
    key_customer_points: Points = 5


class Relaxation(Model):
    """After so many seconds of waiting these needs replace the queue's own: `needs: {}` asks for nothing any more."""

    after_s: Seconds
    needs: Levels = Field(default_factory=dict)


def _rising(steps: tuple[Relaxation, ...]) -> tuple[Relaxation, ...]:
    for before, after in pairwise(steps):
        if after.after_s <= before.after_s:
            raise fault(f"`relax` must rise: after_s {after.after_s:g} comes after {before.after_s:g}")
    return steps


def _staffed(agents: tuple[str, ...]) -> tuple[str, ...]:
    if not agents:
        raise fault('a queue without agents: name at least one, such as ["8001"]')
    return agents


class Queue(Model):
    """A waiting line of callers and the agents who serve it. `on_max_wait`: what happens after `max_wait_s` in it;
    `on_closed`: what follows the announcement while a supervisor has closed it.

    `needs`: skills that its calls ask for; `relax`: how that widens while a caller waits. `preferences`: how far an
    agent is from this queue; 0, also who is not named, is asked first. `sticky_s`: so long a caller waits for the agent
    who knows the case. `level`: of the organisation. `overflow`: the first of these steps that applies moves a waiting
    caller on (LNE-7). `announce_agent`: the agent's number is told before the talk (TEL-3).
    `survey`: callers are asked for their satisfaction after it (QUA-1). `wait`: in place of the site's.
    """

    name: Id
    title: Text
    title_en: Text
    kind: LineKind
    level: LevelId | None = None
    agents: Annotated[tuple[TelephoneId, ...], AfterValidator(_staffed)]
    strategy: Strategy = "longest_idle"
    needs: Levels = Field(default_factory=dict)
    relax: Annotated[tuple[Relaxation, ...], AfterValidator(_rising)] = ()
    preferences: dict[TelephoneId, Annotated[int, Field(ge=0, le=20)]] = Field(default_factory=dict)
    sticky_s: Annotated[float, Field(ge=0, le=600)] = 0.0
    ring_timeout_s: AgentRing = 15.0
    wrap_up_s: Seconds = 20.0
    announce_agent: bool = True
    survey: bool = False
    priority: Points = 0
    wait: WaitRules | None = None
    max_wait_s: Seconds = 600.0
    on_max_wait: OutsideMenu
    on_closed: OutsideMenu = MessageAction()
    overflow: tuple[OverflowStep, ...] = ()


class Agent(Model):
    """A person who works here. An administrator has no telephone. `languages`: those spoken with callers."""

    id: AgentNumber
    name: Text
    name_en: Text
    role: Role = "agent"
    telephone: bool = True
    skills: Levels = Field(default_factory=dict)
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] = ("zh",)

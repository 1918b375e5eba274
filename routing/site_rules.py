"""From a site's files to what the ACD works with (rules: a translation, nothing else)."""

from collections.abc import Mapping

from config.calls.people import Agent, Queue
from config.ids import AgentId, QueueName
from routing.queue import QueueRules, Relaxation, Strategy, needs_of

LANGUAGE = "language:"
"""Before the name of a language among the skills: no skill of a site can be called so."""


def queue_rules(queue: Queue) -> QueueRules:
    return QueueRules(
        name=QueueName(queue.name),
        agents=tuple(AgentId(agent) for agent in queue.agents),
        priority=queue.priority,
        wrap_up_s=queue.wrap_up_s,
        strategy=Strategy(queue.strategy),
        needs=needs_of(queue.needs),
        relax=tuple(Relaxation(after_s=step.after_s, needs=needs_of(step.needs)) for step in queue.relax),
        preferences={AgentId(agent): points for agent, points in queue.preferences.items()},
        sticky_s=queue.sticky_s,
    )


def skills_of(agent: Agent) -> Mapping[str, int]:
    """An agent's skills, the languages among them."""
    return {**agent.skills, **{LANGUAGE + language: 1 for language in agent.languages}}

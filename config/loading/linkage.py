"""How queues hand callers on, and whether they can serve them at all: overflow circles, skills that nobody has. LNE-7.

Rules over the files' trees, like crosscheck.py. What cannot be read has a fault of its own, and causes no second one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from config.loading.source import Fault, Mark, Source, Tree

_MOST_NESTED = 20


@dataclass(frozen=True)
class _Way:
    """From one queue to another; `mark` is where the file says so, `condition` under which it is taken."""

    to: str
    mark: Mark
    condition: str


def queue_circles(queues: Source) -> Iterator[Fault]:
    """Queues that hand a caller on, by overflow or after the longest wait, until the same queue comes again (LNE-7)."""
    by_name = {name: queue for queue in queues.tree.children("queues") if (name := queue.text("name")) is not None}
    ways = {name: [way for way in _ways(queue) if way.to in by_name] for name, queue in by_name.items()}
    following = {name: {way.to for way in found} for name, found in ways.items()}
    for name, found in ways.items():
        for way in found:
            if name in all_after(way.to, following) | {way.to}:
                yield queues.fault(
                    way.mark,
                    f"loop without exit: a caller moved on from '{name}' to '{way.to}' ({way.condition}) comes back to "
                    f"'{name}'; let the circle end in another queue, a duty roster or a message",
                )


def _ways(queue: Tree) -> Iterator[_Way]:
    target = _queue_of(queue.get("on_max_wait"))
    if target is not None:
        yield _Way(target, queue.value_mark("on_max_wait"), "on_max_wait")
    for step in queue.children("overflow"):
        target = _queue_of(step.get("to"))
        if target is not None:
            condition = next((key for key in step.entries or () if key not in ("to", "play")), "overflow")
            yield _Way(target, step.value_mark("to"), condition)


def _queue_of(action: Tree | None) -> str | None:
    """The queue that an action leads to in the end."""
    for _ in range(_MOST_NESTED):
        if action is None or action.text("go") not in ("play", "language"):
            break
        action = action.get("then")
    return action.text("queue") if action is not None and action.text("go") == "queue" else None


def all_after(start: str, following: Mapping[str, set[str]]) -> set[str]:
    """Everything that comes after `start`, however far; `start` itself only when it comes again."""
    seen: set[str] = set()
    ahead = set(following[start])
    while ahead:
        name = ahead.pop()
        seen.add(name)
        ahead |= following[name] - seen
    return seen


def unmet_needs(queues: Source, agents: Source, skills: frozenset[str]) -> Iterator[Fault]:
    """Skills that a queue asks for and no agent of that queue has, at that level: its callers would wait for nobody."""
    known = {
        agent_id: _levels(agent.get("skills"))
        for agent in agents.tree.children("agents")
        if (agent_id := agent.text("id")) is not None
    }
    for queue in queues.tree.children("queues"):
        staff = {str(item.scalar) for item in queue.children("agents")}
        if not staff or not staff <= known.keys():
            continue
        people = {agent_id: known[agent_id] for agent_id in staff}
        asked = [queue.get("needs"), *(step.get("needs") for step in queue.children("relax"))]
        for needs in asked:
            if needs is not None:
                yield from _unmet(queues, queue.text("name") or "?", needs, people, skills)


def _unmet(
    queues: Source, queue: str, needs: Tree, people: Mapping[str, Mapping[str, int]], skills: frozenset[str]
) -> Iterator[Fault]:
    wanted = {skill: level for skill, level in _levels(needs).items() if skill in skills}
    missing = False
    for skill, level in wanted.items():
        best = max((levels.get(skill, 0) for levels in people.values()), default=0)
        if best < level:
            missing = True
            found = f"the best has level {best}" if best else "nobody there has it"
            yield queues.fault(
                needs.value_mark(skill),
                f"a skill nobody has: queue '{queue}' needs '{skill}' at level {level}, {found}; "
                "give it to one of its agents in agents.yaml, or ask for less",
            )
    if not missing and not any(all(has.get(s, 0) >= n for s, n in wanted.items()) for has in people.values()):
        yield queues.fault(
            needs.mark,
            f"a skill nobody has: no agent of queue '{queue}' has all of {', '.join(wanted)} together; "
            "let one agent have them, or ask for less",
        )


def _levels(skills: Tree | None) -> dict[str, int]:
    written = (skills.entries or {}) if skills is not None else {}
    return {
        skill: level.scalar
        for skill, level in written.items()
        if isinstance(level.scalar, int) and not isinstance(level.scalar, bool)
    }

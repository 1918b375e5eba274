"""Where a caller can get to in the menus: those that no line leads to, and those that nobody gets out of.

Rules over the files' trees. What cannot be read, or leads to something that does not exist, counts as a way out here:
it has a fault of its own, and must not cause a second one. Milestone B7: no loop is endless.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from config.loading.linkage import all_after
from config.loading.source import Fault, Source, Tree

OUT = "(out)"
BACK = "(back)"
REPEAT = "(repeat)"
MenuTarget = str
"""A menu's id, or one of the three above."""

_MOST_NESTED = 20
PASSING = ("play", "language")
"""Actions that lead on to their `then`."""


def _step(action: Tree | None, menus: Collection[str]) -> MenuTarget:
    """Where an action leads, once its prompts have been played."""
    for _ in range(_MOST_NESTED):
        if action is None or action.text("go") not in PASSING:
            break
        action = action.get("then")
    go = action.text("go") if action is not None else None
    if action is None or go not in ("menu", "back", "repeat"):
        return OUT
    if go == "menu":
        target = action.text("menu")
        return target if target is not None and target in menus else OUT
    return BACK if go == "back" else REPEAT


@dataclass(frozen=True)
class MenuGraph:
    """All menus and the steps between them. `roots`: where callers come in; `calls_in` of a menu: who leads to it."""

    steps: Mapping[str, frozenset[MenuTarget]]
    retries: Mapping[tuple[str, str], MenuTarget]
    roots: frozenset[str]

    def calls_in(self, menu: str) -> list[str]:
        return [other for other, steps in self.steps.items() if menu in steps]

    def onward(self, menu: str, steps: Collection[MenuTarget]) -> set[MenuTarget]:
        """The menus (and OUT) that steps from a menu come to."""
        found = {step for step in steps if step not in (BACK, REPEAT)}
        if REPEAT in steps or (BACK in steps and menu in self.roots):
            found.add(menu)
        if BACK in steps:
            found.update(self.calls_in(menu))
        return found

    def reachable(self) -> set[str]:
        """Every menu that some line leads to."""
        seen: set[str] = set()
        ahead = set(self.roots)
        while ahead:
            menu = ahead.pop()
            seen.add(menu)
            ahead |= (self.onward(menu, self.steps[menu]) - {OUT}) - seen
        return seen

    def with_exit(self) -> set[str]:
        """Every menu from which a caller can get out, by whatever keys."""
        out: set[str] = {OUT}
        while True:
            more = {m for m, steps in self.steps.items() if m not in out and self.onward(m, steps) & out}
            if not more:
                return out
            out |= more

    def circles(self, retry: Literal["no_input", "invalid"]) -> set[str]:
        """The menus that lead back to themselves, when the caller never does anything else than this."""
        following = {menu: self.onward(menu, {self.retries[menu, retry]}) - {OUT} for menu in self.steps}
        return {menu for menu in following if menu in all_after(menu, following)}


def _graph(menus: Mapping[str, Source], entrances: Collection[Source]) -> MenuGraph:
    steps: dict[str, frozenset[MenuTarget]] = {}
    retries: dict[tuple[str, str], MenuTarget] = {}
    for name, source in menus.items():
        keys = source.tree.get("keys")
        found = {_step(action, menus) for action in (keys.entries or {}).values()} if keys is not None else {OUT}
        for retry in ("no_input", "invalid"):
            branch = source.tree.get(retry)
            retries[name, retry] = _step(branch.get("then") if branch is not None else None, menus)
            found.add(retries[name, retry])
        steps[name] = frozenset(found)
    led_to = {node.text("menu") for source in entrances for node in source.tree.walk()}
    return MenuGraph(steps, retries, frozenset(name for name in menus if name in led_to))


def menu_faults(menus: Mapping[str, Source], entrances: Collection[Source]) -> Iterator[Fault]:
    """Unreachable menus and loops without exit. `entrances`: the files whose lines and queues lead into menus."""
    graph = _graph(menus, entrances)
    with_exit = graph.with_exit()
    all_known = all(source.readable for source in (*menus.values(), *entrances))
    reachable = graph.reachable() if all_known else set(menus)
    no_input, invalid = graph.circles("no_input"), graph.circles("invalid")
    for name, source in menus.items():
        if name not in reachable:
            yield source.fault(
                source.tree.mark,
                f"unreachable menu '{name}': no line leads here; link it from a menu or remove the file",
            )
        if name not in with_exit:
            yield source.fault(
                source.tree.mark,
                f"loop without exit: from menu '{name}' no key leads to a queue, a message or the end of the call",
            )
            continue
        for retry, circle in (("no_input", no_input), ("invalid", invalid)):
            branch = source.tree.get(retry)
            if name in circle and branch is not None:
                yield source.fault(
                    branch.value_mark("then"),
                    f"loop without exit: {retry}.then of menu '{name}' leads back to itself; end it in a queue",
                )

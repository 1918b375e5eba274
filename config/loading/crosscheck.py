"""The faults that show only between the parts of a site: duplicates, overlapping hours, rows of keys that are too long.

Rules over the files' trees, not over the models, so that they also speak of a site with other faults. The paths through
the menus are in menu_graph.py; names that lead nowhere are found while validating (fields.py, from `declared_names`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time

from config.loading.linkage import queue_circles, unmet_needs
from config.loading.menu_graph import menu_faults
from config.loading.source import Fault, Mark, Source, Tree
from config.numbering import normalise
from config.schema import Settings
from config.values.fields import ID_PATTERN, Declared, Kind, days_named, period_bounds


@dataclass(frozen=True)
class SiteSources:
    """The files of a site; menus by their id, which is the file's stem."""

    settings: Source
    lines: Source
    queues: Source
    agents: Source
    prompts: Source
    menus: Mapping[str, Source]
    matters: Source | None = None
    """None when the site has no such file."""


def declared_names(sources: SiteSources) -> Declared:
    """What the site has, for checking what it refers to. Says nothing of a list that is not there."""
    names: dict[Kind, frozenset[str]] = {"menu": frozenset(sources.menus)}
    if queues := sources.queues.tree.children("queues"):
        names["queue"] = _texts(queues, "name")
    if agents := sources.agents.tree.children("agents"):
        names["agent"] = _texts(tuple(agent for agent in agents if _has_telephone(agent)), "id")
        names["person"] = _texts(agents, "id")
    if levels := sources.settings.tree.children("levels"):
        names["level"] = _texts(levels, "id")
    if sources.settings.readable:
        names["skill"] = _texts(sources.settings.tree.children("skills"), "id")
        names["duty"] = _texts(sources.settings.tree.children("duty"), "id")
    prompts = sources.prompts.tree.get("prompts")
    if prompts is not None and prompts.entries is not None:
        names["prompt"] = frozenset(prompts.entries)
    if sources.matters is None or sources.matters.readable:
        names["category"] = (
            _texts(sources.matters.tree.children("categories"), "id") if sources.matters else frozenset()
        )
    return Declared(names, _ring_period(sources.settings))


def _texts(items: tuple[Tree, ...], key: str) -> frozenset[str]:
    return frozenset(text for item in items if (text := item.text(key)) is not None)


def _has_telephone(agent: Tree) -> bool:
    telephone = agent.get("telephone")
    return telephone is None or telephone.scalar is not False


def _ring_period(settings: Source) -> float | None:
    written = settings.tree.get("ring_period_s")
    if written is None:
        default = Settings.model_fields["ring_period_s"].default
        return float(default) if settings.readable else None
    value = written.scalar
    return float(value) if isinstance(value, int | float) and value > 0 else None


def cross_faults(sources: SiteSources) -> list[Fault]:
    """Every fault between parts, in no particular order."""
    faults = [
        *_duplicates(sources.lines, "lines", "dnis", "DNIS"),
        *_lines_of_one_number(sources),
        *_duplicates(sources.queues, "queues", "name", "queue"),
        *_duplicates(sources.agents, "agents", "id", "agent"),
        *_duplicates(sources.settings, "levels", "id", "level"),
        *_duplicates(sources.settings, "reasons", "id", "reason"),
        *_duplicates(sources.settings, "skills", "id", "skill"),
        *_duplicates(sources.settings, "dispositions", "id", "disposition"),
        *_duplicates(sources.settings, "duty", "id", "duty roster"),
        *_agents_twice_in_queue(sources.queues),
        *_level_circles(sources.settings),
        *_overlaps(sources),
        *_duty_without_a_way_out(sources.settings),
        *queue_circles(sources.queues),
        *unmet_needs(sources.queues, sources.agents, _texts(sources.settings.tree.children("skills"), "id")),
        *menu_faults(sources.menus, (sources.lines, sources.queues)),
    ]
    for name, source in sources.menus.items():
        if re.fullmatch(ID_PATTERN, name) is None:
            faults.append(
                source.fault(Mark(), f"'{name}' is no menu id: name the file in small letters, digits and '-'")
            )
        faults.extend(_keys_too_long(source))
    return faults


def _duplicates(source: Source, list_key: str, id_key: str, noun: str) -> Iterator[Fault]:
    first: dict[str, Mark] = {}
    for item in source.tree.children(list_key):
        name = item.text(id_key)
        if name is None:
            continue
        if name in first:
            yield source.fault(
                item.value_mark(id_key),
                f"duplicate {noun} '{name}': already in line {first[name].line}; remove one or change it",
            )
        first.setdefault(name, item.value_mark(id_key))


def _lines_of_one_number(sources: SiteSources) -> Iterator[Fault]:
    """Two lines with one number in two notations (057112345678 and +8657112345678): a call could not tell which."""
    area_code = sources.settings.tree.text("area_code") or ""
    first: dict[str, str] = {}
    for line in sources.lines.tree.children("lines"):
        dnis = line.text("dnis")
        if dnis is None:
            continue
        other = first.setdefault(normalise(dnis, area_code).normalised, dnis)
        if other != dnis:
            yield sources.lines.fault(
                line.value_mark("dnis"), f"DNIS '{dnis}' is the number '{other}' of another line in another notation"
            )


def _agents_twice_in_queue(queues: Source) -> Iterator[Fault]:
    for queue in queues.tree.children("queues"):
        seen: set[object] = set()
        for agent in queue.children("agents"):
            if agent.scalar in seen:
                yield queues.fault(agent.mark, f"duplicate agent '{agent.scalar}' in this queue: name each agent once")
            seen.add(agent.scalar)


def _level_circles(settings: Source) -> Iterator[Fault]:
    levels = settings.tree.children("levels")
    above = {level.text("id"): level.text("above") for level in levels}
    for level in levels:
        start = upper = level.text("id")
        for _ in levels:
            upper = above.get(upper)
            if upper == start and start is not None:
                yield settings.fault(
                    level.value_mark("above"), f"level '{start}' is above itself: the highest has no `above`"
                )
                break


def _duty_without_a_way_out(settings: Source) -> Iterator[Fault]:
    trunk = settings.tree.get("trunk")
    if settings.tree.children("duty") and trunk is not None and trunk.get("outbound") is None:
        yield settings.fault(
            settings.tree.key_mark("duty"),
            "nobody on duty can be rung: set trunk.outbound, through which numbers outside are dialled",
        )


def _overlaps(sources: SiteSources) -> Iterator[Fault]:
    outbound = sources.settings.tree.get("outbound")
    if outbound is not None:
        yield from _overlaps_in(sources.settings, [(("day",), item) for item in outbound.children("hours")])
    for line in sources.lines.tree.children("lines"):
        yield from _overlapping_hours(sources.lines, line.get("hours"))
    for duty in sources.settings.tree.children("duty"):
        for person in duty.children("people"):
            yield from _overlapping_hours(sources.settings, person.get("hours"))


def _overlapping_hours(source: Source, hours: Tree | None) -> Iterator[Fault]:
    """Within the hours of one line, or of one person on duty (several persons may be on duty at a time)."""
    if hours is None:
        return
    if (weekdays := hours.get("weekdays")) is not None:
        periods = [(days_named(spec), item) for spec in weekdays.entries or () for item in weekdays.children(spec)]
        yield from _overlaps_in(source, periods)
    if (dates := hours.get("dates")) is not None:
        yield from _overlaps_in(source, [((day,), item) for day in dates.entries or () for item in dates.children(day)])


def _overlaps_in(source: Source, periods: Sequence[tuple[tuple[str, ...], Tree]]) -> Iterator[Fault]:
    """One fault per period that overlaps an earlier one of the same day."""
    taken: list[tuple[str, time, time, str]] = []
    for days, item in periods:
        text = str(item.scalar)
        bounds = period_bounds(text)
        if bounds is None:
            continue
        start, end = bounds
        clash = next((t for t in taken if t[0] in days and start < t[2] and t[1] < end), None)
        if clash is not None:
            on = f" on {clash[0]}" if len(days) > 1 or clash[0] != "day" else ""
            yield source.fault(item.mark, f"overlapping hours: '{text}' overlaps '{clash[3]}'{on}; make it one period")
        taken.extend((day, start, end, text) for day in days)


def _keys_too_long(menu: Source) -> Iterator[Fault]:
    keys = menu.tree.get("keys")
    limit = menu.tree.get("max_digits")
    longest = limit.scalar if limit is not None else 1
    if keys is None or not isinstance(longest, int):
        return
    for key in keys.entries or ():
        if len(key) > longest:
            yield menu.fault(keys.key_mark(key), f"key '{key}' can never be entered: max_digits is {longest}")

"""The call path is wired in one place, for tests too; who hears of which event is one table of subscriptions."""

import ast
import inspect
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast, get_args, get_type_hints

import pytest

from app.process.bus import Bus
from app.process.clock import utc_now
from app.process.page_faults import PageFaults
from app.run.desk import Desk, wire_desk
from app.run.subscriptions import table, wire_subscriptions
from crm.cases.organisation import Organisation
from crm.db.store import Store
from crm.journal.events import AnyEvent, Event
from tests.fakes.call_centre import call_centre, in_virtual_time
from tests.fakes.sources import HOUSES, ROOT, calls, name_called, naming


def callers_of(name: str, *houses: str) -> set[str]:
    """Modules in which something of this name is called."""
    return {path for path, tree in naming(name, *houses) if any(name_called(call) == name for call in calls(tree))}


def subscribes(text: str) -> bool:
    """Something is told `subscribe(kind of event, handler)`; web hooks subscribe too, with an address and more."""
    calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and len(node.args) == 2)
    return any(isinstance(call.func, ast.Attribute) and call.func.attr == "subscribe" for call in calls)


def test_one_module_subscribes() -> None:
    found = {path for path in callers_of("subscribe", *HOUSES) if subscribes((ROOT / path).read_text(encoding="utf-8"))}
    assert found == {"app/run/subscriptions.py"}
    assert subscribes("self._bus.subscribe(CallEnded, self.hear)")
    assert not subscribes("await use_cases.subscribe(ports, url, events, who=who)")


@pytest.mark.parametrize("part", ["Hotline", "Dialler", "make_acd"])
def test_the_call_path_is_wired_in_one_place(part: str) -> None:
    assert callers_of(part, *HOUSES, "tests") == {"app/run/call_path.py"}


def heard_by(handler: Any) -> type[Event]:
    """The kind of event that a handler says it takes."""
    hints = get_type_hints(handler)
    (kind,) = (hints[name] for name in inspect.signature(handler).parameters)
    return cast(type[Event], kind)


def offers(part: object) -> dict[str, type[Event]]:
    """The handlers of a part, by name, that take one kind of event and nothing else."""
    found = {}
    for name, method in inspect.getmembers(part, inspect.ismethod):
        if not name.startswith("_") and len(inspect.signature(method).parameters) == 1:
            kind = heard_by(method)
            if isinstance(kind, type) and issubclass(kind, Event) and not kind.__subclasses__():
                found[name] = kind
    return found


def on_a_desk(directory: Path, check: Callable[[Desk], None]) -> None:
    async def story() -> None:
        async with call_centre(directory) as centre:
            faults = PageFaults(centre.telephony.now)
            store = cast(Store, SimpleNamespace())
            desk = wire_desk(centre.path, store, centre.journal, Organisation(centre.site), faults)
            check(desk)

    in_virtual_time(story())


def test_what_a_part_offers_is_subscribed_once_and_to_its_own_kind(tmp_path: Path) -> None:
    def check(desk: Desk) -> None:
        subscribed = [(kind, handler) for kind, handlers in table(desk).items() for handler in handlers]
        assert len(set(subscribed)) == len(subscribed)
        for kind, handler in subscribed:
            assert issubclass(kind, heard_by(handler)), handler
        for part in (desk.missed, desk.pace, desk.news):
            for name, kind in offers(part).items():
                assert (kind, getattr(part, name)) in subscribed, f"{name} hears of nothing"

    on_a_desk(tmp_path, check)


class Noting(Bus):
    """Also notes who subscribes, in order."""

    def __init__(self, faults: PageFaults) -> None:
        super().__init__(faults)
        self.noted: list[tuple[type[Event], Any]] = []

    def subscribe(self, kind: type[Any], handler: Callable[[Any], None]) -> None:
        super().subscribe(kind, handler)
        self.noted.append((kind, handler))


@pytest.mark.req("RPT-1")
def test_the_figures_hear_of_every_event_and_before_all_others(tmp_path: Path) -> None:
    def check(desk: Desk) -> None:
        wire_subscriptions(bus := Noting(PageFaults(utc_now)), desk)
        kinds = get_args(AnyEvent)
        assert bus.noted[: len(kinds)] == [(kind, desk.figures.hear) for kind in kinds]
        assert {kind for kind, _ in bus.noted} == set(kinds)

    on_a_desk(tmp_path, check)

"""The parts of the bench: each a module of this folder with an `ID` and a function `measure(lab)`, found by that id."""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.figure import Figure, number_of

if TYPE_CHECKING:
    from tests.bench.lab import Lab

HERE = Path(__file__).parent
PLACES = {"tests.bench": HERE, "tests.bench.parts": HERE / "parts"}


@dataclass(frozen=True)
class Part:
    """One figure: what `make bench P=` names, and how it is measured."""

    id: str
    measure: "Callable[[Lab], Figure | Awaitable[Figure]]"


def parts(wanted: Sequence[str] = ()) -> list[Part]:
    """Those wanted (all when none is named), in order. Raises ValueError for one that does not exist."""
    found: dict[str, Part] = {}
    for package, folder in PLACES.items():
        for module in pkgutil.iter_modules([str(folder)]):
            if module.ispkg or module.name.startswith("_"):
                continue
            loaded = importlib.import_module(f"{package}.{module.name}")
            if hasattr(loaded, "ID") and hasattr(loaded, "measure"):
                found[loaded.ID] = Part(loaded.ID, loaded.measure)
    unknown = [name for name in wanted if name not in found]
    if unknown:
        raise ValueError(f"no such part: {', '.join(unknown)}; there are {', '.join(sorted(found, key=number_of))}")
    return [found[name] for name in sorted(wanted or found, key=number_of)]

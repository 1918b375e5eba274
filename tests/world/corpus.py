"""The corpus of what the world sends: `tests/world/<kind>/<case>/` with input files and `expected.yaml`.

`players/<kind>.py` has `play(case) -> plain data` (dict, list, str, int, bool, None), which is compared with the file.
"""

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML, YAMLError

CORPUS: Final = Path(__file__).parent
PLAYERS: Final = "players"
EXPECTED: Final = "expected.yaml"


@dataclass(frozen=True)
class Case:
    """One thing that the world has sent. `directory` has its input files."""

    directory: Path

    @property
    def kind(self) -> str:
        return self.directory.parent.name

    @property
    def name(self) -> str:
        return self.directory.name

    @property
    def expected(self) -> Any:
        return YAML(typ="safe").load(self.directory / EXPECTED)

    def path(self, name: str) -> Path:
        return self.directory / name

    def inputs(self) -> list[Path]:
        """Its files, but for what is expected of them."""
        return sorted(path for path in self.directory.rglob("*") if path.is_file() and path.name != EXPECTED)


def player_of(kind: str) -> Callable[[Case], Any]:
    """`play` of `players/<kind>.py`."""
    play: Callable[[Case], Any] = importlib.import_module(f"{__package__}.{PLAYERS}.{kind}").play
    return play


def cases_of(corpus: Path = CORPUS) -> list[Case]:
    """Every case, whole or not."""
    return [Case(directory) for kind in _kinds(corpus) for directory in _directories(kind)]


def faults_of(corpus: Path = CORPUS) -> list[str]:
    """What would make the corpus show less than it seems to; each says what is to be done."""
    players = {path.stem for path in (corpus / PLAYERS).glob("*.py")} - {"__init__"}
    kinds = {kind.name for kind in _kinds(corpus)}
    faults = [] if kinds else ["the corpus is empty: add <kind>/<case>/"]
    faults += [f"{kind}: has no player: write {PLAYERS}/{kind}.py" for kind in sorted(kinds - players)]
    faults += [f"{PLAYERS}/{name}.py: plays no case: add {name}/<case>/" for name in sorted(players - kinds)]
    for kind in _kinds(corpus):
        faults += [] if _directories(kind) else [f"{kind.name}: has no case"]
        faults += [f"{kind.name}/{path.name}: belongs into a case" for path in kind.iterdir() if path.is_file()]
    return faults + [fault for case in cases_of(corpus) for fault in _faults_of_case(case)]


def _faults_of_case(case: Case) -> Iterator[str]:
    where, expected = f"{case.kind}/{case.name}", case.path(EXPECTED)
    if not case.inputs():
        yield f"{where}: has no input file"
    if not expected.is_file():
        yield f"{where}: has no {EXPECTED}"
        return
    if not expected.read_text(encoding="utf-8").startswith("# "):
        yield f"{where}: {EXPECTED} begins with a comment: what the world does here, and what is right"
    try:
        if case.expected in (None, {}, []):
            yield f"{where}: {EXPECTED} expects nothing"
    except YAMLError as error:
        yield f"{where}: {EXPECTED} is no YAML: {error}"


def _kinds(corpus: Path) -> list[Path]:
    return [path for path in _directories(corpus) if path.name != PLAYERS]


def _directories(path: Path) -> list[Path]:
    return sorted(each for each in path.iterdir() if each.is_dir() and each.name != "__pycache__")

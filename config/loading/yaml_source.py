"""Reads YAML files into trees by ruamel's composer (adapter), with every fault that stands in the way of reading.

Not the meaning of a site. Keys are always text, so that `1:` and `"1":` are the same key.
A key written twice is reported and the first one kept; a file that is no YAML at all gives no tree. Aliases may repeat
values, but not multiply them: nested in each other, a few lines would be more values than any memory holds.
"""

from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, SequenceNode
from ruamel.yaml.nodes import Node as YamlNode
from ruamel.yaml.reader import ReaderError

from config.loading.source import Fault, Mark, Scalar, Source, Tree

MOST_REPEATED = 10_000
"""Values that the aliases of one file may come to, on top of those that are written."""
_CONVERTED = {f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "bool", "null")}


def read_yaml(path: Path) -> tuple[Source, list[Fault]]:
    """What a file says, and every fault that stood in the way of reading it. Never raises for what is in the file."""
    reader = _Reader(str(path))
    text = reader.text(path)
    tree = reader.tree(text) if text is not None else None
    return Source(str(path), tree or Tree(), readable=tree is not None), reader.faults


class _Reader:
    def __init__(self, file: str) -> None:
        self.faults: list[Fault] = []
        self._file = file
        self._yaml = YAML(typ="safe", pure=True)
        self._open: dict[int, YamlNode] = {}
        """The nodes around the one that is being read, the outermost first."""
        self._seen: set[int] = set()
        self._repeated = 0

    def report(self, mark: Mark, message: str) -> None:
        self.faults.append(Fault(self._file, mark.line, mark.column, message))

    def text(self, path: Path) -> str | None:
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            self.report(Mark(), "missing file: create it, or point to the site's directory")
            return None
        except OSError as exc:
            self.report(Mark(), f"cannot be read: {exc.strerror or exc}")
            return None
        try:
            return raw.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as exc:
            self.report(_mark_at(raw[: exc.start].decode("utf-8-sig")), "not UTF-8: save the file as UTF-8")
            return None

    def tree(self, text: str) -> Tree | None:
        try:
            root = self._yaml.compose(text)
        except MarkedYAMLError as exc:
            place = exc.problem_mark or exc.context_mark
            mark = Mark(place.line + 1, place.column + 1) if place is not None else Mark()
            self.report(mark, f"YAML syntax error: {exc.problem or exc.context}")
            return None
        except ReaderError as exc:
            where = _mark_at(text[: exc.position])
            self.report(where, f"YAML syntax error: the character {exc.character!r} is not allowed")
            return None
        except RecursionError:
            self.report(Mark(), "nested too deeply: no file of a site has so many brackets or indents")
            return None
        return self._convert(root) if root is not None else Tree(entries={})

    def _convert(self, node: YamlNode) -> Tree:
        mark = Mark(node.start_mark.line + 1, node.start_mark.column + 1)
        if self._is_one_too_many(node):
            return Tree(mark)
        if not isinstance(node, MappingNode | SequenceNode):
            return Tree(mark, scalar=self._scalar(node))
        if id(node) in self._open:
            self.report(mark, f"the alias '*{node.anchor}' contains itself: write the value out")
            return Tree(mark)
        self._open[id(node)] = node
        if isinstance(node, SequenceNode):
            tree = Tree(mark, items=tuple(self._convert(item) for item in node.value))
        else:
            tree = self._mapping(node, mark)
        del self._open[id(node)]
        return tree

    def _is_one_too_many(self, node: YamlNode) -> bool:
        """Counts what aliases repeat; reports the alias with which it is too much, once."""
        if id(node) not in self._seen:
            self._seen.add(id(node))
            return False
        self._repeated += 1
        if self._repeated == MOST_REPEATED + 1:
            named = next((each for each in (node, *reversed(self._open.values())) if each.anchor), node)
            self.report(
                Mark(named.start_mark.line + 1, named.start_mark.column + 1),
                f"the alias '*{named.anchor}', with those in it, comes to more than {MOST_REPEATED} values: write them "
                "out, or leave them out",
            )
        return self._repeated > MOST_REPEATED

    def _mapping(self, node: MappingNode, mark: Mark) -> Tree:
        entries: dict[str, Tree] = {}
        marks: dict[str, Mark] = {}
        for key_node, value_node in node.value:
            place = Mark(key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            key = key_node.value
            if not isinstance(key, str):
                self.report(place, "a key must be a single word")
            elif key in entries:
                self.report(place, f"duplicate key '{key}': already in line {marks[key].line}")
            else:
                marks[key] = place
                entries[key] = self._convert(value_node)
        return Tree(mark, entries=entries, key_marks=marks)

    def _scalar(self, node: YamlNode) -> Scalar:
        if str(node.tag) not in _CONVERTED:
            return str(node.value)
        value = self._yaml.constructor.construct_object(node)
        return value if isinstance(value, bool | int | float) else None


def _mark_at(before: str) -> Mark:
    return Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))

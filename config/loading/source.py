"""A file as a tree that knows where everything stands, and what is said of a place that is wrong. Rules.

Not the reading of YAML (yaml_source.py) and not the meaning of a site (schema.py).
"""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

Scalar = str | int | float | bool | None
Plain = Scalar | tuple["Plain", ...] | dict[str, "Plain"]


@dataclass(frozen=True, order=True)
class Fault:
    """One thing to put right in a site; `str()` is `file:line:column: message`."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


@dataclass(frozen=True, order=True)
class Mark:
    """A place in a file, counted from 1."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True)
class Tree:
    """A value of a file and where it begins. Exactly one of the three forms is in use."""

    mark: Mark = Mark()
    scalar: Scalar = None
    items: tuple["Tree", ...] | None = None
    entries: Mapping[str, "Tree"] | None = None
    key_marks: Mapping[str, Mark] = field(default_factory=dict)

    def get(self, key: str) -> "Tree | None":
        """The value under a key; None when there is none, or this is no mapping."""
        return self.entries.get(key) if self.entries is not None else None

    def children(self, key: str) -> tuple["Tree", ...]:
        """The items of the list under a key; empty when there is no such list."""
        child = self.get(key)
        return child.items or () if child is not None else ()

    def text(self, key: str) -> str | None:
        """The text under a key; None when there is none or it is no text."""
        child = self.get(key)
        return child.scalar if child is not None and isinstance(child.scalar, str) else None

    def key_mark(self, key: str) -> Mark:
        """Where a key stands; the beginning of this value when there is no such key."""
        return self.key_marks.get(key, self.mark)

    def value_mark(self, key: str) -> Mark:
        """Where the value of a key begins; the beginning of this value when there is no such key."""
        child = self.get(key)
        return child.mark if child is not None else self.mark

    def plain(self) -> Plain:
        """The value without its places; lists are tuples."""
        if self.entries is not None:
            return {key: child.plain() for key, child in self.entries.items()}
        if self.items is not None:
            return tuple(child.plain() for child in self.items)
        return self.scalar

    def walk(self) -> Iterator["Tree"]:
        """This value and everything in it."""
        yield self
        for child in itertools.chain(self.items or (), (self.entries or {}).values()):
            yield from child.walk()


@dataclass(frozen=True)
class Source:
    """One file of a site. `readable` is false when it is missing or no YAML: then nothing is known of what it says."""

    file: str
    tree: Tree = Tree()
    readable: bool = True

    def fault(self, mark: Mark, message: str) -> Fault:
        """A fault at a place of this file."""
        return Fault(self.file, mark.line, mark.column, message)

"""Something to read in both languages: the one shape of labels, notices and messages (rules).

Each slice keeps its labels in its own words.py; pages get them from `GET /api/words`.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """The same in Chinese and in English."""

    zh: str
    en: str

    def on_paper(self) -> str:
        """Both, one behind the other: who reads a file cannot switch its language."""
        return f"{self.zh} {self.en}"

    def on_screen(self) -> str:
        """Both, each on a line of its own: a terminal has no switch either."""
        return f"{self.zh}\n{self.en}"


Labels = Mapping[str, Words]
"""Words by code: the members of an enumeration, the values of a `Literal`."""


def one_line(zh: str, en: str) -> str:
    """Both, one behind the other: short texts of a terminal, which has no switch of languages."""
    return Words(zh, en).on_paper()


def two_lines(zh: str, en: str) -> str:
    """Both, each on a line of its own: sentences of a terminal, a log or a message."""
    return Words(zh, en).on_screen()

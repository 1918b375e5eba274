"""What a reader of an HTML mail would see, as plain lines, in time that grows with its length (rules). TKT-1.

A tokenizer only, after HTML's own rules (WHATWG 13.2.5): whatever is scanned is consumed, and what never ends (a tag, a
comment, a script) takes the rest of the page with it, as in a browser. No tree: deep nests and stray end tags, which
cost tree builders the square of their number, cost nothing here.
"""

import re
from html import unescape
from typing import Final

MOST_TAGS: Final = 20_000
MOST_CHARACTERS: Final = 2_000_000
"""Beyond these the rest of a page is not looked at."""

_BLOCKS: Final = frozenset({"p", "div", "br", "li", "tr", "table", "h1", "h2", "h3", "h4", "blockquote", "ul", "ol"})
_SILENT: Final = frozenset({"head", "template", "noscript"})
_RAW: Final = frozenset({"script", "style", "title", "iframe", "noembed", "noframes"})
_MARKUP: Final = re.compile(r"<(?:!--|[!?]|/?[A-Za-z])")
_NAME: Final = re.compile(r"[^\s/>]*")
_STOP: Final = re.compile(r"[>=]")
_QUOTE: Final = re.compile(r"\s*([\"'])")
_LONG_REFERENCE: Final = re.compile(r"&#[0-9]{8,};?")
"""No character; int() refuses more than 4300 digits."""
_SPACE: Final = re.compile(r"\s+")
_NOTHING: Final = -1


def words_of_html(page: str) -> tuple[str, bool]:
    """The words, a line for each block; and whether the page was looked at to its end."""
    words = _Words(page[:MOST_CHARACTERS])
    whole = words.read() and len(page) <= MOST_CHARACTERS
    lines = (" ".join(line.split()) for line in "".join(words.found).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip(), whole


class _Words:
    """Collects the words of one page; what is never shown is left out."""

    def __init__(self, page: str) -> None:
        self.found: list[str] = []
        self._page = page
        self._silent = 0

    def read(self) -> bool:
        """False when there are more tags than are looked at."""
        at = 0
        for _ in range(MOST_TAGS):
            begin = _MARKUP.search(self._page, at)
            self._say(self._page[at : begin.start() if begin else None])
            if begin is None:
                return True
            at = self._markup(begin)
            if at == _NOTHING:
                return True
        return False

    def _markup(self, begin: re.Match[str]) -> int:
        """Where the page goes on behind a tag or comment, with what it hides; _NOTHING when it has no end."""
        if begin.group() == "<!--":
            return _behind(self._page, "-->", begin.end() - 2)
        if begin.group() in ("<!", "<?"):
            return _behind(self._page, ">", begin.end())
        closing = begin.group().startswith("</")
        name = _NAME.match(self._page, begin.start() + 1 + closing)
        assert name is not None  # it matches nothing, too
        end = _tag_end(self._page, name.end())
        if end != _NOTHING:
            self._tag(name.group().lower(), closing)
        if closing or name.group().lower() not in _RAW or end == _NOTHING:
            return end
        hidden = re.compile(f"</{re.escape(name.group())}", re.IGNORECASE).search(self._page, end)
        return hidden.start() if hidden else _NOTHING

    def _tag(self, name: str, closing: bool) -> None:
        if name in _SILENT:
            self._silent = max(0, self._silent - 1) if closing else self._silent + 1
        elif name == "body":
            self._silent = 0  # A head that was never closed ends here.
        elif name in _BLOCKS:
            self.found.append("\n")

    def _say(self, text: str) -> None:
        if text and not self._silent:
            self.found.append(_SPACE.sub(" ", unescape(_LONG_REFERENCE.sub("\ufffd", text))))


def _behind(page: str, end: str, at: int) -> int:
    found = page.find(end, at)
    return _NOTHING if found < 0 else found + len(end)


def _tag_end(page: str, at: int) -> int:
    """Behind the `>` of a tag; one in a quoted value is none. A quote that is never closed is not one."""
    while stop := _STOP.search(page, at):
        if stop.group() == ">":
            return stop.end()
        quote = _QUOTE.match(page, stop.end())
        closed = page.find(quote[1], quote.end()) if quote else _NOTHING
        at = closed + 1 if closed >= 0 else stop.end()
    return _NOTHING

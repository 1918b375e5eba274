"""The configuration templates in conf/, read from the package. Filling them in is `render`'s work."""

import re
from pathlib import Path
from string import Template

_FOLDER = Path(__file__).parents[1] / "conf"


def template(name: str) -> Template:
    """A file of conf/ as a `string.Template` with `@{name}` fields, for Asterisk's own syntax is full of `${…}`."""
    return _AtTemplate((_FOLDER / name).read_text(encoding="utf-8"))


def module_names() -> tuple[str, ...]:
    """The modules that we load, e.g. "chan_pjsip.so", in the order of conf/modules.conf."""
    text = (_FOLDER / "modules.conf").read_text(encoding="utf-8")
    return tuple(re.findall(r"^(?:load|require)\s*=\s*(\S+\.so)", text, re.MULTILINE))


class _AtTemplate(Template):
    delimiter = "@"

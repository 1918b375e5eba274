"""Telephone numbers and names from outside: what may pass to Asterisk, to a header, to a log (design D11). Rules only.

Not the numbering plan (area codes, notations: `crm.customers`): a number that is refused here was never dialable.
"""

import re

_DIALABLE = re.compile(r"\+?[0-9*#]{1,20}")
_FOREIGN = re.compile(r"[^0-9*#]")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\"'`<>\\]|\$\{|\$\[")
_NAME_LENGTH = 64


def is_dialable(number: str) -> bool:
    """Whether `number` may be put into a dial string: `+`, then 1 to 20 of digits, `*`, `#`."""
    return _DIALABLE.fullmatch(number) is not None


def dialable(number: str) -> str:
    """`number` itself; ValueError when it must not reach a dial string."""
    if not is_dialable(number):
        raise ValueError(f"not a number that can be dialled: {number!r}")
    return number


def clean_number(raw: str) -> str:
    """What a caller's number says, stripped of all that is not dialable; "" when nothing is left (anonymous)."""
    plus = "+" if raw.lstrip().startswith("+") else ""
    kept = _FOREIGN.sub("", raw)[:20]
    return plus + kept if kept else ""


def clean_name(raw: str) -> str:
    """A caller's name without control and direction characters, quotes, brackets and `${`; at most 64 characters."""
    previous, name = raw, _UNSAFE.sub("", raw)
    while name != previous:
        previous, name = name, _UNSAFE.sub("", name)
    return " ".join(name.split())[:_NAME_LENGTH].rstrip()


def masked(number: str) -> str:
    """A number for a log: `13800138000` → `138****8000`."""
    if len(number) < 8:
        return "*" * len(number)
    return f"{number[:3]}{'*' * (len(number) - 7)}{number[-4:]}"

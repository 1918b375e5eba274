"""How a log line looks: one JSON object, of bounded length, without people's data that databases repeat (adapter)."""

import json
import logging
import re
from datetime import UTC, datetime
from traceback import format_exception
from typing import Final

MESSAGE: Final = 600
VALUE: Final = 200
"""Characters of an `extra` field, of a path: strangers choose them."""
_TRACE_LINE: Final = 240
_FIRST_LINES, _LAST_LINES = 6, 34
_PLAIN: Final = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime", "taskName"}

_NUMBER: Final = re.compile(r"(?<![\w-])(\+?\d{2})\d{3,}(\d{2})(?![\w-])|(?<=\d-)\d{4,}(\d{2})(?!\w)")
_DETAIL: Final = re.compile(r"^(DETAIL|CONTEXT|HINT):")
"""PostgreSQL's lines with the values of the row that was refused."""
_DATABASE: Final = re.compile(r"^(\S*(psycopg|sqlalchemy|sqlite3)\S*): ")
_QUOTED: Final = re.compile(r'(?<!constraint )(?<!relation )(?<!column )(?<!table )"[^"]*"?')


class JsonLines(logging.Formatter):
    """One JSON object a line: instant, level, sentence, and the `extra` fields."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": cut(record.getMessage(), MESSAGE),
        }
        said |= {key: _bounded(value) for key, value in record.__dict__.items() if key not in _PLAIN}
        if record.exc_info and record.exc_info[1]:
            said["exception"] = exception_text(record.exc_info[1])
        return json.dumps(said, ensure_ascii=False, default=str)


class TerminalLines(logging.Formatter):
    """Level and sentence; of an exception its last line: the file has the rest."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{record.levelname} {cut(record.getMessage(), MESSAGE)}"
        if record.exc_info and record.exc_info[1]:
            line += f": {exception_text(record.exc_info[1]).splitlines()[-1]}"
        return line


def cut(text: str, longest: int) -> str:
    """The text, with its middle left out when it is too long."""
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]}…({len(text) - 2 * half} more)…{text[-half:]}"


def exception_text(exception: BaseException) -> str:
    """A traceback: long lines and long ones as a whole are cut, rows of databases and telephone numbers left out."""
    lines = [line for part in format_exception(exception) for line in part.rstrip("\n").split("\n")]
    lines = [_without_data(cut(line, _TRACE_LINE)) for line in lines if not _DETAIL.match(line)]
    if len(lines) > _FIRST_LINES + _LAST_LINES:
        left_out = len(lines) - _FIRST_LINES - _LAST_LINES
        lines = [*lines[:_FIRST_LINES], f"… {left_out} lines …", *lines[-_LAST_LINES:]]
    return "\n".join(lines)


def _bounded(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    return cut(value if isinstance(value, str) else str(value), VALUE)


def _without_data(line: str) -> str:
    if _DATABASE.match(line):
        line = _QUOTED.sub('"…"', line)
    return _NUMBER.sub(lambda found: f"{found[1] or ''}****{found[2] or found[3]}", line)

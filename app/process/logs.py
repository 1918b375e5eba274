"""Where log lines go: people read the files under --data, machines read their `action`. Who logs masks numbers.

What concerns security (logger `security`) has a file of its own, beside the general one. Neither grows, nor forgets,
at the pleasure of strangers: see log_budget.py. The security log is turned over by days alone.
"""

import logging
import logging.handlers
import os
import time
from collections.abc import Callable, Hashable
from io import TextIOWrapper
from pathlib import Path
from typing import Final

from app.process.log_budget import LogBudget
from app.process.log_lines import JsonLines, TerminalLines
from config.paths import DataDir

SECURITY: Final = "security"
MAX_BYTES = 20_000_000
KEPT = 3
SECURITY_DAYS = 90


class Gate(logging.Handler):
    """Hands on to `handlers` what their budget allows: of each kind some lines a minute, one traceback; and the count
    of what was left out, with the next line that is told after the minute."""

    def __init__(self, handlers: list[logging.Handler], lines: LogBudget, clock: Callable[[], float]) -> None:
        super().__init__()
        self.handlers = handlers
        self._lines = lines
        self._traces = LogBudget(burst=1, per_minute=1)
        self._clock = clock

    def emit(self, record: logging.LogRecord) -> None:
        """Called under the handler's lock."""
        now = self._clock()
        self._tell_left_out(now)
        traced = record.exc_info is not None and record.exc_info[1] is not None
        if (self._traces if traced else self._lines).admit(kind_of(record), now):
            self._hand_on(record)

    def close(self) -> None:
        """Tells what is not told yet."""
        self.acquire()
        try:
            self._tell_left_out(self._clock(), all_of_them=True)
        finally:
            self.release()
        for handler in self.handlers:
            handler.close()
        super().close()

    def _tell_left_out(self, now: float, *, all_of_them: bool = False) -> None:
        for budget in (self._lines, self._traces):
            for kind, count in budget.left_out(now, all_of_them=all_of_them):
                self._hand_on(_counted(kind, count))

    def _hand_on(self, record: logging.LogRecord) -> None:
        for handler in self.handlers:
            if record.levelno >= handler.level:
                handler.handle(record)


def kind_of(record: logging.LogRecord) -> Hashable:
    """The place that told, what it says it is, and where an exception came from: all of our code's making."""
    action = record.__dict__.get("action", "")
    raised: tuple[str, int] = ("", 0)
    if record.exc_info and (trace := record.exc_info[2]) is not None:
        while trace.tb_next is not None:
            trace = trace.tb_next
        raised = (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
    return (record.name, record.levelno, record.pathname, record.lineno, action, *raised)


def _counted(kind: Hashable, count: int) -> logging.LogRecord:
    name, level, path, line, action = kind[:5] if isinstance(kind, tuple) else ("log", logging.WARNING, "", 0, "")
    told = logging.LogRecord(name, level, path, line, "%d more of this kind were left out", (count,), None)
    told.action, told.left_out = action or f"{Path(path).name}:{line}", count
    return told


class _Daily(logging.handlers.TimedRotatingFileHandler):
    """A file for each day, for its owner alone."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return os.fdopen(descriptor, self.mode, encoding=self.encoding)  # type: ignore[return-value]


def set_up_logging(data: DataDir | None) -> None:
    """With a data directory: into the files there. Warnings and worse go to the terminal in any case."""
    logging.raiseExceptions = False  # A log whose disk is full must not flood the terminal instead.
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING if data else logging.ERROR)
    terminal.setFormatter(TerminalLines())
    everything: list[logging.Handler] = [terminal]
    if data:
        data.root.mkdir(parents=True, exist_ok=True)
        file = logging.handlers.RotatingFileHandler(
            data.root / "sanxiang.log", maxBytes=MAX_BYTES, backupCount=KEPT, encoding="utf-8"
        )
        file.setFormatter(JsonLines())
        everything.append(file)
        logging.getLogger(SECURITY).addHandler(security_gate(data.root / "security.log", time.monotonic))
    root.addHandler(Gate(everything, LogBudget(burst=30, per_minute=30), time.monotonic))


def security_gate(file: Path, clock: Callable[[], float]) -> Gate:
    """The security log: a kind of event is told a hundred times, then once a minute with the count of the others."""
    daily = _Daily(file, when="midnight", utc=True, backupCount=SECURITY_DAYS, encoding="utf-8")
    daily.setFormatter(JsonLines())
    return Gate([daily], LogBudget(burst=100, per_minute=1), clock)

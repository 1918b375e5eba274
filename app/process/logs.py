"""Where log lines go: people read the file under --data, machines read its `action`. Who logs masks numbers."""

import json
import logging
import logging.handlers
from datetime import UTC, datetime

from config.paths import DataDir

_PLAIN = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime", "taskName"}
MAX_BYTES = 20_000_000
KEPT = 3


class JsonLines(logging.Formatter):
    """One JSON object a line: instant, level, sentence, and the `extra` fields."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        said |= {key: value for key, value in record.__dict__.items() if key not in _PLAIN}
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False, default=str)


def set_up_logging(data: DataDir | None) -> None:
    """With a data directory: all of it into `sanxiang.log` there. Warnings and worse go to the terminal in any case."""
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING if data else logging.ERROR)
    terminal.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    root.addHandler(terminal)
    if data:
        data.root.mkdir(parents=True, exist_ok=True)
        file = logging.handlers.RotatingFileHandler(
            data.root / "sanxiang.log", maxBytes=MAX_BYTES, backupCount=KEPT, encoding="utf-8"
        )
        file.setFormatter(JsonLines())
        root.addHandler(file)

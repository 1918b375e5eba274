"""Logs: bounded whatever strangers send, without people's data, security apart from the rest. OPS-7, CUS-4."""

import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from app.process.log_budget import MOST_KINDS, LogBudget
from app.process.log_lines import JsonLines, exception_text
from app.process.logs import SECURITY, Gate, security_gate, set_up_logging
from app.web.http.barrier import problems
from app.web.wire.problems import Problem
from config.paths import DataDir
from crm.db.base.engine import make_plain_engine
from crm.errors import StoreAway

FLOOD = 10_000


class Seconds:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Kept(logging.Handler):
    """Remembers what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    @property
    def said(self) -> list[str]:
        return [record.getMessage() for record in self.records]


@pytest.fixture
def data(tmp_path: Path) -> Iterator[DataDir]:
    """A data directory that is logged into."""
    root, security, raises = logging.getLogger(), logging.getLogger(SECURITY), logging.raiseExceptions
    before, level = (list(root.handlers), list(security.handlers)), root.level
    for handler in before[0]:
        root.removeHandler(handler)  # pytest's, which keeps and formats every line
    set_up_logging(DataDir(tmp_path))
    yield DataDir(tmp_path)
    for logger, handlers in zip((root, security), before, strict=True):
        for handler in set(logger.handlers) - set(handlers):
            logger.removeHandler(handler)
            handler.close()
    for handler in before[0]:
        root.addHandler(handler)
    root.setLevel(level)
    logging.raiseExceptions = raises


def told(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


async def bad_requests(count: int, *ways: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> None:
    requests = [make_mocked_request("GET", f"/{number}" + "a" * 7000) for number in range(20)]
    for number in range(count):
        await problems(requests[number % len(requests)], ways[number % len(ways)])


async def breaks(request: web.Request) -> web.StreamResponse:
    raise OSError(36, "File name too long", request.path)


async def breaks_elsewhere(request: web.Request) -> web.StreamResponse:
    raise ValueError(request.path) from OSError(request.path * 3)


async def wrong_password(request: web.Request) -> web.StreamResponse:
    raise Problem("wrong_login", "The name is unknown or the password is wrong.")


async def throttled(request: web.Request) -> web.StreamResponse:
    raise Problem("too_many_requests", f"not {request.path}")


async def away(request: web.Request) -> web.StreamResponse:
    raise StoreAway(f"away for {request.path}")


@pytest.mark.req("OPS-7")
async def test_a_flood_of_bad_requests_writes_a_bounded_number_of_bytes(
    data: DataDir, capfd: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger(SECURITY).info("%s has logged in", "8901", extra={"action": "logged_in"})
    await bad_requests(FLOOD, breaks, breaks_elsewhere, wrong_password, throttled, away)
    written = {path.name: path.stat().st_size for path in data.root.iterdir()}
    assert written.keys() == {"sanxiang.log", "security.log"}, "nothing was rolled over"
    assert sum(written.values()) < 400_000
    assert len(capfd.readouterr().err) < 100_000
    kinds = [line["action"] for line in told(data.root / "security.log")]
    assert {kind: kinds.count(kind) for kind in kinds} == {"logged_in": 1, "wrong_login": 100, "too_many_requests": 100}
    assert sum("exception" in line for line in told(data.root / "sanxiang.log")) == 2
    assert (data.root / "security.log").stat().st_mode & 0o777 == 0o600


@pytest.mark.req("OPS-7")
def test_a_security_log_of_a_whole_year_of_floods_forgets_by_days_alone(tmp_path: Path) -> None:
    clock = Seconds()
    gate = security_gate(tmp_path / "security.log", clock)
    flood = logging.makeLogRecord({"name": SECURITY, "levelno": 20, "msg": "x" * 9000, "action": "wrong_login"})
    size = 0
    for minute in range(24 * 60):
        clock.now = minute * 60.0
        for _ in range(20):
            gate.handle(flood)
    size = (tmp_path / "security.log").stat().st_size
    gate.close()
    assert size < 3_000_000, "of one kind, in a day"


def test_what_was_left_out_is_counted_and_told() -> None:
    clock, kept = Seconds(), Kept()
    gate = Gate([kept], LogBudget(burst=3, per_minute=3), clock)

    def tell(text: str, action: str = "a") -> None:
        gate.handle(logging.makeLogRecord({"name": "x", "levelno": 30, "msg": text, "action": action}))

    for number in range(10):
        tell(str(number))
    assert kept.said == ["0", "1", "2"]
    tell("of another kind", "b")
    clock.now = 61.0
    tell("later", "b")
    assert kept.said[3:] == ["of another kind", "7 more of this kind were left out", "later"]
    assert kept.records[4].__dict__["left_out"] == 7
    for number in range(5):
        tell(str(number))
    gate.close()
    assert kept.said[-1] == "2 more of this kind were left out"


def test_a_traceback_is_told_once_a_minute_for_each_place_that_raised() -> None:
    clock, kept = Seconds(), Kept()
    gate = Gate([kept], LogBudget(burst=30, per_minute=30), clock)

    def here(text: str) -> None:
        raise ValueError(text)

    def there(text: str) -> None:
        raise KeyError(text)

    for minute in range(3):
        clock.now = minute * 60.0
        for number in range(20):
            for raises in (here, there):
                try:
                    raises(f"{minute}.{number}")
                except (ValueError, KeyError) as exc:
                    facts = {
                        "name": "x",
                        "levelno": 40,
                        "msg": "failed",
                        "exc_info": (type(exc), exc, exc.__traceback__),
                    }
                    gate.handle(logging.makeLogRecord(facts))
    traced = [str(record.exc_info[1]) for record in kept.records if record.exc_info]
    assert traced == ["0.0", "'0.0'", "1.0", "'1.0'", "2.0", "'2.0'"]
    assert kept.said.count("19 more of this kind were left out") == 4


def test_kinds_without_end_share_one_budget() -> None:
    budget = LogBudget(burst=2, per_minute=1)
    admitted = sum(budget.admit(number, 0.0) for number in range(10 * MOST_KINDS))
    assert admitted == MOST_KINDS + 2


@pytest.mark.req("CUS-4")
def test_an_error_of_the_database_tells_no_names_and_numbers(tmp_path: Path) -> None:
    engine = make_plain_engine(sqlalchemy.make_url(f"sqlite+aiosqlite:///{tmp_path / 'x.db'}"), 1.0, writes=True)
    insert, row = sqlalchemy.text("INSERT INTO nowhere VALUES (:name)"), {"name": "王芳 13812345678"}
    with engine.begin() as connection, pytest.raises(sqlalchemy.exc.DBAPIError) as caught:
        connection.execute(insert, row)
    engine.dispose()
    text = exception_text(caught.value)
    assert "no such table" in text and "王芳" not in text and "5678" not in text


@pytest.mark.req("CUS-4")
@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("psycopg.errors.UniqueViolation: duplicate key", "psycopg.errors.UniqueViolation: duplicate key"),
        ("DETAIL:  Key (number)=(13812345678) already exists.", ""),
        (
            'psycopg.errors.X: invalid input syntax for type integer: "王芳"',
            'psycopg.errors.X: invalid input syntax for type integer: "…"',
        ),
        (
            '(psycopg.errors.X) violates unique constraint "uq_x"',
            '(psycopg.errors.X) violates unique constraint "uq_x"',
        ),
        ("ValueError: 13812345678", "ValueError: 13****78"),
        ("ValueError: +8613812345678", "ValueError: +86****78"),
        ("ValueError: 0571-88886666", "ValueError: 0571-****66"),
        ("ValueError: ticket 20261130-0001", "ValueError: ticket 20261130-0001"),
    ],
)
def test_lines_of_a_traceback_lose_what_is_a_persons(raw: str, shown: str) -> None:
    class Told(Exception):
        def __str__(self) -> str:
            return f"\n{raw}\nend"

    assert f"\n{shown}\nend".replace("\n\n", "\n") in exception_text(Told())


def test_a_line_is_bounded_however_long_its_parts() -> None:
    record = logging.makeLogRecord({"msg": "m" * 9000, "path": "p" * 9000, "facts": ["f" * 9000], "levelno": 40})
    try:
        raise ValueError("v" * 9000 + "\n" * 9000)
    except ValueError as exc:
        record.exc_info = (ValueError, exc, exc.__traceback__)
    line = JsonLines().format(record)
    assert len(line) < 12_000
    assert {"message", "path", "facts", "exception"} <= json.loads(line).keys()

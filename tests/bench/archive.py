"""A store with a million tickets, as a hall has after years, loaded in bulk: for P13 and P14. Once per run and store.

The texts are made up of the phrases of such tickets, with names, places, sums and numbers; every third is a complaint
and says so. A tenth of the tickets has its call's whole story and changes, the others their arrival.
"""

import os
import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

import msgspec
import psycopg

from crm.db.store import Store
from crm.db.tickets.search_index import INDEX, entry_words, facet
from crm.tickets.model import TicketKind, ticket_number
from crm.tickets.search import indexed, key_of
from tests.bench.lab import Lab
from tests.bench.phrases import COMPLAINTS, GIVEN, NOTES, PLACES, PRAISE, QUESTIONS, SUGGESTIONS, SURNAMES, WISHES
from tests.integration.store.postgres import PostgresServer

TICKETS: Final = int(os.environ.get("SANXIANG_BENCH_TICKETS", "1000000"))
"""Fewer for trying it out."""
A_DAY: Final = 800
WHOLE_STORY: Final = 10
"""One ticket in so many has one."""
ZONE: Final = ZoneInfo("Asia/Shanghai")
LAST_DAY: Final = datetime(2026, 11, 22, tzinfo=ZONE)
_BATCH: Final = 20_000

_KINDS: Final = {
    TicketKind.COMPLAINT: 0.3,
    TicketKind.CONSULTATION: 0.5,
    TicketKind.SUGGESTION: 0.1,
    TicketKind.MESSAGE: 0.1,
}


@dataclass(frozen=True)
class Archive:
    """A store that is full. `whole`: tickets that have their whole story. `names`: of contacts, each in few tickets."""

    store: Store
    whole: Sequence[str]
    names: Sequence[str]
    load_s: float


class Sink(Protocol):
    """Takes rows of a table, in bulk."""

    def put(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None: ...

    def finish(self) -> None: ...


class SqliteSink:
    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=OFF", "cache_size=-400000", "foreign_keys=OFF"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("BEGIN")

    def put(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        names = ", ".join(f'"{name}"' for name in columns).replace(
            '"key"', "rowid" if table == "ticket_words" else '"key"'
        )
        marks = ", ".join("?" for _ in columns)
        self._connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)

    def finish(self) -> None:
        self._connection.execute("COMMIT")
        self._connection.execute("ANALYZE")
        self._connection.close()


class PostgresSink:
    """The index of words is made at the end: that is how one loads a million."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        self._connection.execute("SET maintenance_work_mem = '512MB'")
        self._connection.execute("DROP INDEX ix_ticket_words_words")

    def put(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        names = ", ".join(f'"{name}"' for name in columns)
        with self._connection.cursor() as cursor, cursor.copy(f'COPY "{table}" ({names}) FROM STDIN'.encode()) as copy:
            for row in rows:
                copy.write_row(row)

    def finish(self) -> None:
        self._connection.execute(INDEX["postgresql"][0].encode())
        self._connection.execute("VACUUM ANALYZE")
        self._connection.close()


class Tickets:
    """The tickets, one after the other, always the same ones."""

    def __init__(self, dialect: str) -> None:
        self._dialect = dialect
        self._random = random.Random(4)
        self.whole: list[str] = []
        self.names: list[str] = []

    def load(self, sink: Sink, say: Callable[[str], None]) -> None:
        tables: dict[str, tuple[Sequence[str], list[Sequence[object]]]] = {}
        for index in range(TICKETS):
            for table, row in self._rows(index):
                tables.setdefault(table, (tuple(row), []))[1].append(tuple(row.values()))
            if (index + 1) % _BATCH == 0 or index + 1 == TICKETS:
                for table in ("ticket", "call", "event", "ticket_change", "ticket_words"):
                    sink.put(table, *tables.pop(table, ((), [])))
            if (index + 1) % 200_000 == 0:
                say(f"  {index + 1} tickets")
        sink.finish()

    def _rows(self, index: int) -> Iterator[tuple[str, dict[str, Any]]]:
        chance = self._random
        day, count = divmod(index, A_DAY)
        opened = LAST_DAY - timedelta(days=(TICKETS - 1) // A_DAY - day) + timedelta(seconds=32_400 + count * 40)
        number = ticket_number(opened.date(), count + 1)
        kind = chance.choices([*_KINDS], [*_KINDS.values()])[0]
        texts = self._texts(kind)
        agent = str(8000 + chance.randrange(1, 60))
        telephone = f"13{chance.randrange(10**9):09d}"
        state = "open" if index > TICKETS - 3000 or chance.random() < 0.002 else "closed"
        ticket = {
            "number": number,
            "opened_at": self._at(opened),
            "state": state,
            "kind": kind.value,
            "severity": "normal",
            "channel": "telephone",
            "line": chance.choice(("hotline", "hotline", "hotline", "aid", "supervision")),
            "dnis": "4008100002",
            "ani": telephone,
            "number_key": telephone,
            "call_id": f"in-{index:09d}",
            "agent": agent,
            **texts,
            "version": 2,
        }
        yield "ticket", ticket
        yield "call", self._call(ticket, opened)
        whole = index % WHOLE_STORY == 0
        if whole:
            self.whole.append(number)
        yield from self._events(ticket, opened, whole=whole)
        facets = [facet(name, ticket[name]) for name in ("kind", "state", "line", "agent", "number_key")]
        found = indexed([number, *texts.values()])
        yield "ticket_words", {"key": key_of(number), "words": entry_words(found, facets, self._dialect)}

    def _texts(self, kind: TicketKind) -> dict[str, str]:
        chance = self._random
        name = chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=chance.choice((1, 2, 2))))
        if chance.random() < 0.0005:
            self.names.append(name)
        place, about = (
            chance.choice(PLACES),
            {
                TicketKind.COMPLAINT: lambda: f"客户来电投诉{chance.choice(COMPLAINTS)}",
                TicketKind.CONSULTATION: lambda: f"咨询{chance.choice(QUESTIONS)}",
                TicketKind.SUGGESTION: lambda: chance.choice(SUGGESTIONS if chance.random() < 0.7 else PRAISE),
                TicketKind.MESSAGE: lambda: f"留言请回电，事由为{chance.choice(QUESTIONS)}",
            }[kind](),
        )
        sum_ = f"，涉及金额{chance.randrange(5, 3000)}元" if chance.random() < 0.2 else ""
        people = f"，同行{chance.randrange(2, 60)}人" if chance.random() < 0.2 else ""
        order = f"，订单号{chance.randrange(10**8):08d}" if chance.random() < 0.15 else ""
        return {
            "matter": f"{about}，地点在{place}{people}{sum_}{order}",
            "wish": chance.choice(WISHES) if chance.random() < 0.6 else "",
            "note": chance.choice(NOTES) if chance.random() < 0.5 else "",
            "contact_name": name,
            "disposition": chance.choice(("resolved", "passed_on", "callback", "refund")),
        }

    def _call(self, ticket: dict[str, Any], opened: datetime) -> dict[str, Any]:
        return {
            "call_id": ticket["call_id"],
            "ticket": ticket["number"],
            "direction": "inbound",
            "line": ticket["line"],
            "dnis": ticket["dnis"],
            "ani": ticket["ani"],
            "number_key": ticket["number_key"],
            "caller_name": "",
            "queue": "hotline",
            "agent": ticket["agent"],
            "invited_at": self._at(opened),
            "answered_at": self._at(opened + timedelta(seconds=1)),
            "rings": 1,
            "ended_at": self._at(opened + timedelta(seconds=180)),
            "outcome": "answered",
        }

    def _events(self, ticket: dict[str, Any], opened: datetime, *, whole: bool) -> Iterator[tuple[str, dict[str, Any]]]:
        names = ("CallArrived", "CallRang", "CallAnswered", "MenuEntered", "MenuChosen", "CallQueued", "AgentOffered")
        for place, name in enumerate((*names, "AgentAnswered", "TalkStarted", "CallEnded") if whole else names[:1]):
            at = opened + timedelta(seconds=place)
            story = {"type": name, "at": at.isoformat(), "call_id": ticket["call_id"], "agent": ticket["agent"]}
            payload = msgspec.json.encode(story | {"event_id": f"{ticket['call_id']}.{place}"}).decode()
            event_id = f"{ticket['call_id']}.{place}"
            fields = {"event_id": event_id, "name": name, "at": self._at(at), "call_id": ticket["call_id"]}
            yield "event", {**fields, "payload": payload}
        for name in ("kind", "matter", "wish", "note") if whole else ():
            at = self._at(opened + timedelta(seconds=120))
            change = {"ticket": ticket["number"], "at": at, "by": ticket["agent"], "field": name}
            yield "ticket_change", {**change, "old": "", "new": ticket[name]}

    def _at(self, at: datetime) -> str:
        moment = at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
        return moment if self._dialect == "sqlite" else f"{moment}+00"


_made: dict[tuple[Path, str], Archive] = {}


async def archive(lab: Lab, dialect: str) -> Archive:
    """The full store of that kind."""
    known = (lab.directory, dialect)
    if known not in _made:
        url = _new_database(lab, dialect)
        store = await Store.open(url, area_code="0571", zone=ZONE)
        lab.say(f"loading {TICKETS} tickets into {dialect} …")
        began = monotonic()
        tickets = Tickets(dialect)
        file = lab.directory / "archive.db"
        tickets.load(SqliteSink(file) if dialect == "sqlite" else PostgresSink(url), lab.say)
        load_s = monotonic() - began
        lab.say(f"  loaded in {load_s:.0f} s")
        _made[known] = Archive(store, tickets.whole, tickets.names, load_s)
    return _made[known]


def _new_database(lab: Lab, dialect: str) -> str:
    if dialect == "sqlite":
        return f"sqlite+aiosqlite:///{lab.directory / 'archive.db'}"
    directory = lab.directory / "postgresql"
    lab.directory.chmod(0o755)
    directory.mkdir()
    server = PostgresServer(directory)
    server.start()
    lab.at_the_end(server.stop)
    return server.new_database()

"""Every operation × whose record it is × role: what it answers, and that no name or number comes out of it that this
person may not see. matrix_table.py is the definition; an operation without a row fails. ACC-6, CUS-4, LNE-6."""

import asyncio
import csv
import io
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import aiohttp
import pytest
from aiohttp import hdrs
from openpyxl import load_workbook
from sqlalchemy import text

from app.web.api.table import OPERATIONS
from app.web.http.operations import AnyOperation
from app.web.http.permissions import PERMISSIONS, PUBLIC
from config.paths import DataDir
from config.schema import Site
from crm.db.store import Store
from crm.rights import Principal
from crm.users.model import Place
from routing.agent import AgentState
from tests.fakes.desk_messages import pop
from tests.fakes.logins import let_people_log_in
from tests.integration.web.conftest import House, house_on
from tests.integration.web.matrix_table import RIGHTS, SHOWN, TABLE, Row, verdict
from tests.integration.web.matrix_world import (
    COLLEAGUE,
    NAMES,
    RELATIONS,
    ROLES,
    Ids,
    build,
    email_of,
    matrix_site,
    numbers_of,
)

pytestmark = pytest.mark.req("ACC-6", "CUS-4", "LNE-6")


@pytest.fixture
def site() -> Site:
    return matrix_site()


@dataclass(frozen=True)
class World:
    """A data directory in which everything has been made, what it knows, and sessions of these people."""

    root: Path
    ids: Ids
    sessions: dict[str, str]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    data, site = DataDir(tmp_path_factory.mktemp("matrix") / "data"), matrix_site()
    data.root.mkdir()
    ui = data.root.parent / "ui"
    ui.mkdir()

    async def make() -> World:
        store = await Store.open(data.database_url)
        await let_people_log_in(store, site.agents)
        await store.close()
        async with house_on(data, site, ui) as house:
            ids, sessions = await build(house), {}
            for person in ROLES.values():
                place = Place(address="127.0.0.1", browser="")
                sessions[person] = await house.store.users.sessions.create(person, place, house.clock())
        return World(data.root, ids, sessions)

    return asyncio.run(make())


@pytest.fixture(scope="session")
def store_with_users(world: World) -> Path:
    return world.root


@asynccontextmanager
async def as_role(house: House, world: World, role: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with house.browser() as browser:
        name = f"sanxiang-{house.server.port}"
        browser.cookie_jar.update_cookies({name: world.sessions[ROLES[role]]}, house.server.make_url("/"))
        yield browser


def filled(value: Any, known: dict[str, Any]) -> Any:
    """`$x` as what the world knows under that name."""
    match value:
        case dict():
            return {name: filled(item, known) for name, item in value.items()}
        case list():
            return [filled(item, known) for item in value]
        case str() if value.startswith("$"):
            return known[value[1:]]
        case _:
            return value


def path_of(operation: AnyOperation, row: Row, known: dict[str, Any]) -> str:
    place = {
        "number": known["ticket"],
        "call": known["call"],
        "file": known["file"],
        "id": str(filled(row.id, known)),
        "queue": "hotline",
        "kind": "daily",
        "period": "2026-11-27",
        "year": "2027",
        "day": "2027-02-20",
        "month": "2027-10",
        "version": "1",
        "token": "t",
        "name": "erp",
        "session": "0",
        "path": "",
    }
    path = re.sub(r"\{(\w+)(?::[^}]*)?\}", lambda found: place[found[1]], operation.path)
    query = re.sub(r"\$(\w+)", lambda found: str(known[found[1]]), row.query)
    return f"{path}?{query}" if query else path


@dataclass(frozen=True)
class Answer:
    status: int
    text: str


async def asked(client: aiohttp.ClientSession, operation: AnyOperation, row: Row, known: dict[str, Any]) -> Answer:
    path, body = path_of(operation, row, known), filled(row.body, known)
    if operation.name == "live_wallboard":
        async with client.get(path) as answer:
            return Answer(answer.status, (await answer.content.readuntil(b"\n\n")).decode())
    data = b"x" if operation.name in ("add_attachment", "preview_import") else None
    async with client.request(operation.method, path, json=body, data=data) as answer:
        return Answer(answer.status, _said(answer.content_type, await answer.read()))


def _said(media: str, body: bytes) -> str:
    """What an answer says, as people read it."""
    if body[:2] == b"PK":
        book = load_workbook(io.BytesIO(body))
        return "\n".join(str(cell.value) for sheet in book for line in sheet for cell in line if cell.value is not None)
    if media == "text/csv":
        return json.dumps(list(csv.reader(io.StringIO(body.decode("utf-8-sig")))), ensure_ascii=False)
    return body.decode("utf-8", "replace") if media.startswith(("text/", "application/")) else ""


def said_of(text: str, relation: str) -> set[str]:
    """What of a person stands in a text: the name, a whole number in any notation or an address, or both."""
    together = re.sub(r"(?<=\d)[ \-]+(?=\d)", "", text)
    found = {"name"} if NAMES[relation] in text else set()
    if any(number in together for number in numbers_of(relation).values()) or email_of(relation) in text:
        found.add("numbers")
    return found


def prepared(house: House, world: World, role: str, relation: str) -> None:
    """What is not in the store: the call at hand on the agent's desk, a talk that goes on."""
    live = world.ids.about("agent", "live")
    house.hub.publish(ROLES["agent"], pop(live["call"], live["ticket"], ani=live["number"]))
    talker = ROLES[role] if relation == "own" else COLLEAGUE
    house.talks.begin(world.ids.about(role, relation)["call"], talker)


async def state_of(house: House) -> dict[str, int]:
    """All that people change. A refusal may be on record: that, logins and who looked at what are left out."""
    counts = {}
    async with house.store.database.read() as connection:
        tables = [
            row.name for row in await connection.execute(text("select name from sqlite_master where type='table'"))
        ]
        for name in tables:
            if not name.startswith(
                ("ticket_words", "sqlite", "user_session", "kept_request", "customer_access", "audit")
            ):
                rows = await connection.execute(text(f"select * from {name}"))
                counts[name] = hash(tuple(map(tuple, rows)))
    return counts


def test_every_operation_has_its_row_and_every_row_an_operation(house: House) -> None:
    routes = [(route.method, route.resource.name) for route in house.app.router.routes() if route.resource]
    assert {name for _, name in routes} == set(PERMISSIONS) == set(TABLE)
    assert len(routes) == len(OPERATIONS)
    assert hdrs.METH_HEAD not in {method for method, _ in routes}
    assert {row.right for row in TABLE.values()} - {None} <= set(RIGHTS)


def test_every_record_in_a_path_is_of_some_relation() -> None:
    """What names a record in its path cannot say that it is about none."""
    ours = {"queue", "kind", "period", "year", "day", "month", "version", "token", "path"}
    for operation in OPERATIONS:
        named = set(re.findall(r"\{(\w+)", operation.path)) - ours
        row = TABLE[operation.name]
        of_nobody = operation.path.startswith(
            ("/api/knowledge", "/api/webhooks", "/api/keys", "/api/aside-mails", "/api/users", "/api/me")
        )
        assert not named or row.right is not None or of_nobody, operation.name


async def test_without_a_login_everything_but_the_public_is_401(house: House, world: World) -> None:
    async with house.browser() as nobody:
        for operation in OPERATIONS:
            answer = await asked(nobody, operation, TABLE[operation.name], world.ids.about("agent", "own"))
            public = PERMISSIONS[operation.name] == PUBLIC
            if operation.name != "login":
                assert (answer.status == 401) is not public, operation.name
            assert not any(said_of(answer.text, relation) for relation in RELATIONS), operation.name


READS = [each for each in OPERATIONS if each.method == "GET"]
CHANGES = [each for each in OPERATIONS if each.method != "GET"]


@pytest.mark.parametrize("role", ROLES)
async def test_what_reads_does_what_the_table_says(house: House, world: World, role: str) -> None:
    """In one house: who reads leaves it as it was."""
    async with as_role(house, world, role) as client:
        failures = [line for each in READS for line in await failures_of(house, world, each, role, client)]
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("operation", CHANGES, ids=lambda each: each.name)
async def test_what_changes_does_what_the_table_says(
    house: House, world: World, operation: AnyOperation, role: str
) -> None:
    async with as_role(house, world, role) as client:
        failures = await failures_of(house, world, operation, role, client)
    assert not failures, "\n".join(failures)


async def failures_of(
    house: House, world: World, operation: AnyOperation, role: str, client: aiohttp.ClientSession
) -> list[str]:
    """Where an operation answers, changes or tells something else than its row says, asked of each relation."""
    row, allowed = TABLE[operation.name], PERMISSIONS[operation.name]
    let_in = allowed == PUBLIC or role in allowed
    relations = RELATIONS if row.right is not None else RELATIONS[:1]
    failures: list[str] = []
    before: dict[str, int] = {}
    for relation in sorted(relations, key=lambda each: verdict(row, role, each) == "yes"):
        prepared(house, world, role, relation)
        wanted = verdict(row, role, relation) if let_in else "no"
        statuses = {"yes": row.ok, "no": (403,), "hidden": row.hidden}[wanted]
        refused = wanted != "yes" and operation.method != "GET"
        before = (before or await state_of(house)) if refused else {}
        answer = await asked(client, operation, row, world.ids.about(role, relation))
        where = f"{role} {operation.name} {relation}: {answer.status}"
        if answer.status not in statuses:
            failures.append(f"{where}, wanted {statuses}: {answer.text[:200]}")
        if refused and before != (after := await state_of(house)):
            failures.append(f"{where}: refused, and yet changed {[n for n in after if after[n] != before.get(n)]}")
        failures += [f"{where}: {leak}" for leak in leaks(answer.text, row, role)]
        if role == "agent" and wanted == "yes" and (row.right is None or relation in row.opens):
            for opened in row.opens if row.right is None else (relation,):
                if "numbers" not in said_of(answer.text, opened):
                    failures.append(f"{where}: does not show the number of {opened}")
    return failures


def leaks(text: str, row: Row, role: str) -> list[str]:
    """What an answer says and must not, of whomever."""
    found = []
    for relation in RELATIONS:
        more = said_of(text, relation) - set(SHOWN[role][relation]) - set(row.over.get(relation, ()))
        if more:
            found.append(f"says {', '.join(sorted(more))} of {relation}")
    return found


def test_from_what_a_handler_is_given_nothing_leads_to_the_store(house: House) -> None:
    """Whatever is public of it, and of that, and so on: no table, no database, no store."""
    who = Principal(name="8003", agent="8003", role="agent")
    seen: set[int] = set()
    to_do: list[tuple[str, object]] = [("tools", house.services.tools), ("acting", house.services.acting(who))]
    ways: list[str] = []
    while to_do:
        way, each = to_do.pop()
        if id(each) in seen or isinstance(each, type | ModuleType | str | int | float | None):
            continue
        seen.add(id(each))
        if type(each).__module__.startswith("crm.db"):
            ways.append(way)
            continue
        if type(each).__module__.split(".")[0] in ("app", "crm"):
            public = [name for name in dir(each) if not name.startswith("_")]
            to_do += [(f"{way}.{name}", getattr(each, name)) for name in public]
    assert ways == []
    assert len(seen) > 50


async def test_supervisors_reach_agents_states_but_not_their_desks_and_telephones(house: House, world: World) -> None:
    async with as_role(house, world, "supervisor") as supervisor:
        async with supervisor.post("/api/agents/8002/state", json={"state": "available"}) as answer:
            assert answer.status == 200
        assert (house.acd.agent("8002").state, house.acd.agent("8002").by) == (AgentState.AVAILABLE, "8801")


async def test_the_local_token_does_all_and_a_wrong_one_nothing(house: House) -> None:
    async with house.program() as program, house.program("wrong") as stranger:
        for client, status in ((program, 200), (stranger, 401)):
            async with client.get("/api/queues") as answer:
                assert answer.status == status

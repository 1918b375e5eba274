"""Keys of other systems: shown once, held to their scope, ended by time or hand, and nowhere in clear. ACC-4"""

import asyncio
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from click.testing import Result
from typer.testing import CliRunner

from app.cli import app
from app.web.http.permissions import NOT_FOR_KEYS, grantable
from app.web.http.tokens import role_token
from config.schema import Role
from tests.integration.web.conftest import LOCAL_TOKEN, House, away, kind_of

READS: Mapping[str, str] = {
    "list_tickets": "/api/tickets",
    "list_customers": "/api/customers",
    "list_due_calls": "/api/due-calls",
    "list_messages": "/api/messages",
    "list_queues": "/api/queues",
    "list_reports": "/api/reports",
    "list_audit": "/api/audit",
    "list_webhooks": "/api/webhooks",
}
"""What keys of this test may be given, and where it is."""
FORBIDDEN: Mapping[str, str] = {
    "list_api_keys": "/api/keys",
    "me": "/api/me",
    "get_telephone": "/api/agents/8001/telephone",
}


async def make(house: House, **wish: object) -> dict[str, object]:
    async with house.program() as administrator:
        body = {"name": "reports", "role": "supervisor", "scope": ["list_tickets"]} | wish
        async with administrator.post("/api/keys", json=body) as answer:
            assert answer.status == 201, await answer.text()
            return dict(await answer.json())


async def status(house: House, secret: object, path: str) -> int:
    async with house.program(str(secret)) as system, system.get(path) as answer:
        return answer.status


@pytest.mark.req("ACC-4")
async def test_a_key_is_shown_once_and_lasts_a_year(house: House) -> None:
    made = await make(house)
    assert str(made["secret"]).startswith("sxk_") and len(str(made["secret"])) >= 40
    lasts = datetime.fromisoformat(str(made["expires_at"])) - datetime.fromisoformat(str(made["created_at"]))
    assert lasts == timedelta(days=365)
    async with house.logged_in("8901") as administrator, administrator.get("/api/keys") as answer:
        listed = await answer.json()
    assert listed["items"][0]["secret"] is None and listed["items"][0]["name"] == "reports"
    offered = {one["operation"] for one in listed["choices"] if "administrator" in one["roles"]}
    assert offered == grantable("administrator")
    assert await status(house, made["secret"], "/api/tickets") == 200


@pytest.mark.req("ACC-4")
async def test_what_is_out_of_scope_is_refused_and_on_the_trail_each_time(house: House) -> None:
    made = await make(house)
    for _ in range(2):
        async with house.program(str(made["secret"])) as system, system.get("/api/queues") as answer:
            assert answer.status == 403 and await kind_of(answer) == "forbidden"
    rows = [row for row in (await house.store.audit.list(by="key:reports")).items if row.action == "refused"]
    assert [row.details for row in rows] == ['{"address":"127.0.0.1","operation":"list_queues"}'] * 2
    assert {row.subject for row in rows} == {"queues"}


@pytest.mark.req("ACC-4")
async def test_a_key_lives_on_over_a_restart_and_ends_with_its_revocation(house: House) -> None:
    secret = str((await make(house))["secret"])
    async with house.another_server() as origin:
        headers = {"Authorization": f"Bearer {secret}"}
        async with aiohttp.ClientSession(origin, headers=headers) as system, system.get("/api/tickets") as answer:
            assert answer.status == 200
        async with house.logged_in("8901") as administrator:
            async with administrator.post("/api/keys/reports/revoke", json={}) as answer:
                assert (await answer.json())["closed"] == "revoked"
            async with administrator.post("/api/keys/nothing/revoke", json={}) as answer:
                assert answer.status == 404
        async with aiohttp.ClientSession(origin, headers=headers) as system, system.get("/api/tickets") as answer:
            assert answer.status == 401
    key = await house.store.keys.get("reports")
    assert key.used_at is not None and key.refused_at is not None and key.revoked_by == "8901"


async def test_while_the_store_is_away_a_key_opens_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = (await make(house))["secret"]
    assert await status(house, secret, "/api/queues") == 403
    monkeypatch.setattr(house.store.database, "read", away)
    assert await status(house, secret, "/api/queues") == 503


async def test_wrong_wishes_say_what_is_wrong(house: House) -> None:
    await make(house)
    async with house.program() as administrator:
        wish = {"name": "other", "role": "supervisor", "scope": ["list_tickets"]}
        wrong: list[tuple[str, dict[str, object]]] = [
            ("name", {"name": "Reports!"}),
            ("scope", {"scope": ["list_audit"]}),
            ("scope", {"scope": ["create_api_key"], "role": "administrator"}),
            ("days", {"days": 0}),
            ("role", {"role": "owner"}),
        ]
        for named, change in wrong:
            async with administrator.post("/api/keys", json=wish | change) as answer:
                assert answer.status == 400, (change, await answer.text())
                assert (await answer.json())["errors"][0]["field"] == named
        async with administrator.post("/api/keys", json=wish | {"name": "reports"}) as answer:
            assert answer.status == 409 and (await answer.json())["reason"] == "name_taken"
        assert [key.name for key in await house.store.keys.list()] == ["reports"]
    for role in ("agent", "supervisor"):
        token = role_token(LOCAL_TOKEN, role, house.clock() + timedelta(hours=1))
        assert await status(house, token, "/api/keys") == 403


async def test_two_that_make_the_same_name_at_once_make_one_key(house: House) -> None:
    async with house.program() as administrator:

        async def one() -> int:
            body = {"name": "twin", "role": "agent", "scope": ["list_tickets"]}
            async with administrator.post("/api/keys", json=body) as answer:
                return answer.status

        assert sorted(await asyncio.gather(*(one() for _ in range(4)))) == [201, 409, 409, 409]


def sanxiang(house: House, *words: str) -> "asyncio.Future[Result]":
    """A command, on this system."""
    return asyncio.ensure_future(asyncio.to_thread(CliRunner().invoke, app, [*words, "--data", str(house.data.root)]))


@pytest.mark.req("ACC-4")
async def test_the_command_makes_lists_and_revokes(house: House) -> None:
    assert (await sanxiang(house, "key", "list")).exit_code == 1, "nothing runs there yet"
    said = {"http": house.origin, "sip": "127.0.0.1:5062", "site": ".", "token": LOCAL_TOKEN}
    house.data.system_file.write_text(json.dumps(said))
    assert "no keys yet" in (await sanxiang(house, "key", "list")).output
    made = await sanxiang(house, "key", "add", "crm", "--scope", "list_tickets,get_ticket", "--days", "30")
    assert made.exit_code == 0 and "shown this once" in made.stderr
    secret = made.stdout.strip()
    assert await status(house, secret, "/api/tickets") == 200
    wrong = await sanxiang(house, "key", "add", "other", "--scope", "create_api_key")
    assert wrong.exit_code == 1 and "not for a key of this role" in wrong.stderr
    (listed,) = json.loads((await sanxiang(house, "key", "list", "--json")).stdout)
    assert listed["scope"] == ["get_ticket", "list_tickets"] and listed["used_at"] is not None
    assert (await sanxiang(house, "key", "revoke", "crm")).exit_code == 0
    assert await status(house, secret, "/api/tickets") == 401
    assert "revoked" in (await sanxiang(house, "key", "list")).stdout
    assert (await sanxiang(house, "key", "revoke", "no/such")).exit_code == 1


@pytest.mark.req("ACC-4")
async def test_a_telephones_secret_is_renewed_by_administrators_alone(house: House) -> None:
    path = "/api/agents/8001/telephone"
    async with house.logged_in("8001") as agent:
        async with agent.post(f"{path}/renew", json={}) as answer:
            assert answer.status == 403
        async with agent.get(path) as answer:
            old = (await answer.json())["secret"]
        async with house.logged_in("8901") as administrator:
            async with administrator.post(f"{path}/renew", json={}) as answer:
                renewed = await answer.json()
            async with administrator.post("/api/agents/8901/telephone/renew", json={}) as answer:
                assert answer.status == 404, "that one has no telephone"
        async with agent.get(path) as answer:
            assert (await answer.json())["secret"] == renewed["secret"] != old
    (row,) = (await house.store.audit.list(subject="telephone 8001")).items
    assert (row.by, row.action) == ("8901", "secret_renewed") and "secret of" not in row.details


@dataclass
class Given:
    """A key as the test knows it."""

    name: str
    secret: str
    opens: frozenset[str]
    expires_at: datetime
    revoked: bool = False


@dataclass
class Keyring:
    """Makes, uses, revokes keys and lets time pass as the seed says; checks each use against what it knows."""

    house: House
    dice: random.Random
    keys: list[Given] = field(default_factory=list)
    let_in: int = 0
    turned_away: int = 0

    async def make(self) -> None:
        role: Role = self.dice.choice(["agent", "supervisor", "administrator"])
        scope = self.dice.sample(sorted(READS.keys() & grantable(role)), 2)
        days, name = self.dice.choice([1, 2, 30, 365]), f"key-{len(self.keys)}"
        async with self.house.program() as administrator:
            body = {"name": name, "role": role, "scope": scope, "days": days}
            keyed = {"Idempotency-Key": f"make-{name}"}
            async with administrator.post("/api/keys", json=body, headers=keyed) as answer:
                made = await answer.json()
        self.keys.append(Given(name, made["secret"], frozenset(scope), datetime.fromisoformat(made["expires_at"])))

    async def revoke(self) -> None:
        key = self.dice.choice(self.keys)
        async with self.house.program() as administrator:
            async with administrator.post(f"/api/keys/{key.name}/revoke", json={}) as answer:
                assert answer.status == 200
        key.revoked = True

    async def let_time_pass(self) -> None:
        self.house.clock.advance(timedelta(hours=self.dice.choice([1, 12, 25, 24 * 40])))

    async def use(self) -> None:
        key = self.dice.choice(self.keys)
        operation, path = self.dice.choice(sorted({**READS, **FORBIDDEN}.items()))
        over = key.revoked or self.house.clock() >= key.expires_at
        wanted = 401 if over else 200 if operation in key.opens else 403
        assert await status(self.house, key.secret, path) == wanted, (key, operation, self.house.clock())
        self.let_in += wanted == 200
        self.turned_away += wanted != 200

    async def use_what_is_no_key(self) -> None:
        """A key with one sign changed, cut, or with another's end."""
        key, at = self.dice.choice(self.keys), self.dice.randrange(4, 40)
        other = self.dice.choice(self.keys)
        forged = self.dice.choice(
            [
                key.secret[:at] + ("A" if key.secret[at] != "A" else "B") + key.secret[at + 1 :],
                key.secret[:at],
                key.secret + "A",
                key.name,
                f"sxk_{key.name}",
                key.secret[:20] + other.secret[20:] if other is not key else "sxk_",
            ]
        )
        assert await status(self.house, forged, "/api/tickets") == 401


@pytest.mark.req("ACC-4")
@pytest.mark.parametrize("seed", range(6))
async def test_whatever_happens_to_keys_none_opens_more_than_it_was_given(house: House, seed: int) -> None:
    ring = Keyring(house, random.Random(seed))
    await ring.make()
    acts = [ring.make, ring.revoke, ring.let_time_pass, *[ring.use] * 6, ring.use_what_is_no_key]
    for _ in range(60):
        await ring.dice.choice(acts)()
    assert ring.let_in and ring.turned_away and FORBIDDEN.keys() <= NOT_FOR_KEYS
    await house.store.check()
    kept = b"".join(path.read_bytes() for path in files_of(house.data.root))
    assert b"key-0" in kept
    for key in ring.keys:
        assert key.secret.encode() not in kept and key.secret[4:].encode() not in kept


def files_of(root: Path) -> list[Path]:
    """Everything the system has written: database with its log, journal, logs, files."""
    return [path for path in root.rglob("*") if path.is_file()]

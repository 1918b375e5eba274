"""Tickets from other channels by the API: registered by hand, written on the public form, with files; and once each."""

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from config.service.channels import Channels, Rate, WebForm
from config.service.matters import Category, Department, Matters
from crm.errors import StoreAway
from crm.use_cases import tickets as tickets_module
from ivr.port.space import MEGABYTE
from tests.fakes.logins import password_of
from tests.integration.web.conftest import House, kind_of

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40
MATTERS = Matters(
    departments=(Department(id="reception", title="接待部", title_en="Reception", level="hall"),),
    categories=(
        Category(
            id="discipline",
            title="违规违纪",
            title_en="Discipline",
            kinds=("complaint",),
            department="reception",
            restricted=True,
        ),
    ),
)


@pytest.fixture
def web_form() -> WebForm:
    return WebForm(
        enabled=True, least_fill_s=0, per_address=Rate(burst=3, per_hour=60), total=Rate(burst=9, per_hour=9)
    )


@pytest.fixture
def site_changes(web_form: WebForm) -> dict[str, object]:
    return {"channels": Channels(web_form=web_form, trusted_proxies=("127.0.0.1/32",)), "matters": MATTERS}


LETTER = {"channel": "letter", "kind": "complaint", "matter": "讲解员态度差", "contact_number": "138-1234-5678"}


async def register(person: aiohttp.ClientSession, **fields: object) -> dict[str, str]:
    async with person.post("/api/intake", json=LETTER | fields) as answer:
        assert answer.status == 201, await answer.text()
        return dict(await answer.json())


@pytest.mark.req("TKT-1", "TKT-3")
async def test_a_letter_is_a_ticket_at_once_and_keeps_what_is_known_of_it(house: House) -> None:
    async with house.logged_in("8001") as agent, house.logged_in("8801") as supervisor:
        telephone = await house.call()
        made = await register(
            agent, category="discipline", received_at="2026-11-20T01:00:00Z", reference="来文 7", wish="道歉"
        )
        assert int(made["ticket"][-4:]) == int(telephone[-4:]) + 1
        await house.projector.caught_up()
        async with agent.get(f"/api/tickets/{made['ticket']}") as answer:
            assert answer.status == 404, "a disciplinary matter is the department's (LNE-6)"
        async with supervisor.get(f"/api/tickets/{made['ticket']}") as answer:
            ticket = await answer.json()
        assert (ticket["channel"], ticket["kind"], ticket["wish"], ticket["calls"]) == (
            "letter",
            "complaint",
            "道歉",
            [],
        )
        (entry,) = [each for each in ticket["timeline"] if each["source"] == "intake"]
        assert (entry["by"], entry["details"]["reference"]) == ("8001", "来文 7")
        assert entry["details"]["received_at"] == "2026-11-20T01:00:00.000Z"
        async with supervisor.get("/api/tickets?channel=other") as answer:
            assert [each["number"] for each in (await answer.json())["items"]] == [made["ticket"]]


@pytest.mark.req("TKT-3", "CUS-4")
async def test_how_it_came_is_told_and_masked_for_who_has_not_got_it(house: House) -> None:
    telephone = await house.call()
    async with house.logged_in("8001") as agent, house.logged_in("8801") as supervisor:
        made = await register(agent, email="wang@example.cn", address="西湖区 1 号", reference="7")
        await house.projector.caught_up()
        path = f"/api/tickets/{made['ticket']}/arrival"
        async with agent.get(path) as seen_by_agent, supervisor.get(path) as seen_by_supervisor:
            masked, full = await seen_by_agent.json(), await seen_by_supervisor.json()
        assert (masked["email"], masked["address"], masked["masked"]) == ("w***@example.cn", "***", True)
        assert (full["email"], full["address"], full["masked"]) == ("wang@example.cn", "西湖区 1 号", False)
        assert full["recorded_by"] == "8001" and full["respond_by"] > full["received_at"]
        async with agent.get(f"/api/tickets/{telephone}/arrival") as answer:
            assert answer.status == 404


@pytest.mark.req("TKT-1")
async def test_the_store_is_away_and_nobody_loses_a_letter(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async with house.logged_in("8001") as agent:
        async with agent.get("/api/me") as answer:
            assert answer.status == 200

        def away(*_: object, **__: object) -> object:
            raise StoreAway("the disk is gone")

        with monkeypatch.context() as patched:
            patched.setattr(house.store.database, "_transaction", away)
            first = await register(agent)
            second = await register(agent)
        assert int(second["ticket"][-4:]) == int(first["ticket"][-4:]) + 1
        await house.projector.caught_up()
        async with agent.get(f"/api/tickets/{second['ticket']}") as answer:
            assert answer.status == 200


@pytest.mark.req("TKT-3")
async def test_what_cannot_be_kept_is_refused_by_name(house: House) -> None:
    wrong = {
        "category": {"category": "gardening"},
        "received_at": {"received_at": "2031-01-01T00:00:00Z"},
        "contact_number": {"contact_number": "138****5678"},
        "channel": {"channel": "telephone"},
        "matter": {"matter": ""},
    }
    async with house.logged_in("8001") as agent:
        for field, change in wrong.items():
            async with agent.post("/api/intake", json=LETTER | change) as answer:
                assert answer.status == 400, field
                assert (await answer.json())["errors"][0]["field"] == field
        async with agent.post("/api/intake", json=LETTER | {"contact_number": "8001/8002"}) as answer:
            assert "8001, 8002" in (await answer.json())["errors"][0]["message"]
        async with agent.post("/api/intake", json=LETTER | {"kind": "suggestion", "category": "discipline"}) as answer:
            assert (await answer.json())["errors"][0]["field"] == "category"
        async with agent.post("/api/intake", json=LETTER | {"matter": "a\x00b"}) as answer:
            assert await kind_of(answer) == "invalid"


async def form(nobody: aiohttp.ClientSession) -> dict[str, object]:
    async with nobody.get("/api/public/form") as answer:
        assert answer.status == 200, await answer.text()
        told = await answer.json()
    return {"token": told["token"], "kind": "complaint", "matter": "<script>alert(1)</script>", "contact": "？ 010"}


@pytest.mark.req("TKT-1")
async def test_anybody_may_write_and_hears_the_number_and_when_there_is_an_answer(house: House) -> None:
    async with house.browser() as nobody:
        wanted = await form(nobody)
        async with nobody.post("/api/public/tickets", json=wanted) as answer:
            assert answer.status == 201, await answer.text()
            made = await answer.json()
            assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    await house.projector.caught_up()
    ticket = await house.store.tickets.get(made["ticket"])
    assert ticket is not None
    assert (ticket.channel, ticket.matter, ticket.contact_number) == ("web", wanted["matter"], "？ 010")


async def test_the_form_is_closed_to_machines_floods_and_old_pages(house: House) -> None:
    async with house.browser() as nobody:
        wanted = await form(nobody)
        async with nobody.post("/api/public/tickets", json=wanted | {"website": "http://spam"}) as answer:
            assert await kind_of(answer) == "invalid"
        for token in ("1.abc", "1", "٣.x", str(wanted["token"]) + "0"):
            async with nobody.post("/api/public/tickets", json=wanted | {"token": token}) as answer:
                assert await kind_of(answer) == "form_expired"
        for number in range(4):
            headers = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9"}
            async with nobody.post("/api/public/tickets", json=await form(nobody), headers=headers) as answer:
                assert answer.status == (201 if number < 3 else 429)
        assert int(answer.headers["Retry-After"]) > 0
        async with nobody.post(
            "/api/public/tickets", json=wanted, headers={"X-Forwarded-For": "203.0.113.10"}
        ) as answer:
            assert answer.status == 201
        async with nobody.post("/api/public/tickets", data=b"x" * 70_000) as answer:
            assert answer.status in (413, 415)


@pytest.mark.req("OPS-7")
async def test_one_form_is_one_ticket_and_a_strangers_key_is_kept_nowhere(house: House) -> None:
    async with house.browser() as nobody:
        wanted, numbers = await form(nobody), set()
        for turn in range(3):
            headers = {"Idempotency-Key": f"key-{turn}"}
            async with nobody.post("/api/public/tickets", json=wanted, headers=headers) as answer:
                numbers.add((await answer.json())["ticket"])
        assert len(numbers) == 1, "sent three times, written once"
        async with nobody.post("/api/public/tickets", json=wanted | {"matter": "another"}) as answer:
            assert await kind_of(answer) == "form_expired"
    async with house.store.database.read() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM kept_request")).scalar() == 0


@pytest.mark.parametrize("web_form", [WebForm(enabled=True, least_fill_s=30), WebForm()], ids=["too fast", "off"])
async def test_too_fast_waits_and_off_is_not_there(house: House, web_form: WebForm) -> None:
    async with house.browser() as nobody:
        async with nobody.get("/api/public/form") as answer:
            assert answer.status == (200 if web_form.enabled else 404)
            token = (await answer.json()).get("token", "x")
        body = {"token": token, "kind": "complaint", "matter": "x"}
        async with nobody.post("/api/public/tickets", json=body) as answer:
            assert answer.status == (429 if web_form.enabled else 404)


# --- files ------------------------------------------------------------------------------------------------------------


def document(*parts: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for part in parts:
            archive.writestr(part, "x")
    return made.getvalue()


@pytest.mark.req("TKT-3", "CUS-4")
async def test_a_file_is_kept_under_our_name_and_handed_out_to_be_saved(house: House) -> None:
    async with house.logged_in("8001") as agent:
        number = (await register(agent))["ticket"]
        address = f"/api/tickets/{number}/attachments"
        name = "../../etc/现场 照片\u202e.exe"
        async with agent.post(address, params={"name": name}, data=PNG) as answer:
            assert answer.status == 201, await answer.text()
            file = await answer.json()
        assert (file["name"], file["media"]) == ("现场 照片.exe.png", "image/png")
        async with agent.post(address, params={"name": "again.png"}, data=PNG) as answer:
            assert (await answer.json())["id"] == file["id"]
        on_disk = [path for path in house.data.attachments.rglob("*") if path.is_file()]
        assert [path.name for path in on_disk] == [file["id"]]
        assert oct(on_disk[0].stat().st_mode)[-3:] == "600"
        async with agent.get(f"{address}/{file['id']}") as answer:
            assert await answer.read() == PNG
            assert answer.headers["Content-Disposition"].startswith("attachment;")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "sandbox" in answer.headers["Content-Security-Policy"]
        async with house.store.database.read() as connection:
            acts = (
                (await connection.exec_driver_sql("SELECT action FROM audit WHERE action <> 'logged_in' ORDER BY id"))
                .scalars()
                .all()
            )
        assert list(acts) == ["attached", "opened_file"]


@pytest.mark.parametrize("file", ["..%2F..%2Fsanxiang.db", "..", "%2e%2e%2fsystem.json", "0" * 32, "a.png", "%00"])
async def test_no_other_file_is_reached_by_any_name(house: House, file: str) -> None:
    async with house.logged_in("8001") as agent:
        number = (await register(agent))["ticket"]
        async with agent.post(f"/api/tickets/{number}/attachments?name=a.png", data=PNG) as answer:
            assert answer.status == 201
        async with agent.get(f"/api/tickets/{number}/attachments/{file}") as answer:
            assert answer.status in (400, 404)
            assert b"SQLite" not in await answer.read()


REFUSED = {
    "empty": b"",
    "program": b"MZ\x90\x00\x03",
    "archive": document("a.txt"),
    "macros": document("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
    "damaged": b"PK\x03\x04broken",
    "control": b"hello\x00world",
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
async def test_a_file_is_what_is_in_it(house: House, content: bytes) -> None:
    async with house.logged_in("8001") as agent:
        number = (await register(agent))["ticket"]
        async with agent.post(f"/api/tickets/{number}/attachments?name=a.pdf", data=content) as answer:
            assert await kind_of(answer) == "unsupported_file"
    assert not [path for path in house.data.attachments.rglob("*") if path.is_file()]


@pytest.mark.req("OPS-7")
async def test_nothing_is_registered_while_too_much_waits_for_the_disk(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house.logged_in("8001") as agent:
        monkeypatch.setattr(tickets_module, "MOST_WAITING", 0)
        async with agent.post("/api/intake", json=LETTER) as answer:
            assert (answer.status, await kind_of(answer)) == (503, "store_away")
        monkeypatch.undo()
        assert (await register(agent))["ticket"].endswith("-0001"), "no number was given away"


@pytest.mark.req("OPS-7")
async def test_no_file_is_attached_while_the_disk_is_short_and_all_else_goes_on(house: House) -> None:
    space, limit = house.services.space, house.services.space.rules.mail_mb * MEGABYTE
    async with house.logged_in("8001") as agent:
        number = (await register(agent))["ticket"]
        address = f"/api/tickets/{number}/attachments?name=a.png"
        for free in (limit - 1, int(1.25 * limit) - 1):  # not to and fro at the limit
            space.look(free)
            async with agent.post(address, data=PNG) as answer:
                assert (answer.status, await kind_of(answer)) == (507, "no_space")
            assert not [path for path in house.data.attachments.rglob("*") if path.is_file()]
            assert (await register(agent))["ticket"] != number, "what is said is written down all the same"
        space.look(2 * limit)
        async with agent.post(address, data=PNG) as answer:
            assert answer.status == 201, await answer.text()


async def test_limits_of_size_number_and_owner(house: House) -> None:
    theirs = await house.call(agent="8002")
    async with house.logged_in("8001") as agent:
        async with agent.get(f"/api/tickets/{theirs}/attachments") as answer:
            assert answer.status == 403
        number = (await register(agent))["ticket"]
        address = f"/api/tickets/{number}/attachments"

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(30):
                yield b"a" * 500_000

        for body in (io.BytesIO(b"a" * (10 * 1024 * 1024 + 1)), endless()):
            async with agent.post(f"{address}?name=big.txt", data=body) as answer:
                assert await kind_of(answer) == "too_large"
        for count in range(21):
            async with agent.post(f"{address}?name=n.txt", data=f"note {count}".encode()) as answer:
                assert answer.status == (201 if count < 20 else 409)
        async with agent.get(address) as answer:
            assert len((await answer.json())["items"]) == 20
    assert len([path for path in house.data.attachments.rglob("*") if path.is_file()]) == 20


# --- once -------------------------------------------------------------------------------------------------------------


async def test_a_request_with_a_key_is_carried_out_once(house: House) -> None:
    key = {"Idempotency-Key": "letter-1"}
    async with house.logged_in("8001") as agent:

        async def send(matter: str = "一") -> tuple[int, dict[str, object], str | None]:
            async with agent.post("/api/intake", json=LETTER | {"matter": matter}, headers=key) as answer:
                return answer.status, await answer.json(), answer.headers.get("Idempotency-Replayed")

        answers = await asyncio.gather(*(send() for _ in range(8)))
        assert {status for status, _, _ in answers} == {201}
        assert len({json.dumps(body, sort_keys=True) for _, body, _ in answers}) == 1
        assert sum(replayed == "true" for _, _, replayed in answers) == 7
        status, body, _ = await send("二")
        assert (status, body["type"]) == (422, "urn:sanxiang:key_reused")
        await house.projector.caught_up()
        assert len((await house.store.tickets.list()).items) == 1
    async with house.logged_in("8002") as other, other.post("/api/intake", json=LETTER, headers=key) as answer:
        assert answer.headers.get("Idempotency-Replayed") is None and answer.status == 201


async def test_a_key_holds_over_a_restart_for_a_day_and_is_free_after_a_refusal(house: House) -> None:
    async with house.logged_in("8001") as agent:
        headers = {"Idempotency-Key": "k"}
        async with agent.post("/api/intake", json=LETTER | {"category": "none"}, headers=headers) as answer:
            assert answer.status == 400
        async with agent.post("/api/intake", json=LETTER, headers=headers) as answer:
            first = await answer.json()
        async with restarted(house) as again, again.post("/api/intake", json=LETTER, headers=headers) as answer:
            assert await answer.json() == first and answer.headers["Idempotency-Replayed"] == "true"
        async with house.store.database.write() as connection:
            await connection.exec_driver_sql("UPDATE kept_request SET status = NULL, answer = NULL")
        async with restarted(house) as again, again.post("/api/intake", json=LETTER, headers=headers) as answer:
            assert await kind_of(answer) == "conflict"
        await house.store.requests.forget(house.clock())
        async with restarted(house) as again, again.post("/api/intake", json=LETTER, headers=headers) as answer:
            assert (await answer.json())["ticket"] != first["ticket"]
        async with agent.post("/api/intake", json=LETTER, headers={"Idempotency-Key": "x y"}) as answer:
            assert answer.status == 400


@asynccontextmanager
async def restarted(house: House) -> AsyncIterator[aiohttp.ClientSession]:
    """The same store behind a new server, and 8001 logged in there."""
    async with (
        house.another_server() as origin,
        aiohttp.ClientSession(base_url=origin, headers={"Origin": origin}) as one,
    ):
        one._cookie_jar = aiohttp.CookieJar(unsafe=True)
        async with one.post("/api/login", json={"name": "8001", "password": password_of("8001")}) as answer:
            assert answer.status == 200
        yield one

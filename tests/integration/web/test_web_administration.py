"""What administrators see and set: the audit trail, subscriptions to news; and `sanxiang audit verify`. CUS-4"""

import asyncio
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from app.channels.attachments import AttachmentFiles
from app.cli import app
from app.data_protection.retention import remove_old_files, remove_stray_files
from config.ids import AgentId
from config.service.channels import Channels, WebHooks
from crm.tickets.model import TicketForm, TicketStep
from tests.integration.web.conftest import House, kind_of


@pytest.fixture
def site_changes() -> dict[str, object]:
    return {"channels": Channels(web_hooks=WebHooks(allowed=("https://crm.example.cn",)))}


async def letter(house: House) -> str:
    async with (
        house.logged_in("8001") as agent,
        agent.post("/api/intake", json={"channel": "letter", "matter": "x"}) as answer,
    ):
        number = str((await answer.json())["ticket"])
    await house.projector.caught_up()
    return number


@pytest.mark.req("CUS-4")
async def test_the_trail_is_read_by_administrators_alone_and_filtered(house: House) -> None:
    number = await letter(house)
    for person, change in (("8001", {"matter": "y"}), ("8801", {"wish": "z"})):
        async with house.logged_in(person) as one:
            async with one.get(f"/api/tickets/{number}") as answer:
                version = (await answer.json())["version"]
            async with one.patch(f"/api/tickets/{number}", json={"version": version} | change) as answer:
                assert answer.status == 200
            async with one.get("/api/audit") as answer:
                assert answer.status == 403
    async with house.logged_in("8901") as administrator:
        async with administrator.get("/api/audit", params={"subject": f"ticket {number}", "limit": 1}) as answer:
            page = await answer.json()
        (newest,) = page["items"]
        assert (newest["by"], newest["action"], newest["details"]) == ("8801", "changed", {"fields": "wish"})
        async with administrator.get(
            "/api/audit", params={"by": "8001", "action": "changed", "after": page["next"]}
        ) as answer:
            assert [each["subject"] for each in (await answer.json())["items"]] == [f"ticket {number}"]
        async with administrator.get("/api/audit", params={"after": "nonsense"}) as answer:
            assert await kind_of(answer) == "invalid"


@pytest.mark.req("CUS-4")
async def test_the_command_says_whether_the_trail_is_as_it_was_written(house: House, tmp_path: Path) -> None:
    number = await letter(house)
    for text in ("a", "b", "c"):
        detail = await house.store.tickets.get(number)
        assert detail is not None
        await house.store.tickets.save_form(number, TicketForm(matter=text), by=AgentId("8001"), version=detail.version)
    copy = tmp_path / "copy"
    copy.mkdir()
    with sqlite3.connect(house.data.root / "sanxiang.db") as connection:
        connection.execute(f"VACUUM INTO '{copy / 'sanxiang.db'}'")
    connection.close()

    async def verify(data: Path, *options: str, key: Path = house.audit_key) -> Result:
        given = ["audit", "verify", "--data", str(data), "--audit-key", str(key), *options]
        return await asyncio.to_thread(CliRunner().invoke, app, given)

    alone = await verify(copy)
    assert alone.exit_code == 3 and "4 rows" in alone.output, "the end cannot be judged"
    shutil.copy(house.data.audit_last, copy)
    sound = await verify(copy)
    assert sound.exit_code == 0, sound.output
    assert (await verify(copy, key=tmp_path / "no.key")).exit_code == 2
    with sqlite3.connect(copy / "sanxiang.db") as connection:
        connection.execute("DROP TRIGGER audit_refuses_update")
        connection.execute("UPDATE audit SET subject = 'ticket 1' WHERE serial = 2")
    connection.close()
    broken = await verify(copy)
    assert broken.exit_code == 1 and " 2: this row" in broken.output and "1 broken" in broken.output
    (copy / "audit-heads.log").write_text("2026-01-01 7 " + "a" * 64 + "\n")
    missing = await verify(copy, "--day", "2026-01-01")
    assert missing.exit_code == 1 and "whole day is missing" in missing.output
    assert (await verify(tmp_path / "none")).exit_code == 2
    assert (await verify(copy, "--day", "soon")).exit_code == 2
    shutil.rmtree(copy)


@pytest.mark.req("ACC-5")
async def test_a_new_key_is_added_by_a_command(house: House) -> None:
    before = house.audit_key.read_text(encoding="ascii")
    given = ["audit", "rotate-key", "--audit-key", str(house.audit_key)]
    done = await asyncio.to_thread(CliRunner().invoke, app, given)
    assert done.exit_code == 0, done.output
    after = house.audit_key.read_text(encoding="ascii")
    assert after.startswith(before) and len(after.splitlines()) == len(before.splitlines()) + 1
    house.audit_key.chmod(0o644)
    assert (await asyncio.to_thread(CliRunner().invoke, app, given)).exit_code == 1


async def test_subscriptions_are_made_changed_tried_and_ended(house: House) -> None:
    async with house.logged_in("8901") as administrator:
        new = {"url": "https://crm.example.cn/hook", "events": ["ticket.*"]}
        for wrong in ({"url": "http://169.254.169.254/x"}, {"events": ["everything"]}, {"events": []}):
            async with administrator.post("/api/webhooks", json=new | wrong) as answer:
                assert await kind_of(answer) == "invalid"
        async with administrator.post("/api/webhooks", json=new) as answer:
            assert answer.status == 201
            hook = await answer.json()
        assert len(hook["secret"]) >= 32
        address = f"/api/webhooks/{hook['id']}"
        async with administrator.post(f"{address}/ping", json={}) as answer:
            assert (await answer.json())["waiting"] == 1
        async with administrator.get(f"{address}/deliveries") as answer:
            (sent,) = (await answer.json())["items"]
        assert sent["payload"]["event"] == sent["event"] == "webhook.ping" and sent["done_at"] is None
        async with administrator.patch(address, json={"version": 1, "active": False, "new_secret": True}) as answer:
            changed = await answer.json()
        assert changed["active"] is False and changed["secret"] not in (None, hook["secret"])
        async with administrator.patch(address, json={"version": 1, "active": True}) as answer:
            assert await kind_of(answer) == "stale"
            assert (await answer.json())["current"]["version"] == 2
        async with administrator.get("/api/webhooks") as answer:
            listed = await answer.json()
        assert listed["allowed"] == ["https://crm.example.cn"] and listed["items"][0]["secret"] is None
        async with administrator.delete(address) as answer:
            assert answer.status == 204 and await answer.read() == b""
        async with administrator.delete(address) as answer:
            assert answer.status == 404
        acts = {row.action for row in (await house.store.audit.list()).items}
        assert acts == {"logged_in", "created", "changed", "removed"}


@pytest.mark.req("CUS-4")
async def test_files_of_tickets_long_closed_go_and_strays_with_them(house: House) -> None:
    number = await letter(house)
    async with house.logged_in("8001") as agent:
        for words in ("one", "two"):
            async with agent.post(f"/api/tickets/{number}/attachments?name=a.txt", data=words.encode()) as answer:
                assert answer.status == 201
    files = AttachmentFiles(house.data.attachments)
    stray = files.keep("stray.txt", b"nobody's", "text/plain")
    now = house.clock()
    house.clock.advance(timedelta(days=40))
    assert await remove_stray_files(house.store, files, now) == 0
    assert await remove_stray_files(house.store, files, house.clock()) == 1
    assert not files.path(stray.id).exists()
    assert await remove_old_files(house.store, files, 30, house.clock()) == 0, "the ticket is open"
    await house.store.tickets.save_form(number, TicketForm(), by=AgentId("8801"), version=1, step=TicketStep.CLOSE)
    assert await remove_old_files(house.store, files, 30, house.clock()) == 2
    assert not [path for path in house.data.attachments.rglob("*") if path.is_file()]
    async with house.logged_in("8801") as supervisor:
        async with supervisor.get(f"/api/tickets/{number}/attachments") as answer:
            listed = (await answer.json())["items"]
        assert [each["available"] for each in listed] == [False, False]
        async with supervisor.get(f"/api/tickets/{number}/attachments/{listed[0]['id']}") as answer:
            assert await kind_of(answer) == "gone"

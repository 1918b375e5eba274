"""Customers over HTTP: cards, who may see what, duplicates, files, removal. CUS-1, CUS-3, CUS-4, CPL-10."""

import csv
import io
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from app.data_protection.privacy import keep_limits
from config.service.privacy import Privacy
from crm.db.schema.audit import audit
from tests.integration.web.conftest import House, kind_of, write_sound

MERCHANT = {"kind": "merchant", "name": "杭州百味餐饮有限公司", "shop_name": "百味轩", "unit": "305", "floor": "3"}


async def made(client: aiohttp.ClientSession, **card: object) -> dict[str, Any]:
    async with client.post("/api/customers", json=card) as answer:
        assert answer.status == 201, await answer.text()
        return dict(await answer.json())


async def given(client: aiohttp.ClientSession, method: str, path: str, **body: object) -> tuple[int, Any]:
    async with client.request(method, path, json=body if method != "GET" else None) as answer:
        text = await answer.text()
        return answer.status, await answer.json() if text else None


def form(data: bytes, name: str = "客户.csv") -> aiohttp.FormData:
    fields = aiohttp.FormData()
    fields.add_field("file", io.BytesIO(data), filename=name, content_type="text/csv")
    return fields


@pytest.mark.req("CUS-1", "CPL-10")
async def test_a_merchants_card_and_what_is_wrong_with_one(house: House) -> None:
    async with house.logged_in("8001") as agent:
        card = await made(agent, **MERCHANT, numbers=[{"number": "0571-88886666转12", "use": "shop"}, "13812345678"])
        assert (card["kind"], card["shop_name"], card["numbers_masked"]) == ("merchant", "百味轩", True)
        assert [(each["use"], each["extension"], each["kind"]) for each in card["contacts"]] == [
            ("shop", "12", "landline"),
            ("", "", "mobile"),
        ]
        for wrong, field in (
            ({"kind": "merchant", "name": "甲"}, "shop_name"),
            ({"name": "甲", "unit": "3"}, "unit"),
            ({"name": "甲", "key_customer": True, "looked_after_by": "9999"}, "looked_after_by"),
            ({"name": "甲", "looked_after_by": "8001"}, "looked_after_by"),
            ({"name": "甲", "numbers": ["138****5678"]}, "numbers"),
        ):
            status, problem = await given(agent, "POST", "/api/customers", **wrong)
            assert (status, problem["errors"][0]["field"]) == (400, field)
        status, problem = await given(agent, "POST", "/api/customers", name="乙", numbers=["13812345678"])
        assert (status, problem["taken"]["customer"]) == (409, card["id"])
        other = await made(agent, name="乙")
        wish = {"number": "+86 13812345678", "version": 1, "use": "mobile"}
        assert (await given(agent, "POST", f"/api/customers/{other['id']}/numbers", **wish))[0] == 403
        async with house.logged_in("8801") as supervisor:
            status, moved = await given(supervisor, "POST", f"/api/customers/{other['id']}/numbers", **wish)
        assert (status, moved["numbers"], moved["version"]) == (200, ["13812345678"], 2)
        status, history = await given(agent, "GET", f"/api/customers/{other['id']}/history")
        assert (history["items"][0]["field"], history["items"][0]["new"]) == ("moved_number", "138****5678")
        status, found = await given(agent, "GET", "/api/customers?kind=merchant&q=百味")
        assert [each["id"] for each in found["items"]] == [card["id"]]


@pytest.mark.req("CUS-4")
async def test_a_number_is_revealed_for_the_case_with_a_reason_and_on_record(house: House) -> None:
    own, foreign = await house.call(agent="8001"), await house.call(ani="13900000000", agent="8002")
    async with house.logged_in("8001") as agent, house.logged_in("8901") as administrator:
        async with house.logged_in("8801") as supervisor:
            card = await made(supervisor, name="王芳", numbers=["13812345678"])
        path = f"/api/customers/{card['id']}"
        assert (await given(agent, "GET", path))[1]["numbers"] == ["138****5678"]
        for wish, status in (
            ({"reason": "核对号码"}, 403),
            ({"reason": "核对号码", "ticket": foreign}, 400),
            ({"reason": "", "ticket": own}, 400),
            ({"ticket": own}, 400),
        ):
            assert (await given(agent, "POST", f"{path}/reveal", **wish))[0] == status
        status, shown = await given(agent, "POST", f"{path}/reveal", reason="核对号码", ticket=own)
        assert (status, shown["numbers"], shown["numbers_masked"]) == (200, ["13812345678"], False)
        assert (await given(agent, "GET", path))[1]["numbers"] == ["138****5678"]
        status, seen = await given(administrator, "GET", f"/api/customers/accesses?customer={card['id']}")
        assert [(each["by"], each["what"], each["reason"], each["ticket"]) for each in seen["items"]] == [
            ("8001", "opened", "", None),
            ("8001", "revealed", "核对号码", own),
            ("8001", "opened", "", None),
        ]
    async with house.store.database.read() as connection:
        rows = [(row.action, row.subject, row.by) for row in await connection.execute(select(audit))]
    assert ("customer_revealed", f"customer {card['id']}", "8001") in rows


@pytest.mark.req("CUS-1")
async def test_a_pair_is_proposed_and_merged_and_the_old_card_leads_on(house: House) -> None:
    async with house.logged_in("8801") as supervisor, house.logged_in("8001") as agent:
        one = await made(supervisor, name="王建国", employer="设计院", numbers=["13812345678"])
        two = await made(supervisor, name="王建国", employer="设计院", numbers=["13900000000"], notes="周末")
        status, found = await given(supervisor, "GET", "/api/customers/duplicates")
        assert [(each["score"], each["reasons"]) for each in found["items"]] == [(70, ["same_name", "same_employer"])]
        wish = {"version": 1, "other": int(two["id"]), "other_version": 1, "take": ["notes"]}
        path = f"/api/customers/{one['id']}/merge"
        assert (await given(agent, "POST", path, **wish))[0] == 403
        assert (await given(supervisor, "POST", path, **wish | {"take": ["id"]}))[0] == 400
        assert (await given(supervisor, "POST", path, **wish | {"other_version": 7}))[0] == 409
        status, merged = await given(supervisor, "POST", path, **wish)
        assert (status, merged["customer"]["notes"], merged["customer"]["version"]) == (200, "周末", 2)
        assert merged["customer"]["numbers"] == ["13812345678", "13900000000"]
        assert (await given(agent, "GET", f"/api/customers/{two['id']}"))[1]["merged_into"] == one["id"]
        status, problem = await given(supervisor, "PATCH", f"/api/customers/{two['id']}", version=2, notes="x")
        assert (status, "change that one" in problem["detail"]) == (409, True)
        three = await made(supervisor, name="王建国", employer="设计院")
        pair = {"one": int(one["id"]), "other": int(three["id"])}
        assert (await given(supervisor, "POST", "/api/customers/duplicates/apart", **pair))[0] == 204
        assert (await given(supervisor, "GET", "/api/customers/duplicates"))[1]["items"] == []
        assert (await given(supervisor, "POST", "/api/customers/duplicates/apart", one=1, other=999))[0] == 404


@pytest.mark.req("CUS-1", "CUS-4")
async def test_a_file_is_previewed_confirmed_and_exported(house: House) -> None:
    text = "姓名,电话,单位,生肖\n王芳,13812345678,'=HYPERLINK(1),虎\n李强,1390000,,\n赵六,057188886666,,\n"
    async with house.logged_in("8801") as supervisor, house.logged_in("8001") as agent:
        known = await made(supervisor, name="赵", numbers=["88886666"])
        async with agent.post("/api/customers/imports", data=form(text.encode())) as answer:
            assert answer.status == 403
        async with supervisor.post("/api/customers/imports", data=form(text.encode("gb18030"))) as answer:
            assert answer.status == 201, await answer.text()
            preview = await answer.json()
        assert (preview["ready"], preview["faulty"], preview["existing"], preview["unknown"]) == (2, 1, 1, ["生肖"])
        assert preview["how"]["encoding"] == "gb18030"
        assert preview["rows"][0]["changes"] == [
            {
                "column": "单位",
                "code": "apostrophe",
                "before": "'=HYPERLINK(1)",
                "after": "=HYPERLINK(1)",
                "cell": "C2",
            }
        ]
        assert {"column": "电话", "value": "13812345678"} in preview["rows"][0]["stored"]
        assert [(row["row"], row["existing"], [f["code"] for f in row["faults"]]) for row in preview["rows"]] == [
            (2, None, []),
            (3, None, ["bad_number"]),
            (4, known["id"], []),
        ]
        path = f"/api/customers/imports/{preview['token']}"
        async with house.program() as program:
            assert (await given(program, "GET", path))[0] == 404
        for _ in range(2):
            status, done = await given(supervisor, "POST", f"{path}/confirm", on_existing="update")
            assert (status, done["ready"], done["written"], done["updated"]) == (200, 0, 1, 1)
        assert (await given(supervisor, "GET", path))[1]["written"] == 1
        assert len((await given(supervisor, "GET", "/api/customers"))[1]["items"]) == 2
        wish = {"format": "csv", "reason": "年度回访"}
        async with agent.post("/api/customers/export", json=wish) as answer:
            assert answer.status == 403
        async with supervisor.post("/api/customers/export", json=wish) as answer:
            assert (answer.status, answer.content_type) == (200, "text/csv")
            assert "attachment" in answer.headers["Content-Disposition"]
            rows = list(csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig"))))
        assert "'=HYPERLINK(1)" in rows[2] and "13812345678" in rows[2]
        async with supervisor.post("/api/customers/export", json=wish | {"format": "xlsx", "q": "王芳"}) as answer:
            sheet = load_workbook(io.BytesIO(await answer.read())).active
        assert sheet is not None and sheet.max_row == 2
        assert {cell.data_type for cell in sheet[2] if cell.value is not None} == {"s"}
    async with house.store.database.read() as connection:
        rows_ = await connection.execute(select(audit.c.details).where(audit.c.action == "customers_exported"))
        assert list(rows_.scalars()) == [
            '{"count":2,"format":"csv","reason":"年度回访"}',
            '{"count":1,"format":"xlsx","reason":"年度回访"}',
        ]


@pytest.mark.req("CUS-4")
async def test_what_cannot_be_imported_says_what_to_do(house: House) -> None:
    async with house.logged_in("8801") as supervisor:
        for data, status in ((b"\xff\xff\xff\xff", 400), (b"", 400), (b"x" * (5 * 1024 * 1024 + 1), 413)):
            async with supervisor.post("/api/customers/imports", data=form(data)) as answer:
                assert answer.status == status, await answer.text()
        async with supervisor.post("/api/customers/imports", data=form("电话\n13812345678".encode())) as answer:
            heading = await answer.json()
        assert (heading["token"], heading["faults"][0]["code"]) == (None, "column_missing")
        headers = {"Content-Type": "multipart/form-data"}
        async with supervisor.post("/api/customers/imports", data=b"x", headers=headers) as answer:
            assert (answer.status, await kind_of(answer)) == (400, "invalid")
        async with supervisor.get("/api/customers/imports/template?format=csv&language=en") as answer:
            template = await answer.read()
        async with supervisor.post("/api/customers/imports", data=form(template)) as answer:
            assert (await answer.json())["ready"] == 1


@pytest.mark.req("CUS-4")
async def test_a_person_is_removed_with_the_sound_and_only_the_certificate_tells(house: House) -> None:
    ticket = await house.call(agent="8001", recording="talk.wav")
    write_sound(house.data.recordings / "talk.wav")
    async with house.logged_in("8901") as administrator, house.logged_in("8801") as supervisor:
        card = await made(supervisor, name="王芳", numbers=["13812345678"])
        path = f"/api/customers/{card['id']}/remove"
        wish = {"version": 1, "asked_by": "self", "reason": "本人来信要求", "confirm": "王芳"}
        assert (await given(supervisor, "POST", path, **wish))[0] == 403
        assert (await given(administrator, "POST", path, **wish | {"confirm": "李"}))[0] == 400
        assert (house.data.recordings / "talk.wav").exists()
        status, certificate = await given(administrator, "POST", path, **wish)
        assert (status, certificate["asked_by"], certificate["counts"]["customer"]) == (200, "self", 1)
        assert not (house.data.recordings / "talk.wav").exists()
        assert (await given(administrator, "POST", path, **wish))[0] == 404
        status, listed = await given(administrator, "GET", "/api/customers/removals")
        assert listed["items"] == [certificate]
        status, left = await given(supervisor, "GET", f"/api/tickets/{ticket}")
        assert (left["customer"], left["ani"], left["recordings"][0]["available"]) == (
            None,
            certificate["pseudonym"],
            False,
        )
        assert "13812345678" not in str(left)


@pytest.mark.req("CUS-4")
async def test_the_hourly_job_keeps_the_sites_limits(house: House) -> None:
    await house.call(agent="8001", recording="talk.wav")
    write_sound(house.data.recordings / "talk.wav")
    async with house.logged_in("8801") as supervisor:
        quiet = await made(supervisor, name="静", numbers=["13900000000"])
        await made(supervisor, name="王芳", numbers=["13812345678"])
    limits = Privacy(customer_quiet_days=400, change_history_days=400)
    assert await keep_limits(house.store, house.data, limits) == 0
    house.clock.advance(timedelta(days=401))
    assert await keep_limits(house.store, house.data, Privacy()) == 0
    assert await keep_limits(house.store, house.data, limits) == 1
    (certificate,) = await house.store.removals.list()
    assert (certificate.customer_id, certificate.asked_by, certificate.by) == (int(quiet["id"]), "retention", "system")
    assert [each.name for each in (await house.store.customers.list()).items] == ["王芳"]
    assert await house.store.customers.history(2) == ()

"""Customers in the browser: list and card, numbers, reveal, duplicates merged, a file imported, a person removed."""

import csv
from pathlib import Path

import pytest
from playwright.async_api import expect

from crm.customers.model import Customer, CustomerKind, CustomerNumber
from tests.browser.conftest import OpenPage
from tests.browser.hall import Hall
from tests.browser.pictures import picture


async def made(hall: Hall, name: str, *numbers: str, **fields: object) -> Customer:
    card = Customer(name=name, numbers=tuple(CustomerNumber(raw=number) for number in numbers), **fields)  # type: ignore[arg-type]
    return await hall.store.customers.save(card, by="8001")


async def a_call(hall: Hall, ani: str, agent: str) -> str:
    ticket = await hall.arrive("c1", ani)
    await hall.talk(agent, "c1", ticket)
    await hall.hang_up(agent, "c1", ticket)
    return ticket


@pytest.mark.req("CUS-1", "CUS-4", "CPL-10")
async def test_a_merchant_is_found_revealed_for_the_case_and_changed(hall: Hall, open_page: OpenPage) -> None:
    await made(hall, "王建国", "13900000000", key_customer=True, looked_after_by="8002", employer="市建筑设计院")
    shop = {"kind": CustomerKind.MERCHANT, "shop_name": "百味轩", "unit": "305", "floor": "3", "contact_person": "陈静"}
    merchant = await made(hall, "杭州百味餐饮有限公司", "13812345678", **shop)
    ticket = await a_call(hall, "13812345678", "8001")
    page = await open_page("8001", "/customers")
    await expect(page.get_by_test_id("customer-row")).to_have_count(2)
    await expect(page.get_by_text("138****5678")).to_be_visible()
    await picture(page, "list-zh")
    await page.get_by_test_id("only-key").check()
    await expect(page.get_by_test_id("customer-row")).to_have_count(1)
    await expect(page.get_by_test_id("customer-row")).to_contain_text("王建国")
    await page.get_by_test_id("only-key").uncheck()
    await page.get_by_test_id("customer-search").fill("百味轩")
    await expect(page.get_by_test_id("customer-row")).to_have_count(1)
    await page.get_by_role("link", name="杭州百味餐饮有限公司").click()
    await expect(page.get_by_test_id("customer-form")).to_contain_text("合同联系人")
    await expect(page.get_by_test_id("contact")).to_contain_text("来电111")
    await page.get_by_test_id("reveal").click()
    await page.get_by_test_id("reveal-reason").fill("回电核实")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("number")).to_have_value("13812345678")
    page = await open_page("8801", f"/customers/{merchant.id}")
    await page.get_by_test_id("add-number").click()
    await page.get_by_test_id("number").last.fill("13900000000")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_test_id("customer-problem")).to_contain_text("号码 13900000000 在另一张卡片上")
    await page.get_by_test_id("move-number").click()
    await page.get_by_role("button", name="确定").click()
    await expect(page.get_by_test_id("history")).to_contain_text("号码转移")
    await picture(page, "card-zh")
    saved = await hall.store.customers.get(merchant.id)
    assert saved is not None and [each.normalised for each in saved.numbers] == ["13812345678", "13900000000"]
    log = (await hall.store.accesses.list(customer_id=merchant.id)).items
    assert ("revealed", "回电核实", ticket) in {(each.what, each.reason, each.ticket) for each in log}


@pytest.mark.req("CUS-1")
async def test_duplicates_are_merged_field_by_field(hall: Hall, open_page: OpenPage) -> None:
    one = await made(hall, "王建国", "13812345678", employer="市建筑设计院")
    two = await made(hall, "王建国", "13900000000", employer="市建筑设计院", notes="每月带团参观", post="副院长")
    await made(hall, "李强", "13911111111", employer="省博物馆")
    page = await open_page("8801", "/customers/duplicates")
    await expect(page.get_by_test_id("pair")).to_contain_text("70 分姓名相同单位相同")
    await picture(page, "duplicates-zh")
    await page.get_by_test_id("merge").click()
    await expect(page.get_by_test_id("notes-other")).to_be_checked()
    await page.get_by_test_id("post-one").check()
    await picture(page, "merge-zh")
    await page.get_by_test_id("merge-submit").click()
    await expect(page.get_by_text("没有疑似重复的卡片")).to_be_visible()
    merged = await hall.store.customers.get(one.id)
    assert merged is not None
    assert (merged.notes, merged.post, len(merged.numbers)) == ("每月带团参观", "", 2)
    await page.goto(f"{hall.url}/customers/{two.id}")
    await page.get_by_role("link", name="打开合并后的卡片").click()
    await expect(page).to_have_url(f"{hall.url}/customers/{one.id}")


@pytest.mark.req("CUS-1", "CUS-4")
async def test_a_file_is_looked_at_before_it_is_written(hall: Hall, open_page: OpenPage, tmp_path: Path) -> None:
    await made(hall, "王芳", "13812345678")
    file = tmp_path / "客户名单.csv"
    rows = [
        ["姓名", "电话", "类型", "生肖"],
        ["王芳", "+86 138 1234 5678", ""],
        ["李强", "1381234", "老板"],
        ["赵六", "13900000001"],
    ]
    with file.open("w", encoding="gb18030", newline="") as out:
        csv.writer(out).writerows(rows)
    page = await open_page("8801", "/customers/import")
    await page.get_by_test_id("import-file").set_input_files(file)
    preview = page.get_by_test_id("import-preview")
    await expect(preview.get_by_test_id("import-row")).to_have_count(3)
    await expect(preview).to_contain_text("不是完整的电话号码")
    await expect(preview).to_contain_text("生肖")
    await expect(page.get_by_test_id("import-encoding")).to_have_value("gb18030")
    await expect(preview.get_by_test_id("import-change")).to_contain_text(["+86 138 1234 5678 → 13812345678"])
    await page.get_by_test_id("import-show").get_by_text("全部").click()
    await expect(preview.get_by_test_id("import-stored").last).to_contain_text("姓名 赵六")
    assert len((await hall.store.customers.list()).items) == 1
    await picture(page, "import-zh")
    await page.get_by_test_id("import-confirm").click()
    await expect(page.get_by_test_id("import-done")).to_be_visible()
    assert [card.name for card in (await hall.store.customers.list()).items] == ["赵六", "王芳"]
    async with page.expect_download() as started:
        await page.get_by_test_id("tab-list").click()
        await page.get_by_test_id("export").click()
        await page.get_by_test_id("export-reason").fill("年度回访名单")
        await page.keyboard.press("Enter")
    assert (await started.value).suggested_filename.endswith(".xlsx")


@pytest.mark.req("CUS-4")
async def test_a_person_is_removed_and_the_certificate_and_the_log_stay(hall: Hall, open_page: OpenPage) -> None:
    card = await made(hall, "王芳", "13812345678")
    ticket = await a_call(hall, "13812345678", "8001")
    page = await open_page("8901", f"/customers/{card.id}")
    await page.evaluate("localStorage.setItem('sanxiang.locale', 'en')")
    await page.reload()
    await expect(page.get_by_test_id("customer-form")).to_contain_text("Telephone numbers")
    await picture(page, "card-en")
    await page.get_by_test_id("remove").click()
    await expect(page.get_by_test_id("remove-submit")).to_be_disabled()
    await page.get_by_test_id("remove-reason").fill("letter no. 2026-17")
    await page.get_by_test_id("remove-confirm").fill("王芳")
    await picture(page, "remove-en")
    await page.get_by_test_id("remove-submit").click()
    await expect(page.get_by_test_id("removal")).to_contain_text("letter no. 2026-17")
    await expect(page.get_by_test_id("access").first).to_contain_text("opened the card")
    await picture(page, "privacy-en")
    left = await hall.store.tickets.get(ticket)
    assert left is not None and "13812345678" not in str(left)
    await page.goto(f"{hall.url}/customers/{card.id}")
    await expect(page.get_by_text("No such customer")).to_be_visible()

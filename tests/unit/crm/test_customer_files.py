"""Strangers' files are read within bounds and named row by row; ours are harmless in a spreadsheet. CUS-1, CUS-4."""

import io
import zipfile

import pytest
from openpyxl import Workbook, load_workbook

from crm.customers.columns import COLUMNS, card_row, read_card, read_heading
from crm.customers.imports import known_already, plan_import, updated
from crm.customers.model import Customer, CustomerKind, CustomerNumber
from crm.customers.sheets import write_csv, write_xlsx
from crm.errors import BadFile
from crm.parsing.tables.model import MAX_BYTES, TableRead
from crm.parsing.tables.reading import MAX_ROWS, read_table

HEADING = ["姓名", "电话", "单位", "类型", "店铺名称", "重点客户", "负责人工号"]


def xlsx(rows: list[list[object]]) -> bytes:
    book = Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def plan(*rows: list[str], heading: list[str] = HEADING):
    return plan_import(TableRead(rows=[heading, *rows]), "0571", {"8001", "8002"})


@pytest.mark.req("CUS-1")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_text_file_is_read_in_every_encoding_that_a_spreadsheet_writes(encoding: str, delimiter: str) -> None:
    text = f'姓名{delimiter}电话\r\n"王{delimiter}芳"{delimiter}13812345678\r\n\r\n李强{delimiter}\r\n'
    assert read_table(text.encode(encoding)).rows == [
        ["姓名", "电话"],
        [f"王{delimiter}芳", "13812345678"],
        [],
        ["李强"],
    ]


@pytest.mark.req("CUS-1")
def test_a_workbook_is_read_with_numbers_as_they_are_and_a_formula_without_value_is_a_fault() -> None:
    data = xlsx([["姓名", "电话"], ["王芳", 13812345678], ["=1+1", 57188886666.0], ["李强", None]])
    read = read_table(data)
    assert read.rows == [["姓名", "电话"], ["王芳", "13812345678"], ["=1+1", "57188886666"], ["李强"]]
    assert [(fault.row, fault.column, fault.code) for fault in read.faults] == [(3, 1, "no_value")]


@pytest.mark.req("CUS-4")
@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"\r\n,,\r\n", "empty"),
        (b"a" * (MAX_BYTES + 1), "split"),
        (b"\xd0\xcf\x11\xe0 old", ".xlsx"),
        (b"\xff\xfea", "UTF-16-LE"),
        (b"name\n\xff\xff\xff", "UTF-8"),
        (b"name\x00,b", "no text"),
        (b'name\n"open', "CSV"),
        (b"name\n" + b"x\n" * (MAX_ROWS + 1), "rows"),
        (b"name\n" + b"x," * 80 + b"x", "columns"),
        (b"<html><table>", "web page"),
        (b"PK\x03\x04 not a zip", "spreadsheet"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(data: bytes, says: str) -> None:
    with pytest.raises(BadFile, match=says):
        read_table(data)


def repacked(data: bytes, name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, content if info.filename == name else old.read(info))
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
NAMESPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


@pytest.mark.req("CUS-4")
def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    sound = xlsx([["姓名"], ["王芳"]])
    bomb = repacked(sound, SHEET, b"<worksheet>" + b" " * 60_000_000)
    assert len(bomb) < 100_000
    with pytest.raises(BadFile, match="larger"):
        read_table(bomb)
    entities = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet/>'
    with pytest.raises(BadFile, match="no spreadsheet"):
        read_table(repacked(sound, SHEET, entities))
    with pytest.raises(BadFile, match="save it again"):
        read_table(repacked(sound, SHEET, b"<worksheet><sheetData><row>"))
    ahead = bytearray(sound)
    end = ahead.rindex(b"PK\x05\x06")
    ahead[end + 12 : end + 20] = b"\xff\xff\xff\x7f" * 2  # a directory that begins before the file does
    with pytest.raises(BadFile, match="save it again"):
        read_table(bytes(ahead))
    with pytest.raises(BadFile, match="first sheet"):
        read_table(repacked(sound, "xl/workbook.xml", b"<nothing/>"))


@pytest.mark.req("CUS-4")
def test_a_sheet_that_lies_about_its_size_costs_nothing() -> None:
    lying = (
        b"<worksheet " + NAMESPACE + b'><dimension ref="A1:XFD1048576"/><sheetData>'
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>name</t></is></c></row></sheetData></worksheet>'
    )
    assert read_table(repacked(xlsx([["x"]]), SHEET, lying)).rows == [["name"]]
    far = lying.replace(b'r="1"><c r="A1"', b'r="1000000"><c r="A1000000"')
    with pytest.raises(BadFile, match="rows"):
        read_table(repacked(xlsx([["x"]]), SHEET, far))


LIVE = ["=HYPERLINK(1)", "+8613812345678", "-1", "@SUM(1)", "\tx", "\rx"]


@pytest.mark.req("CUS-4")
@pytest.mark.parametrize("text", LIVE)
def test_nothing_that_we_write_is_carried_out_by_a_spreadsheet(text: str) -> None:
    raw = write_csv([[text, "057188886666"]]).decode("utf-8-sig")
    assert raw.lstrip('"').startswith("'")
    sheet = load_workbook(io.BytesIO(write_xlsx("客户", [[text, "057188886666"]]))).active
    assert sheet is not None
    cell, number = sheet["A1"], sheet["B1"]
    assert (cell.data_type, number.data_type, number.value, number.number_format) == ("s", "s", "057188886666", "@")


@pytest.mark.req("CUS-4")
def test_what_an_export_writes_an_import_reads() -> None:
    card = Customer(
        name="=王芳",
        employer="设计院",
        key_customer=True,
        looked_after_by="8001",
        numbers=(CustomerNumber(raw="+86 571 88886666", extension="12"), CustomerNumber(raw="13812345678")),
    )
    heading = [column.zh for column in COLUMNS]
    for data in (write_csv([heading, card_row(card)]), write_xlsx("客户", [heading, card_row(card)])):
        made = plan_import(read_table(data), "0571", {"8001"})
        assert [row.faults for row in made.rows] == [()]
        (row,) = made.rows
        assert row.card is not None
        assert (row.card.name, row.card.employer, row.card.looked_after_by) == ("=王芳", "设计院", "8001")
        assert [number.raw for number in row.card.numbers] == ["+86 571 88886666转12", "13812345678"]


@pytest.mark.req("CUS-1")
def test_every_bad_cell_is_named_with_row_and_column() -> None:
    made = plan(
        ["王芳", "1381234", "", "老板", "", "也许", ""],
        [""],
        ["", "13812345678"],
        ["百味", "", "", "商户"],
        ["李强", "13900000000", "设计院", "", "百味轩"],
        ["赵六", "", "", "", "", "否", "8002"],
        ["钱七", "", "", "", "", "是", "9999"],
        ["孙八", "+86 139-0000-1111"],
        ["周九", "13900001111"],
        ["吴" * 65],
    )
    found = {row.row: [(fault.column, fault.code) for fault in row.faults] for row in made.rows}
    assert found == {
        2: [("电话", "bad_number"), ("类型", "bad_kind"), ("重点客户", "bad_yes_no")],
        4: [("姓名", "empty_name")],
        5: [("店铺名称", "empty_shop")],
        6: [("店铺名称", "of_another_kind")],
        7: [("负责人工号", "not_key")],
        8: [("负责人工号", "unknown_colleague")],
        9: [],
        10: [("13900001111", "in_earlier_row")],
        11: [("姓名", "too_long")],
    }


def test_a_heading_is_understood_in_both_languages_and_what_is_not_is_named() -> None:
    heading = read_heading(["Name", "手机", "TYPE", "生肖", ""])
    assert [column.field for column in heading.columns.values()] == ["name", "number", "kind"]
    assert heading.unknown == ("生肖",)
    assert [fault.code for fault in plan(heading=["电话", "phone"]).faults] == ["column_twice", "column_missing"]
    read = read_card(["王芳"], heading, "0571", ())
    assert (read.card, read.faults) == (Customer(name="王芳"), ())


@pytest.mark.req("CUS-1")
def test_a_row_about_somebody_who_is_here_says_so_and_changes_only_what_it_says() -> None:
    made = plan(["王芳", "+8613812345678", "设计院"], ["李强", "", "设计院"], ["赵六", "13900000001"])
    owners = {"13812345678": 7, "设计院\t李强": 8}
    rows = known_already(made.rows, owners, "0571")
    assert [row.existing for row in rows] == [7, 8, None]
    old = Customer(
        id=7, version=3, name="王方", post="经理", numbers=(CustomerNumber(raw="1", normalised="13812345678"),)
    )
    assert rows[0].card is not None
    new = updated(old, rows[0].card, "0571")
    assert (new.id, new.name, new.post, new.employer, new.numbers) == (7, "王芳", "经理", "设计院", old.numbers)
    both = plan(["王芳", "13812345678", "13900000000"], heading=["姓名", "电话", "电话2"])
    (row,) = known_already(both.rows, {"13812345678": 7, "13900000000": 9}, "0571")
    assert (row.card, row.faults[0].code, row.faults[0].value) == (None, "of_two_cards", "7, 9")
    assert card_row(Customer(name="百味", kind=CustomerKind.MERCHANT))[0] == "商户"

"""The columns of a table of customers: headings in two languages, what a cell may say, a card as a row. Rules. CUS-1.

A heading that is not known is named and left out; nothing is guessed.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from config.numbering import NumberKind, normalise
from crm.customers.model import Customer, CustomerKind, CustomerNumber, card_faults
from crm.customers.words import KINDS


@dataclass(frozen=True)
class Column:
    """`field` of the card, or `number`; `longest` in characters; `example` is the template's."""

    field: str
    zh: str
    en: str
    longest: int
    example: str = ""
    also: tuple[str, ...] = ()


COLUMNS: Final = (
    Column("kind", "类型", "Kind", 16, "个人", ("客户类型", "type")),
    Column("name", "姓名", "Name", 64, "王芳", ("名称", "客户名称", "客户姓名", "customer")),
    Column("form_of_address", "称呼", "Form of address", 16, "女士", ("title",)),
    Column("employer", "单位", "Employer", 128, "市建筑设计院", ("工作单位", "公司", "company")),
    Column("post", "职务", "Post", 128, "工程师", ("职位", "position")),
    Column("shop_name", "店铺名称", "Shop", 128, "", ("店名", "商铺名称", "shop name")),
    Column("unit", "铺位号", "Unit", 32, "", ("铺位", "单元号", "unit number")),
    Column("floor", "楼层", "Floor", 16, ""),
    Column("contact_person", "联系人", "Contact person", 64, "", ("合同联系人", "contact")),
    Column("address", "地址", "Address", 256, "杭州市西湖区文三路1号"),
    Column(
        "number",
        "电话",
        "Telephone",
        40,
        "13812345678",
        ("电话1", "手机", "联系电话", "phone", "mobile", "telephone 1"),
    ),
    Column("number", "电话2", "Telephone 2", 40, "0571-88886666转8001", ("手机2", "phone 2", "phone2")),
    Column("number", "电话3", "Telephone 3", 40, "", ("手机3", "phone 3", "phone3")),
    Column("notes", "备注", "Notes", 4000, "", ("说明", "remarks")),
    Column("key_customer", "重点客户", "Key customer", 8, "否", ("vip",)),
    Column("looked_after_by", "负责人工号", "Looked after by", 40, "", ("负责人",)),
    Column("do_not_call", "拒绝外呼", "Do not call", 8, "否", ("请勿致电",)),
)
_ALSO: Final[dict[CustomerKind, tuple[str, ...]]] = {
    CustomerKind.PERSON: ("",),
    CustomerKind.ORGANISATION: ("organization", "机构"),
    CustomerKind.MERCHANT: ("商家",),
}
"""What else a cell may say for a kind."""
_KINDS: Final = {kind: (KINDS[kind].zh, KINDS[kind].en.casefold(), *_ALSO.get(kind, ())) for kind in CustomerKind}
_YES: Final = ("是", "yes", "y", "true", "1", "√")
_NO: Final = ("", "否", "no", "n", "false", "0")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_CARD_CODES: Final = {"name": "empty_name", "shop_name": "empty_shop", "looked_after_by": "not_key"}


class CellFault(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a cell. `column`: as the file heads it; `code`: what, and what to write; `value`: its text."""

    column: str
    code: str
    value: str = ""


@dataclass(frozen=True)
class Heading:
    """What a file's first row comes to: columns by place, and headings that nobody knows."""

    columns: dict[int, Column]
    titles: tuple[str, ...]
    unknown: tuple[str, ...]
    faults: tuple[CellFault, ...]


def _key(heading: str) -> str:
    return re.sub(r"[\s_*（）()]", "", heading).casefold()


_BY_HEADING: Final = {
    _key(name): column
    for column in COLUMNS
    for name in (column.zh, column.en, column.field, *column.also)
    if name != "number"
}


def read_heading(row: Sequence[str]) -> Heading:
    """Which column is what. A column named twice, or no name at all, is a fault: nothing can be read then."""
    columns: dict[int, Column] = {}
    unknown: list[str] = []
    faults: list[CellFault] = []
    for place, title in enumerate(row):
        column = _BY_HEADING.get(_key(title))
        if column is None:
            unknown += [title] if title else []
        elif column in columns.values():
            faults.append(CellFault(column=title, code="column_twice"))
        else:
            columns[place] = column
    if "name" not in {column.field for column in columns.values()}:
        faults.append(CellFault(column=COLUMNS[1].zh, code="column_missing"))
    return Heading(columns, tuple(row), tuple(unknown), tuple(faults))


def read_card(
    row: Sequence[str], heading: Heading, area_code: str, agents: Collection[str]
) -> tuple[Customer | None, tuple[CellFault, ...]]:
    """The card of a row; None with every fault when there is one."""
    values: dict[str, object] = {}
    numbers: list[CustomerNumber] = []
    faults: list[CellFault] = []
    for place, column in heading.columns.items():
        text = row[place] if place < len(row) else ""
        if code := _cell_fault(column, text, area_code, agents):
            faults.append(CellFault(column=heading.titles[place], code=code, value=text[:80]))
        elif column.field == "number":
            numbers += [CustomerNumber(raw=text)] if text else []
        else:
            values[column.field] = _value(column.field, text)
    if faults:
        return None, tuple(faults)
    card = Customer(**{"name": "", **values}, numbers=tuple(numbers))  # type: ignore[arg-type]
    title_of = {column.field: heading.titles[place] for place, column in heading.columns.items()}
    wrong = tuple(
        CellFault(
            column=title_of.get(field, field),
            code="of_another_kind" if getattr(card, field) and field != "looked_after_by" else _CARD_CODES[field],
            value=str(getattr(card, field))[:80],
        )
        for field in card_faults(card)
    )
    return (None, wrong) if wrong else (card, ())


def card_row(card: Customer) -> list[str]:
    """A card as a row under COLUMNS: what an export writes an import reads."""
    numbers = [
        f"{number.raw}转{number.extension}" if _loses_extension(number) else number.raw for number in card.numbers
    ]
    places = iter([*numbers, *[""] * len(COLUMNS)])
    row: list[str] = []
    for column in COLUMNS:
        if column.field == "number":
            row.append(next(places))
        elif column.field == "kind":
            row.append(_KINDS[card.kind][0])
        elif column.field in ("key_customer", "do_not_call"):
            row.append("是" if getattr(card, column.field) else "否")
        else:
            row.append(getattr(card, column.field) or "")
    return row


def _loses_extension(number: CustomerNumber) -> bool:
    return bool(number.extension) and not number.raw.endswith(number.extension)


def _cell_fault(column: Column, text: str, area_code: str, agents: Collection[str]) -> str | None:
    """A code for what is wrong with the cell by itself."""
    if len(text) > column.longest:
        return "too_long"
    if _CONTROLS.search(text):
        return "control_characters"
    match column.field:
        case "kind" if _kind(text) is None:
            return "bad_kind"
        case "key_customer" | "do_not_call" if text.casefold() not in (*_YES, *_NO):
            return "bad_yes_no"
        case "number" if text and not _is_number(text, area_code):
            return "bad_number"
        case "looked_after_by" if text and text not in agents:
            return "unknown_colleague"
        case _:
            return None


def _is_number(text: str, area_code: str) -> bool:
    number = normalise(text, area_code)
    return bool(number.normalised) and number.kind is not NumberKind.UNKNOWN and "*" not in text


def _kind(text: str) -> CustomerKind | None:
    return next((kind for kind, words in _KINDS.items() if text.casefold() in words), None)


def _value(field: str, text: str) -> object:
    match field:
        case "kind":
            return _kind(text)
        case "key_customer" | "do_not_call":
            return text.casefold() in _YES
        case "looked_after_by":
            return text or None
        case _:
            return text

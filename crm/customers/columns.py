"""The columns of a table of customers: headings in two languages, what a cell may say, a card as a row. Rules. CUS-1.

A heading that is not known is named and left out; nothing is guessed.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import msgspec

from config.numbering import NumberKind, extension, normalise
from crm.customers.model import Customer, CustomerKind, CustomerNumber, card_faults
from crm.customers.words import KINDS
from crm.parsing.tables.model import CellNote


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
    Column("kind", "类型", "Kind", 16, "个人", ("客户类型", "類型", "type")),
    Column(
        "name", "姓名", "Name", 64, "王芳", ("名称", "客户名称", "客户姓名", "名稱", "客戶名稱", "客戶姓名", "customer")
    ),
    Column("form_of_address", "称呼", "Form of address", 16, "女士", ("title",)),
    Column("employer", "单位", "Employer", 128, "市建筑设计院", ("工作单位", "公司", "單位", "工作單位", "company")),
    Column("post", "职务", "Post", 128, "工程师", ("职位", "position")),
    Column("shop_name", "店铺名称", "Shop", 128, "", ("店名", "商铺名称", "店鋪名稱", "shop name")),
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
        (
            "电话1",
            "手机",
            "手机号",
            "手机号码",
            "电话号码",
            "联系电话",
            "電話",
            "手機",
            "聯絡電話",
            "phone",
            "mobile",
            "telephone 1",
        ),
    ),
    Column("number", "电话2", "Telephone 2", 40, "0571-88886666转8001", ("手机2", "電話2", "phone 2", "phone2")),
    Column("number", "电话3", "Telephone 3", 40, "", ("手机3", "電話3", "phone 3", "phone3")),
    Column("notes", "备注", "Notes", 4000, "", ("说明", "備註", "remarks")),
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
_SCIENTIFIC: Final = re.compile(r"[+-]?\d+(?:\.\d*)?[eE][+-]?\d+")
_DECIMAL: Final = re.compile(r"[+-]?\d+[.,]\d+")
_WHOLE: Final = re.compile(r"\d+\.0+")
_DATE: Final = re.compile(r"(?:\d{4}[-/.年])?\d{1,2}[-/.月]\d{1,2}日?(?: \d{1,2}:\d{2})?|\d{1,2}:\d{2}")
_BETWEEN: Final = re.compile(r"\s*[/、，,;\n|或]\s*|(?<=\d{7})\s+(?=\d{7})")
"""What stands between two numbers in one cell."""
_CHANGES: Final = frozenset(
    {
        *("edges", "escaped", "formula_text", "apostrophe", "number", "date", "yes_no"),
        *("computed", "merged", "hidden_row"),
    }
)
"""Codes of the reader that say that a cell was changed; all others, that it cannot be read."""
_CARD_CODES: Final = {"name": "empty_name", "shop_name": "empty_shop", "looked_after_by": "not_key"}


class CellFault(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a cell. `column`: as the file heads it; `code`: what, and what to write; `value`: its text;
    `cell`: where it stands, such as B7."""

    column: str
    code: str
    value: str = ""
    cell: str = ""


class CellChange(msgspec.Struct, frozen=True, kw_only=True):
    """A cell that will be stored otherwise than it stands in the file, and why."""

    column: str
    code: str
    before: str
    after: str
    cell: str = ""


class ReadRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row's card, or None with every fault; and what of it will be stored otherwise than it stands."""

    card: Customer | None
    faults: tuple[CellFault, ...] = ()
    changes: tuple[CellChange, ...] = ()


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


def read_heading(row: Sequence[str], number: int = 1) -> Heading:
    """Which column is what. A column named twice, or no name at all, is a fault: nothing can be read then."""
    columns: dict[int, Column] = {}
    unknown: list[str] = []
    faults: list[CellFault] = []
    for place, title in enumerate(row):
        column = _BY_HEADING.get(_key(title))
        if column is None:
            unknown += [title] if title else []
        elif column in columns.values():
            faults.append(CellFault(column=title, code="column_twice", cell=f"{letters(place + 1)}{number}"))
        else:
            columns[place] = column
    if "name" not in {column.field for column in columns.values()}:
        faults.append(CellFault(column=COLUMNS[1].zh, code="column_missing"))
    return Heading(columns, tuple(row), tuple(unknown), tuple(faults))


def letters(column: int) -> str:
    """A column as a spreadsheet calls it: 1 is A, 27 is AA."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def read_card(
    row: Sequence[str],
    heading: Heading,
    area_code: str,
    agents: Collection[str],
    notes: Mapping[int, CellNote] = MappingProxyType({}),
    number: int = 0,
) -> ReadRow:
    """The card of a row; None with every fault when there is one. `notes`: of its cells by column, what was changed or
    could not be read when the file was; `number`: the row's own, for the addresses of its cells."""
    values: dict[str, object] = {}
    numbers: list[CustomerNumber] = []
    faults: list[CellFault] = []
    changes: list[CellChange] = []
    for place, column in heading.columns.items():
        text = row[place] if place < len(row) else ""
        title, cell, note = heading.titles[place], f"{letters(place + 1)}{number}", notes.get(place + 1)
        code = _read_fault(column, note) or _cell_fault(column, text, area_code, agents)
        if code:
            value = note.before if note and code == note.code else text
            faults.append(CellFault(column=title, code=code, value=value[:80], cell=cell))
            continue
        if column.field == "number":
            numbers += [CustomerNumber(raw=_without_zeros(text))] if text else []
        else:
            values[column.field] = _value(column.field, text)
        if note or text:
            changes += _changes(column, title, cell, text, note, area_code)
    over = next((place for place in range(len(heading.titles), len(row)) if row[place]), None)
    if over is not None:
        cell = f"{letters(over + 1)}{number}"
        faults.append(CellFault(column=cell, code="no_heading", value=row[over][:80], cell=cell))
    if faults:
        return ReadRow(card=None, faults=tuple(faults), changes=tuple(changes))
    card = Customer(**{"name": "", **values}, numbers=tuple(numbers))  # type: ignore[arg-type]
    wrong = _card_faults(card, heading, number)
    return ReadRow(card=None if wrong else card, faults=wrong, changes=tuple(changes))


def _card_faults(card: Customer, heading: Heading, number: int) -> tuple[CellFault, ...]:
    """What a card of its kind does not say, or must not, each under its heading."""
    place_of = {column.field: place for place, column in heading.columns.items()}
    return tuple(
        CellFault(
            column=heading.titles[place_of[field]] if field in place_of else field,
            code="of_another_kind" if getattr(card, field) and field != "looked_after_by" else _CARD_CODES[field],
            value=str(getattr(card, field))[:80],
            cell=f"{letters(place_of[field] + 1)}{number}" if field in place_of else "",
        )
        for field in card_faults(card)
    )


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


def stored_row(card: Customer, area_code: str) -> list[tuple[str, str]]:
    """What a card comes to in the store: its fields that say something, and its numbers as they are compared."""
    numbers = tuple(_as_kept(number.raw, area_code) for number in card.numbers)
    row = card_row(msgspec.structs.replace(card, numbers=tuple(CustomerNumber(raw=each) for each in numbers)))
    return [(column.zh, text) for column, text in zip(COLUMNS, row, strict=True) if text]


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
        case "number" if text:
            return _number_fault(text, area_code)
        case "looked_after_by" if text and text not in agents:
            return "unknown_colleague"
        case _:
            return None


def _read_fault(column: Column, note: CellNote | None) -> str | None:
    """Why a cell cannot be taken because of how it was read: nobody knows its text, or what it was is no number."""
    if note is None:
        return None
    if note.code in _CHANGES:
        return "date_in_number" if column.field == "number" and note.code == "date" else None
    return note.code


def _number_fault(text: str, area_code: str) -> str | None:
    """Why a text is no telephone number; a spreadsheet's damage is named as such, and no digit is made of it."""
    plain = unicodedata.normalize("NFKC", text)
    if _SCIENTIFIC.fullmatch(plain):
        return "scientific"
    if _DATE.fullmatch(plain):
        return "date_in_number"
    if _DECIMAL.fullmatch(plain) and not _WHOLE.fullmatch(plain):
        return "bad_number"
    parts = [part for part in _BETWEEN.split(plain) if part]
    if len(parts) > 1 and all(_is_number(part, area_code) for part in parts):
        return "two_numbers"
    return None if _is_number(_without_zeros(text), area_code) else "bad_number"


def _changes(
    column: Column, title: str, cell: str, text: str, note: CellNote | None, area_code: str
) -> Iterator[CellChange]:
    """What becomes of a cell on its way into the store, step by step."""
    if note is not None:
        yield CellChange(column=title, code=note.code, before=note.before[:80], after=text[:80], cell=cell)
    if column.field != "number":
        return
    if (whole := _without_zeros(text)) != text:
        yield CellChange(column=title, code="point_zero", before=text, after=whole, cell=cell)
    if (kept := _as_kept(whole, area_code)) != whole:
        code = "number_form" if _same_digits(whole, kept) else "number_read"
        yield CellChange(column=title, code=code, before=whole[:80], after=kept, cell=cell)


def _as_kept(text: str, area_code: str) -> str:
    """A number as the store has it, with its extension."""
    beyond = extension(text)
    return normalise(text, area_code).normalised + (f"转{beyond}" if beyond else "")


def _same_digits(one: str, other: str) -> bool:
    return "".join(filter(str.isdigit, one)) == "".join(filter(str.isdigit, other))


def _without_zeros(text: str) -> str:
    """`13812345678.0`, as some programs write whole numbers, without what stands for nothing."""
    return text.partition(".")[0] if _WHOLE.fullmatch(text) else text


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

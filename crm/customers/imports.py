"""A file of customers as a plan, before anything is written: which rows are sound, and which are here already. Rules.

CUS-1. Rows are numbered as a spreadsheet does: the heading is row 1.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Final, Literal

import msgspec

from config.numbering import normalise
from crm.customers.columns import CellChange, CellFault, Heading, letters, read_card, read_heading
from crm.customers.model import FIELDS, Customer
from crm.parsing.tables.model import CellNote, ReadAs, Table, TableRead

KEPT: Final = timedelta(minutes=30)
"""So long a plan waits to be confirmed."""
_TITLES: Final = 20
"""So many rows from the top are looked at for the heading: titles and remarks stand above it."""


Show = Literal["all", "noted", "faulty"]
"""Which rows of a preview."""


class PlannedRow(msgspec.Struct, frozen=True, kw_only=True):
    """`card` None: faulty. `existing`: the card that is here already, by a number or by name and employer or shop."""

    row: int
    card: Customer | None
    faults: tuple[CellFault, ...] = ()
    changes: tuple[CellChange, ...] = ()
    stored: tuple[tuple[str, str], ...] = ()
    """For people: what the card comes to, by heading."""
    existing: int | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`columns`: headings that were understood; `faults` of the heading: then there are no rows. `how`: how the file
    was read, and what of it is left aside."""

    columns: tuple[str, ...]
    unknown: tuple[str, ...]
    how: ReadAs = ReadAs()
    faults: tuple[CellFault, ...] = ()
    rows: tuple[PlannedRow, ...] = ()


class ImportState(msgspec.Struct, frozen=True, kw_only=True):
    """How far an import is: rows by state."""

    token: str
    file: str
    columns: tuple[str, ...]
    unknown: tuple[str, ...]
    how: ReadAs = ReadAs()
    ready: int = 0
    existing: int = 0
    """Of those that are ready."""
    faulty: int = 0
    written: int = 0
    updated: int = 0
    skipped: int = 0
    refused: int = 0


def plan_import(table: TableRead, area_code: str, agents: Collection[str]) -> Plan:
    """Reads every row; a number that an earlier row has is a fault of the later one. Rows above the heading are left
    aside, and told."""
    place, heading = _heading(table.rows)
    above = [f"{number}: {' '.join(filter(None, cells))}" for number, cells in enumerate(table.rows[:place], start=1)]
    left = (*table.how.left, *(each for each in above if each.partition(": ")[2]))
    how = msgspec.structs.replace(table.how, left=left)
    columns = tuple(heading.titles[each] for each in heading.columns)
    if heading.faults:
        return Plan(columns=columns, unknown=heading.unknown, how=how, faults=heading.faults)
    notes, below = _notes_by_row(table), table.rows[place + 1 :]
    untitled = [
        f"({letters(each + 1)})"
        for each, title in enumerate(heading.titles)
        if not title and any(each < len(row) and row[each] for row in below)
    ]
    rows: list[PlannedRow] = []
    first_with: dict[str, int] = {}
    for number, cells in enumerate(below, start=place + 2):
        if not any(cells):
            continue
        read = read_card(cells, heading, area_code, agents, notes.get(number, {}), number)
        faults = read.faults
        if read.card is not None:
            faults = _in_earlier_rows(read.card, number, first_with, area_code)
        card = None if faults else read.card
        rows.append(PlannedRow(row=number, card=card, faults=faults, changes=read.changes))
    return Plan(columns=columns, unknown=(*heading.unknown, *untitled), how=how, rows=tuple(rows))


def _heading(rows: Table) -> tuple[int, Heading]:
    """The first row that heads columns as ours are headed; without one, the first that says anything, with its
    faults."""
    found = [(place, read_heading(row, place + 1)) for place, row in enumerate(rows[:_TITLES]) if any(row)]
    named = [(place, heading) for place, heading in found if heading.columns]
    for place, heading in named:
        if not heading.faults and (len(heading.columns) > 1 or len(rows[place]) == 1):
            return place, heading
    return max(named or found[:1] or [(0, read_heading([]))], key=lambda each: len(each[1].columns))


def _notes_by_row(table: TableRead) -> dict[int, dict[int, CellNote]]:
    found: dict[int, dict[int, CellNote]] = {}
    for note in (*table.changes, *table.faults):
        found.setdefault(note.row, {})[note.column] = note
    return found


def _in_earlier_rows(card: Customer, row: int, first_with: dict[str, int], area_code: str) -> tuple[CellFault, ...]:
    """Numbers, or name with employer or shop, that an earlier row of the file has."""
    found: list[CellFault] = []
    for sign in signs(card, area_code):
        if (earlier := first_with.setdefault(sign, row)) != row:
            found.append(CellFault(column=sign.partition("\t")[2] or sign, code="in_earlier_row", value=str(earlier)))
    return tuple(found[:1])


def signs(card: Customer, area_code: str) -> list[str]:
    """By what a card is known again: each number, and the name with employer or shop."""
    numbers = [normalise(number.raw, area_code).normalised for number in card.numbers]
    beside = card.employer or card.shop_name
    return [*numbers, *([f"{beside}\t{card.name}"] if beside else [])]


def known_already(rows: Iterable[PlannedRow], owners: Mapping[str, int], area_code: str) -> list[PlannedRow]:
    """The rows with the card each is about; one whose numbers are on two cards is faulty. `owners`: sign → card."""
    return [_known_already(row, owners, area_code) for row in rows]


def _known_already(row: PlannedRow, owners: Mapping[str, int], area_code: str) -> PlannedRow:
    if row.card is None:
        return row
    all_signs = signs(row.card, area_code)
    by_number = {owners[sign] for sign in all_signs if "\t" not in sign and sign in owners}
    if len(by_number) > 1:
        cards = ", ".join(str(each) for each in sorted(by_number))
        fault = CellFault(column=row.card.name, code="of_two_cards", value=cards)
        return msgspec.structs.replace(row, card=None, faults=(fault,))
    found = by_number or {owners[sign] for sign in all_signs if sign in owners}
    return msgspec.structs.replace(row, existing=min(found)) if found else row


def updated(card: Customer, by: Customer, area_code: str) -> Customer:
    """A card with what a row says besides: cells that are empty change nothing, numbers are added."""
    changes = {name: value for name in FIELDS if (value := getattr(by, name)) and name != "kind"}
    if by.kind is not card.kind:
        changes = {name: value for name, value in changes.items() if name in ("name", "address", "notes")}
    if "looked_after_by" in changes:
        changes["key_customer"] = True
    known = {number.normalised for number in card.numbers}
    more = tuple(number for number in by.numbers if normalise(number.raw, area_code).normalised not in known)
    return msgspec.structs.replace(card, **changes, numbers=(*card.numbers, *more))

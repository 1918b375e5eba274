"""Plays tables: what a file of customers comes to, before anything is stored. A workbook lies here as its parts
(`*.xml`), which are packed before they are read. CUS-1."""

import io
import zipfile
from typing import Any, Final

from crm.customers.columns import stored_row
from crm.customers.imports import plan_import
from crm.errors import BadFile
from crm.parsing.tables.reading import read_table
from tests.world.corpus import Case

AREA: Final = "0571"
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_SHEETS: Final = '<sheets><sheet name="客户" sheetId="1" r:id="rId1"/></sheets>'
_WORKBOOK: Final = f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}">{_SHEETS}</workbook>'
_RELS: Final = f'<Relationships xmlns="{_PACKAGE}">' + "".join(
    f'<Relationship Id="rId{number}" Type="{_LINKS}/worksheet" Target="worksheets/sheet{number}.xml"/>'
    for number in (1, 2, 3)
)


def play(case: Case) -> dict[str, Any]:
    """`rows`: what each would store; `faults` and `changes` of cells; `left`, `encoding`; or `refused`, with why."""
    try:
        table = read_table(_bytes_of(case))
    except BadFile as exc:
        return {"refused": str(exc)}
    plan = plan_import(table, AREA, {"8001"})
    found = {
        "encoding": plan.how.encoding if plan.how.certain else f"{plan.how.encoding} ?",
        "left": list(plan.how.left),
        "unknown": list(plan.unknown),
        "rows": {
            row.row: " | ".join(text for name, text in stored_row(row.card, AREA) if text not in ("个人", "否"))
            for row in plan.rows
            if row.card
        },
        "faults": [
            f"{fault.cell or row.row} {fault.code} {fault.value}".strip() for row in plan.rows for fault in row.faults
        ]
        + [f"heading {fault.code} {fault.column}" for fault in plan.faults],
        "changes": [
            f"{each.cell} {each.code}: {each.before} → {each.after}" for row in plan.rows for each in row.changes
        ],
    }
    return {name: value for name, value in found.items() if value}


def _bytes_of(case: Case) -> bytes:
    first = case.inputs()[0]
    if first.suffix != ".xml":
        return first.read_bytes()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        parts = {path.name: path.read_text(encoding="utf-8") for path in case.inputs()}
        archive.writestr("xl/workbook.xml", parts.pop("workbook.xml", _WORKBOOK))
        archive.writestr("xl/_rels/workbook.xml.rels", parts.pop("workbook.xml.rels", f"{_RELS}</Relationships>"))
        for name, text in parts.items():
            folder = "xl/worksheets/" if name.startswith("sheet") else "xl/"
            archive.writestr(folder + name, text)
    return out.getvalue()

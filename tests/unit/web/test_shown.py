"""A telephone number goes out masked, wherever it stands, unless the store has opened the text. CUS-4, ACC-6"""

import ast
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from app.web.api.common.shown import detail_out, is_masked
from app.web.wire.encoding import encode_text
from app.web.wire.problems import Problem
from config.masking import Whole, masked, restored
from crm.seen.opening import opened, sealed
from crm.tickets.model import TimelineEntry

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)

pytestmark = pytest.mark.req("CUS-4", "ACC-6")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("13812345678", "138****5678"),
        ("+86 138 1234 5678", "138****5678"),
        ("138-1234-5678", "138****5678"),
        ("138.1234.5678", "138****5678"),
        ("１３８１２３４５６７８", "138****5678"),
        ("rang 13812345678 and 010-87654321", "rang 138****5678 and 010-****4321"),
        ("13812345678 13987654321", "138****5678 139****4321"),
        ("11-28 14:00 138 1234 5678", "11-28 14:00 138****5678"),
        ("88886666", "****6666"),
        ("4008100002", "4008100002"),
        ("room 12345", "room 12345"),
        ("20261122-0001", "20261122-0001"),
        ("2026-11-22", "2026-11-22"),
        ("已并入 20261122-0001，2026-11-28 前答复", "已并入 20261122-0001，2026-11-28 前答复"),
    ],
)
def test_numbers_in_words_are_masked_and_what_is_none_is_not(text: str, shown: str) -> None:
    assert masked(text) == shown
    assert masked(shown) == shown, "twice is once"


def entry(text: str) -> TimelineEntry:
    return TimelineEntry(at=NOW, source="change", action="note", by="8002", details={"new": text, "count": 7})


def test_the_encoder_masks_what_nobody_has_opened_in_any_depth_and_in_errors() -> None:
    told = encode_text({"a": [entry("13812345678")], "b": {"c": "致电 138 1234 5678"}, "id": "13812345678"})
    assert told.count("138****5678") == 2 and '"id":"13812345678"' in told
    body = Problem("conflict", "number 13812345678 is on a card", taken={"number": "13812345678"}).response().body
    assert isinstance(body, bytes) and b"13812345678" not in body


def test_what_is_opened_goes_out_as_it_is_and_what_is_made_of_it_does_not() -> None:
    row = opened(entry("+86 138 1234 5678"))
    assert "+86 138 1234 5678" in encode_text(row)
    assert "138****5678" in encode_text({"text": f"{row.details['new']}!"})
    assert not is_masked(str_of(row)) and is_masked(str_of(entry("13812345678"))) and not is_masked("")
    assert sealed(row).details == sealed(entry("138 1234 5678")).details == {"new": "138****5678", "count": 7}


def str_of(row: TimelineEntry) -> str:
    text = row.details["new"]
    assert isinstance(text, str)
    return text


def test_another_encoder_refuses_an_opened_number() -> None:
    with pytest.raises(TypeError, match="Whole"):
        msgspec.json.encode({"number": Whole("13812345678")})


def test_one_place_opens_numbers() -> None:
    """And the API does not reach it: import-linter holds that."""
    making = [
        str(path.relative_to(ROOT))
        for room in ("app", "config", "crm", "ivr", "routing")
        for path in sorted((ROOT / room).rglob("*.py"))
        if "Whole(" in path.read_text(encoding="utf-8")
        for each in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(each, ast.Call) and ast.unparse(each.func).split(".")[-1] == "Whole"
    ]
    assert making == ["crm/seen/opening.py"]


def test_who_edits_around_a_masked_number_does_not_lose_it() -> None:
    before = "请回电 138 1234 5678，周末不在"
    assert restored(masked(before), before) == before
    assert restored(f"{masked(before)}。已回电", before) == f"{before}。已回电"
    assert restored("已回电", before) == "已回电"


def test_times_in_details_are_written_like_all_others() -> None:
    assert detail_out("due_at", "2026-11-22T09:30:00.123456+08:00") == "2026-11-22T01:30:00.123Z"

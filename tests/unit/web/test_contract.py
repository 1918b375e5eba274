"""The committed description of the API is what the code does, and says what answers hold. For the types: make check."""

from typing import Any

import msgspec
import pytest

from app.web.api.table import DESCRIBED
from app.web.http.contract import Nothing, Out
from app.web.http.operations import Ask, operation
from app.web.openapi import describe
from app.web.wire.encoding import encode
from scripts.contract import DESCRIPTION, text_of


def test_the_committed_description_is_that_of_the_code():
    told = text_of(describe(DESCRIBED))
    assert told == DESCRIPTION.read_text(encoding="utf-8"), "run: .venv/bin/python scripts/contract.py, and commit"


def described(answer: type[Out]) -> dict[str, Any]:
    async def handle(ask: Ask[Nothing, Nothing]) -> Out:
        return answer()

    return describe([operation("me", "GET /api/me", handle, "who one is", Nothing, Nothing, answer)])


def test_an_answer_leaves_nothing_out_also_what_has_a_default():
    class Thing(Out, frozen=True, kw_only=True):
        """A thing.

        And more of it.
        """

        name: str = ""
        note: str | None = None

    schema = described(Thing)["components"]["schemas"]["Thing"]
    assert set(schema["required"]) == set(msgspec.json.decode(encode(Thing()))) == {"name", "note"}
    assert schema["description"] == "A thing.\n\nAnd more of it."


def test_two_types_of_one_name_are_refused():
    def thing(part: Any) -> Any:
        return msgspec.defstruct("Thing", [("part", part)], module=f"rooms.{part}")

    inner = thing(int)
    with pytest.raises(ValueError, match="one name"):
        described(thing(inner))

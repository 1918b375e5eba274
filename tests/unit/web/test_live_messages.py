"""Every message of the live feeds is one of the description, and nothing else can be sent or is read."""

from datetime import UTC, datetime
from typing import Any, get_args

import jsonschema
import msgspec
import pytest

from app.web.api.table import DESCRIBED
from app.web.feeds.wallboard_messages import Deadlines, SessionOver, WallboardAlive, WallboardMessage, WallboardPicture
from app.web.openapi import describe
from app.web.wire.desk_messages import Alive, ColleagueWrote, DeskAck, DeskMessage, Hello, TicketChanged
from app.web.wire.encoding import encode, plain
from crm.seen.opening import opened
from tests.fakes.desk_messages import EARLIER, call_is, pop, ready

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
SENT = {
    "DeskMessage": [
        Hello(agent="8001", gap=False, state=None),
        Alive(at=NOON),
        ready(since=NOON),
        pop(tickets=[EARLIER], open_cases=[EARLIER]),
        pop(customer=None, due_call="7", kind="callback"),
        call_is("talking", since=NOON),
        call_is("ended", since=NOON),
        TicketChanged(ticket="20261122-0001", version=2),
        ColleagueWrote(message="3", sender="8001", recipient="8002", read_at=NOON),
    ],
    "WallboardMessage": [
        WallboardPicture(
            waiting=0,
            longest_wait_since=None,
            queues=[],
            agents_by_state={},
            agents=[],
            deadlines=Deadlines(warned=0, late=0),
            store="up",
            figures=None,
        ),
        WallboardAlive(),
        SessionOver(),
    ],
}
UNIONS: dict[str, Any] = {"DeskMessage": DeskMessage, "WallboardMessage": WallboardMessage}


@pytest.mark.parametrize("name", UNIONS)
def test_every_type_of_message_is_as_the_description_says(name: str) -> None:
    assert {type(message) for message in SENT[name]} == set(get_args(UNIONS[name])), "one of each type, please"
    components = describe(DESCRIBED)["components"]
    schema = {"$ref": f"#/components/schemas/{name}", "components": components}
    for message in SENT[name]:
        told = msgspec.json.decode(encode(opened(message)))
        jsonschema.validate(told, schema, cls=jsonschema.Draft202012Validator)
        assert plain(opened(msgspec.convert(told, UNIONS[name]))) == told


@pytest.mark.parametrize("name", UNIONS)
def test_a_type_that_is_not_described_is_no_message(name: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="type"):
        msgspec.json.decode(b'{"type": "shout", "seq": 1}', type=UNIONS[name])


@pytest.mark.parametrize(
    "said", [b'{"type": "nak", "seq": 1}', b'{"type": "ack"}', b'{"type": "ack", "seq": 1, "x": 2}']
)
def test_a_page_confirms_and_says_nothing_else(said: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(said, type=DeskAck)
    assert msgspec.json.decode(b'{"type": "ack", "seq": 7}', type=DeskAck).seq == 7

"""The generated model: complete, what the generator makes of the installed Asterisk, tolerant when decoding."""

import inspect
import json
import re
from pathlib import Path

import msgspec
import pytest

from ivr.ari.wire import model
from ivr.pbx.prefix.errors import AsteriskMissing
from ivr.pbx.prefix.install import find_asterisk
from scripts.generate_ari import TARGET, formatted, generate

CHANNEL: dict[str, object] = {
    "id": "1795312484.0",
    "name": "PJSIP/trunk-00000000",
    "state": "Ring",
    "protocol_id": "x",
    "caller": {"name": "", "number": "13800138000"},
    "connected": {"name": "", "number": ""},
    "accountcode": "",
    "dialplan": {"context": "c", "exten": "4008100002", "priority": 6, "app_name": "Stasis", "app_data": "sanxiang"},
    "creationtime": "2026-11-22T01:54:44.471+0000",
    "language": "zh",
}


def rest_api() -> Path | None:
    try:
        return find_asterisk().share / "rest-api"
    except AsteriskMissing:
        return None


def test_all_events_and_operations_are_there() -> None:
    events = [kind for kind in vars(model).values() if inspect.isclass(kind) and issubclass(kind, model.Event)]
    assert len(events) - 1 == 45
    resources = [kind for kind in vars(model).values() if inspect.isclass(kind) and hasattr(kind, "__init__")]
    operations = [
        name
        for kind in resources
        if (kind.__doc__ or "").startswith("The operations of /")
        for name, _ in inspect.getmembers(kind, inspect.iscoroutinefunction)
    ]
    assert len(operations) == 109


@pytest.mark.skipif(rest_api() is None, reason="no Asterisk is installed to generate from")
def test_the_committed_model_is_what_the_generator_makes() -> None:
    committed = TARGET.read_text()
    version = re.search(r"from Asterisk (\S+)", committed)
    directory = rest_api()
    assert version is not None
    assert directory is not None
    assert formatted(generate(directory, version[1])) == committed


def test_an_event_is_known_by_its_type_and_unknown_fields_are_ignored() -> None:
    text = json.dumps(
        {
            "type": "StasisStart",
            "timestamp": "2026-11-22T01:54:44.472+0000",
            "args": ["inbound"],
            "channel": CHANNEL | {"new_in_asterisk_23": True},
            "application": "sanxiang",
        }
    )
    event = msgspec.json.decode(text, type=model.AnyEvent)
    assert isinstance(event, model.StasisStart)
    assert event.channel.caller.number == "13800138000"
    assert event.channel.creationtime.utcoffset() is not None


async def test_lists_are_joined_absent_values_left_out_and_keywords_renamed() -> None:
    sent: list[tuple[str, str, dict[str, str], object]] = []

    async def request(method: model.Method, path: str, query: object, body: object) -> bytes:
        assert isinstance(query, dict)
        sent.append((method, path, query, body))
        return json.dumps({"id": "p", "media_uri": "x", "target_uri": "y", "state": "queued"}).encode()

    await model.Channels(request).play(channel_id="c1", media=["sound:a", "sound:b"], skipms=0)
    await model.Bridges(request).add_channel(bridge_id="b1", channel=["c1", "c2"], mute=False)
    await model.Endpoints(request).send_message(to="a", from_="b", variables={"k": "v"})
    assert sent == [
        ("POST", "/channels/c1/play", {"media": "sound:a,sound:b", "skipms": "0"}, None),
        ("POST", "/bridges/b1/addChannel", {"channel": "c1,c2", "mute": "false"}, None),
        ("PUT", "/endpoints/sendMessage", {"to": "a", "from": "b"}, {"variables": {"k": "v"}}),
    ]

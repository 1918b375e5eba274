"""What the two commands print, and the small things they are made of."""

import asyncio
import json
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.phone.agent import AgentCall, AgentOptions
from app.phone.caller import CallResult
from app.phone.errors import SystemNotRunning
from app.phone.sound.heard import Heard
from app.phone.system import SystemFile, address, stamp, until_interrupted
from config.paths import DataDir

NOON = datetime(2026, 11, 22, 4, 0, 0, 123456, tzinfo=UTC)


def test_a_call_is_told_with_the_keys_of_the_contract() -> None:
    result = CallResult(
        caller="13812345678",
        rings=1,
        invited_at=NOON,
        ringing_at=NOON,
        answered_at=NOON,
        keys=["2", "1"],
        keys_at=[NOON, NOON + timedelta(seconds=1)],
        matches=[Heard("menu-hotline", 1.0, 2.0, 0.99, True)],
        connected_agent="8001",
        talk_s=3.00049,
        tone_hz_heard=650.0,
        ended_by="caller",
        ticket="20261122-0001",
    )
    assert json.loads(result.as_json()) == {
        "rings": 1,
        "invited_at": "2026-11-22T04:00:00.123Z",
        "ringing_at": "2026-11-22T04:00:00.123Z",
        "answered_at": "2026-11-22T04:00:00.123Z",
        "keys": "2,1",
        "keys_at": ["2026-11-22T04:00:00.123Z", "2026-11-22T04:00:01.123Z"],
        "heard": ["menu-hotline"],
        "connected_agent": "8001",
        "talk_s": 3.0,
        "tone_hz_heard": 650.0,
        "ended_by": "caller",
        "ticket": "20261122-0001",
    }
    assert result.exit_code == 0


def test_a_call_that_was_never_answered_is_exit_code_1() -> None:
    result = CallResult(caller="1", invited_at=NOON)
    assert result.exit_code == 1
    assert json.loads(result.as_json())["answered_at"] is None


def test_an_agents_call_is_told_with_the_keys_of_the_contract() -> None:
    told = json.loads(AgentCall("c-1", NOON, NOON, None, NOON, None).as_json())
    at = "2026-11-22T04:00:00.123Z"
    assert told == {
        "call": "c-1",
        "invited_at": at,
        "popped_at": at,
        "answered_at": None,
        "ended_at": at,
        "tone_hz_heard": None,
    }


def test_neighbouring_agents_sound_different() -> None:
    tones = [AgentOptions(str(agent), DataDir(Path())).tone for agent in range(8001, 8021)]
    assert len(set(tones)) == 20
    assert min(tones) >= 600
    assert AgentOptions("front-desk", DataDir(Path())).tone == 1000
    assert AgentOptions("8001", DataDir(Path()), tone_hz=700).tone == 700


@pytest.mark.parametrize("text", ["", "127.0.0.1", ":5060", "127.0.0.1:sip", "{}", "[]", '{"http": "x"}'])
def test_a_system_file_that_does_not_say_where_is_no_running_system(tmp_path: Path, text: str) -> None:
    DataDir(tmp_path).system_file.write_text(text)
    with pytest.raises(SystemNotRunning, match="sanxiang up"):
        SystemFile.read(DataDir(tmp_path))


def test_addresses_and_instants() -> None:
    assert address("127.0.0.1:5060") == ("127.0.0.1", 5060)
    assert stamp(None) is None
    with pytest.raises(ValueError, match="host:port"):
        address("127.0.0.1")


async def test_ctrl_c_asks_to_stop_instead_of_tearing_down() -> None:
    async with until_interrupted() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.wait_for(stop.wait(), 2)

"""Messages of the fallback: facts from file names."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr.pbx.messages import duration_s, parse_message_name


def test_a_name_holds_all_facts() -> None:
    message = parse_message_name(Path("1795312367-4008100002-13812345678-1795312367.1.wav"))

    assert message is not None
    assert (message.dnis, message.caller, message.unique_id) == ("4008100002", "13812345678", "1795312367.1")
    assert message.started_at == datetime(2026, 11, 22, 1, 52, 47, tzinfo=UTC)


def test_the_arrival_is_to_the_millisecond() -> None:
    message = parse_message_name(Path("1795312367.123-4008100002-13812345678-1795312367.1.wav"))

    assert message is not None
    assert message.started_at == datetime(2026, 11, 22, 1, 52, 47, 123_000, tzinfo=UTC)


def test_unknown_caller_and_line_are_empty() -> None:
    message = parse_message_name(Path("1795312367---1795312367.1.wav"))

    assert message is not None
    assert (message.dnis, message.caller) == ("", "")


@pytest.mark.parametrize("name", ["notes.txt", "m-1.wav", "1795312367-1-2-3.4.WAV", "1795312367-a-2-3.4.wav"])
def test_other_files_are_not_messages(name: str) -> None:
    assert parse_message_name(Path(name)) is None


def test_durations_are_those_of_8_khz_16_bit_mono() -> None:
    assert duration_s(44 + 32_000) == 2.0
    assert duration_s(0) == 0.0

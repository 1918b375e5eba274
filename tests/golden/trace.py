"""An events.jsonl as it is read: what came in and when, which command was answered how. It plays nothing."""

import re
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

PING = "asterisk/ping"
RANDOM = re.compile(r"(?<=\.bridge)[0-9a-f]{8}\b")
"""The part of our ids that is another one each time."""

Message = dict[str, Any]


class _Line(msgspec.Struct):
    """As `ivr.ari.wire.tape` writes it."""

    at: datetime
    dir: str
    message: Message


@dataclass(frozen=True)
class Heard:
    """An event of Asterisk, `at_s` after the trace began."""

    at_s: float
    message: Message


@dataclass(frozen=True)
class Answer:
    """Asterisk's answer to a command, and how long it took."""

    after_s: float
    message: Message


def is_ping(message: Message) -> bool:
    """A sign of life, or its answer: no part of a story."""
    return bool(message.get("uri", "") == PING)


def command_key(message: Message) -> str:
    """Method and path, by which the command of a replay finds its answer; random parts are left out."""
    return f"{message['method']} {without_random(message['uri'])}"


def without_random(text: str) -> str:
    """With the random parts of our own ids taken out."""
    return RANDOM.sub("", text)


class Trace:
    """`heard` are the events, in order; `began` is when the first message was noted."""

    def __init__(self, path: Path) -> None:
        lines = [msgspec.json.decode(line, type=_Line) for line in path.read_bytes().splitlines()]
        self.began = lines[0].at
        self.length_s = (lines[-1].at - self.began).total_seconds()
        self.heard: list[Heard] = []
        self._answers: dict[str, deque[Answer]] = defaultdict(deque)
        asked: dict[str, _Line] = {}
        for line in lines:
            if line.dir == "out":
                asked[line.message["request_id"]] = line
            elif line.message["type"] == "RESTResponse":
                question = asked.pop(line.message["request_id"])
                after_s = (line.at - question.at).total_seconds()
                self._answers[command_key(question.message)].append(Answer(after_s, line.message))
            else:
                self.heard.append(Heard((line.at - self.began).total_seconds(), line.message))

    def answer(self, command: Message) -> Answer | None:
        """The next recorded answer to this method and path; None for a command that the trace does not know."""
        answers = self._answers[command_key(command)]
        return answers.popleft() if answers else None

    def arrival(self) -> Message:
        """The caller's channel, as it entered our application."""
        (channel,) = [heard.message["channel"] for heard in self.heard if _is_arrival(heard.message)]
        return dict(channel)


def _is_arrival(message: Message) -> bool:
    return bool(message["type"] == "StasisStart" and message["args"][:1] == ["inbound"])

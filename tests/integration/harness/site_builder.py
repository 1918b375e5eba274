"""Sites for the system tests: the demo site, copied and changed through its own YAML. It starts nothing."""

import shutil
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from ruamel.yaml import YAML

from app.phone.sound.wav import write_wav
from tests.fakes.sound import speech

DEMO_SITE = Path(__file__).parents[3] / "config" / "site"
SHORT_S = {"greeting-default": 0.5, "line-hotline": 0.8, "menu-hotline": 4.0, "menu-aid": 4.0, "apology-system": 1.5}
CLIP_S = 0.4
FIRST_AGENT = 8001


class SiteBuilder:
    """A copy of the demo site in a directory of the test's, changed step by step; `path` is what `up --site` takes.

    `own_sounds` puts short sounds made here in the place of the voices: calls then take seconds less, and what is
    tested does not depend on a recording. The hour's greetings are all one, so that a test does not depend on the hour.
    """

    def __init__(self, directory: Path, *, own_sounds: bool = True) -> None:
        self.path = directory / "site"
        left_out = shutil.ignore_patterns("*.wav") if own_sounds else None
        shutil.copytree(DEMO_SITE, self.path, ignore=left_out)
        with self.edit("site.yaml") as site:
            hours = {name: hour for name, hour in site["greetings"].items() if name.endswith("_hours")}
            site["greetings"] = dict.fromkeys(site["greetings"], "greeting-default") | hours
        with self.edit("queues.yaml") as document:  # who waits in a test, waits
            for queue in document["queues"]:
                queue.pop("overflow", None)
        if own_sounds:
            self._make_sounds()

    @property
    def prompts(self) -> Path:
        """Where the sound files of the prompts are."""
        return self.path / "prompts" / "zh"

    @property
    def english_prompts(self) -> Path:
        return self.prompts.parent / "en"

    @contextmanager
    def edit(self, file: str) -> Iterator[Any]:
        """The document of one of the site's files, written back at the end: for what has no method here."""
        yaml, path = YAML(), self.path / file
        yaml.preserve_quotes = True
        document = yaml.load(path)
        yield document
        yaml.dump(document, path)

    def agents(self, count: int) -> list[str]:
        """So many agents from 8001 on instead of the demo's, each in every queue; who is no agent stays."""
        ids = [str(FIRST_AGENT + index) for index in range(count)]
        with self.edit("agents.yaml") as document:
            others = [person for person in document["agents"] if person.get("role", "agent") != "agent"]
            people = [{"id": agent, "name": f"坐席{agent}", "name_en": f"Agent {agent}"} for agent in ids]
            document["agents"] = people + others
        with self.edit("queues.yaml") as document:
            for queue in document["queues"]:
                queue["agents"] = ids
        with self.edit("bookings.yaml") as document:  # guides who were agents are only guides then
            for guide in document["guides"]:
                guide.pop("agent", None)
        return ids

    def queue(self, name: str, **settings: object) -> Self:
        """Settings of one queue, or of all when `name` is `*`: `agents`, `wrap_up_s`, `ring_timeout_s`, …"""
        with self.edit("queues.yaml") as document:
            for queue in document["queues"]:
                if name in ("*", queue["name"]):
                    queue.update(settings)
        return self

    def line(self, dnis: str, **settings: object) -> Self:
        """Settings of the line of that number: `hours`, `out_of_hours`, `ring_s`, …"""
        with self.edit("lines.yaml") as document:
            for line in document["lines"]:
                if line["dnis"] == dnis:
                    line.update(settings)
        return self

    def section(self, name: str, **settings: object) -> Self:
        """Settings of a section of site.yaml: `recording`, `outbound`, `trunk`, `wait`, …"""
        with self.edit("site.yaml") as document:
            document[name].update(settings)
        return self

    def outbound(self, host: str, port: int, *, hours: Sequence[str] = ("00:00-23:59",), **settings: object) -> Self:
        """Customers are dialled at host:port, at any hour unless told otherwise; `attempts`, `gap_s`, …"""
        self.section("trunk", outbound=f"{host}:{port}")
        return self.section("outbound", hours=list(hours), **settings)

    def sounds(self, seconds: float, *prompts: str) -> Self:
        """Other lengths for sounds made here."""
        for prompt in prompts:
            write_wav(self.prompts / f"{prompt}.wav", speech(seconds, zlib.crc32(prompt.encode())))
        return self

    def _make_sounds(self) -> None:
        self.prompts.mkdir(parents=True, exist_ok=True)
        self.english_prompts.mkdir(parents=True, exist_ok=True)
        with self.edit("prompts/prompts.yaml") as document:
            for prompt, entry in document["prompts"].items():
                entry.pop("sha256", None)
                entry.pop("voice", None)
                if entry.get("only") is None:
                    entry["own"] = True
                    self.sounds(SHORT_S.get(prompt, CLIP_S), prompt)
                entry.pop("en_sha256", None)
                if entry.pop("en_voice", None):
                    entry["en_own"] = True
                    sound = speech(SHORT_S.get(prompt, CLIP_S), zlib.crc32(f"en/{prompt}".encode()))
                    write_wav(self.english_prompts / f"{prompt}.wav", sound)

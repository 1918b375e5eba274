"""Calls recorded from a real Asterisk, replayed to the whole call path: what it does is what expected.txt says.

Differences that are meant are taken over with `pytest tests/golden --update-golden`, after a look at the diff.
"""

import asyncio
import re
from pathlib import Path

import pytest

from config.paths import DataDir
from config.schema import Site
from crm.journal.events import CallEnded
from tests.fakes.virtual_time import VirtualTimeLoop
from tests.golden.replay import Played, play
from tests.golden.stage import quiet_site
from tests.golden.stories import STORIES, Story

ABSOLUTE_PATH = re.compile(r'[\s"\':,=]/\w')
ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")


@pytest.fixture(scope="module")
def site() -> Site:
    return quiet_site()


@pytest.fixture(params=STORIES, ids=lambda story: story.name)
def story(request: pytest.FixtureRequest) -> Story:
    told: Story = request.param
    return told


def replayed(story: Story, site: Site, directory: Path) -> Played:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(play(story, site, DataDir(directory)))


def test_a_recorded_call_is_served_as_the_table_says(
    story: Story, site: Site, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    played = replayed(story, site, tmp_path)

    assert [type(event) for event in played.journal].count(CallEnded) == 1
    if pytestconfig.getoption("--update-golden"):
        story.expected.write_text(played.table, encoding="utf-8")
    assert played.table == story.expected.read_text(encoding="utf-8")


def test_a_replay_gives_the_same_table_each_time(story: Story, site: Site, tmp_path: Path) -> None:
    first, second = (replayed(story, site, tmp_path / name).table for name in ("first", "second"))

    assert first == second


def test_a_trace_tells_nothing_of_the_machine_it_was_recorded_on(story: Story) -> None:
    trace = story.events.read_text(encoding="utf-8")

    assert ABSOLUTE_PATH.findall(trace) == []
    assert [address for address in ADDRESS.findall(trace) if not address.startswith("127.0.0.")] == []

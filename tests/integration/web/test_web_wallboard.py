"""The wallboard's events: at once, within a second of a change, at most two a second, also without the store."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import aiohttp
import msgspec
import pytest
from msgspec.structs import replace

from app.web.feeds import live
from app.web.feeds.wallboard import picture
from app.web.feeds.wallboard_messages import WallboardMessage, WallboardPicture
from app.web.http.contract import WishedState
from app.web.http.services import Services
from app.web.wire.encoding import plain
from config.ids import AgentId
from crm.seen.opening import opened
from tests.integration.web.conftest import House, away, eventually
from tests.integration.web.test_web_desk import stuck_client


class Wallboard:
    """A wallboard as a test plays it."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def event(self, within_s: float = 1.5) -> tuple[str, dict[str, Any]]:
        """The next event: its name and data. Raises TimeoutError."""
        name, data = "", ""
        async with asyncio.timeout(within_s):
            async for raw in self._answer.content:
                line = raw.decode().rstrip("\n")
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    data = line.removeprefix("data: ")
                elif not line and data:
                    found = json.loads(data)
                    assert plain(opened(msgspec.convert(found, WallboardMessage))) == found, (
                        "not as the description says"
                    )
                    return name, found
        raise ConnectionError("the wallboard's line has ended")

    async def picture(self, within_s: float = 1.5) -> dict[str, Any]:
        """The next picture, whatever comes before it."""
        async with asyncio.timeout(within_s):
            while True:
                name, data = await self.event(within_s)
                if name == "wallboard":
                    return data


@asynccontextmanager
async def wallboard(client: aiohttp.ClientSession) -> AsyncIterator[Wallboard]:
    async with client.get("/api/live/wallboard", read_bufsize=2**24) as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream")
        yield Wallboard(answer)


async def test_the_picture_is_there_at_once_and_moves_within_a_second(house: House) -> None:
    async with house.logged_in("8801") as supervisor, wallboard(supervisor) as wall:
        first = await wall.picture(within_s=0.5)
        assert (first["waiting"], first["longest_wait_since"], first["store"]) == (0, None, "up")
        assert first["deadlines"] == {"warned": 0, "late": 0}
        assert first["agents_by_state"] == {"logged_out": 3}
        since = house.clock()
        house.acd.enqueue("hotline", "c-1", "t-1", "13812345678", since)
        house.acd.set_state(AgentId("8001"), "available", None)
        async with asyncio.timeout(1.0):
            while (moved := await wall.picture())["waiting"] == 0:
                pass
    assert moved["agents_by_state"] == {"logged_out": 2, "available": 1}
    assert moved["queues"][0]["waiting"] == 1
    assert moved["longest_wait_since"] is not None
    assert moved["longest_wait_since"] == moved["queues"][0]["longest_wait_since"]
    assert moved["seq"] > first["seq"]
    assert "13812345678" not in json.dumps(moved)


async def test_figures_follow_the_calls(house: House) -> None:
    async with house.logged_in("8801") as supervisor, wallboard(supervisor) as wall:
        await wall.picture()
        call = asyncio.create_task(house.call(agent="8001"))
        async with asyncio.timeout(1.0):
            while (shown := await wall.picture(1.0))["figures"]["total"]["connected"] != 1:
                pass
        await call
    assert shown["figures"]["lines"]["hotline"]["connected"] == 1


async def test_who_followed_and_who_just_came_see_the_same(house: House) -> None:
    chance, actions = random.Random(11), 0
    async with house.logged_in("8801") as supervisor, wallboard(supervisor) as followed:
        for _ in range(4):
            for _ in range(chance.randint(1, 12)):
                actions += 1
                happens(house, chance, actions)
            now = of_the_floor(plain(picture(house.services)))
            async with wallboard(supervisor) as came:
                for wall in (followed, came):
                    async with asyncio.timeout(2.0):
                        while of_the_floor(await wall.picture(2.0)) != now:
                            pass


def happens(house: House, chance: random.Random, number: int) -> None:
    """Whatever may happen on the floor next."""
    queue = chance.choice([queue.name for queue in house.site.queues])
    waiting = [(view.queue, entry.call) for view in house.acd.queues() for entry in view.entries]
    match chance.choice(("call", "leave", "state", "close", "open")):
        case "call":
            house.acd.enqueue(queue, f"c-{number}", f"t-{number}", "13812345678", house.clock())
        case "leave" if waiting:
            house.acd.leave(*chance.choice(waiting))
        case "state":
            wish: tuple[WishedState, ...] = ("available", "not_ready", "logged_out")
            house.acd.set_state(AgentId(chance.choice(("8001", "8002"))), chance.choice(wish), None)
        case "close":
            house.services.floor.close_queue(queue, reason="drill", by="8801", prompt=None)
        case _:
            house.services.floor.open_queue(queue, by="8801")


def of_the_floor(shown: Any) -> dict[str, Any]:
    """A picture without what is only its number and time."""
    return {name: value for name, value in shown.items() if name not in ("seq", "at", "figures", "type")}


async def test_however_much_happens_no_more_than_two_a_second(house: House) -> None:
    async with house.logged_in("8801") as supervisor, wallboard(supervisor) as wall:
        await wall.picture()
        stop = asyncio.create_task(restless(house))
        pictures = 0
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2.2):
                while True:
                    await wall.picture()
                    pictures += 1
        stop.cancel()
        await asyncio.gather(stop, return_exceptions=True)
    assert 2 <= pictures <= 5


async def restless(house: House) -> None:
    """A hundred callers a second."""
    for number in count():
        house.acd.enqueue("hotline", f"c-{number}", "t", "13812345678", house.clock())
        await asyncio.sleep(0.01)


async def test_when_nothing_happens_only_a_sign_of_life_comes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "ALIVE_EVERY_S", 0.6)
    async with house.logged_in("8801") as supervisor, wallboard(supervisor) as wall:
        while (await wall.event())[0] == "wallboard":
            pass
        assert [(await wall.event())[0] for _ in range(3)] == ["alive"] * 3


async def test_without_the_store_the_live_part_goes_on_and_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house.logged_in("8801") as supervisor, wallboard(supervisor) as wall:
        while not (await wall.picture())["figures"]:
            pass
        monkeypatch.setattr(house.store.database, "read", away)
        monkeypatch.setattr(house.store.database, "write", away)
        house.store.database.away = "the disk is gone"
        async with asyncio.timeout(15.0):
            while (shown := await wall.picture(15.0))["store"] != "away":
                pass
        assert shown["figures"] is not None
        house.acd.enqueue("hotline", "c-1", "t-1", "13812345678", house.clock())
        assert (await wall.picture(1.0))["waiting"] == 1
        house.figures.hear(house.arrival("call-9"))
        async with asyncio.timeout(1.0):
            while (await wall.picture(1.0))["figures"]["total"]["offered"] != 1:
                pass
        async with supervisor.get("/api/figures") as answer:
            assert (answer.status, (await answer.json())["total"]["offered"]) == (200, 1)
        async with supervisor.get("/api/figures", params={"since": "2026-01-01T00:00:00Z"}) as answer:
            assert answer.status == 400
        yesterday = (house.clock() - timedelta(days=1)).isoformat()
        async with supervisor.get("/api/figures", params={"since": yesterday}) as answer:
            assert answer.status == 503
        monkeypatch.undo()
        await house.store.check()
        async with asyncio.timeout(15.0):
            while (await wall.picture(15.0))["store"] != "up":
                pass


async def test_a_wallboard_on_a_dead_line_keeps_nobody_waiting_and_is_dropped(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fat(services: Services) -> WallboardPicture:
        shown = picture(services)
        return replace(shown, agents=[replace(shown.agents[0], name="x" * 2_000_000)])

    monkeypatch.setattr("app.web.feeds.wallboard.picture", fat)
    monkeypatch.setattr(live, "WRITE_TIMEOUT_S", 4.0)
    with stuck_client(house, "/api/live/wallboard HTTP/1.1"):
        async with house.logged_in("8801") as supervisor, wallboard(supervisor) as wall:
            await wall.picture()
            for number in range(6):
                house.acd.enqueue("hotline", f"c-{number}", "t", "13812345678", house.clock())
                async with asyncio.timeout(3.0):
                    while (await wall.picture(3.0))["waiting"] != number + 1:
                        pass
        await eventually(lambda: "wallboard_stuck" in {vars(one).get("action") for one in caplog.records}, 10.0)


async def test_the_line_ends_with_the_session(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "ALIVE_EVERY_S", 0.05)
    monkeypatch.setattr(live, "LOGIN_CHECK_EVERY_S", 0.05)
    async with house.logged_in("8801") as supervisor, wallboard(supervisor) as wall:
        await wall.picture()
        async with supervisor.post("/api/logout") as answer:
            assert answer.status == 204
        async with asyncio.timeout(15.0):
            while (await wall.event())[0] != "session_over":
                pass


async def test_an_open_wallboard_does_not_hold_up_the_end(house: House) -> None:
    async with house.program() as program, wallboard(program) as wall:
        await wall.picture()
        async with asyncio.timeout(5.0):
            await house.server.close()

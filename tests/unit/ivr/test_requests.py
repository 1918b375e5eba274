"""The one mailbox of talks and supervisions; what is waited for comes as an event: nothing looks again and again."""

import ast
import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.ids import AgentId, CallId
from crm.journal.events import SupervisorLeft, TalkEnded, TalkStarted
from ivr.live.requests import Refused, Requests, TalkOver
from ivr.talking.supervision import Supervision
from ivr.talking.supervision_session import Mode
from tests.fakes.call_centre import ANN, call_centre, in_virtual_time
from tests.fakes.channel import Party

ROOT = Path(__file__).parents[3]
BOSS = AgentId("8801")


async def nothing() -> str:
    return "done"


async def refuse() -> None:
    raise Refused("not now")


def test_what_is_asked_waits_until_its_owner_takes_it() -> None:
    async def story() -> None:
        requests = Requests("the talk")
        first, second = asyncio.create_task(requests.ask(nothing)), asyncio.create_task(requests.ask(refuse))
        await requests.arrival()
        await asyncio.sleep(60)
        assert not first.done() and requests.arrival().done(), "something waits already"
        failures = []
        while request := requests.take():
            failures.append(await requests.carry_out(request))
        assert await first == "done"
        with pytest.raises(Refused, match="not now"):
            await second
        assert [type(failure) for failure in failures] == [type(None), Refused]
        assert not requests.arrival().done() and requests.take() is None

    in_virtual_time(story())


def test_when_it_is_over_what_waits_and_what_comes_is_refused() -> None:
    async def story() -> None:
        requests = Requests("the supervision")
        waiting = asyncio.create_task(requests.ask(nothing))
        await requests.arrival()
        requests.close()
        for late in (waiting, requests.ask(nothing)):
            with pytest.raises(TalkOver, match="the supervision is over"):
                await late

    in_virtual_time(story())


def test_a_talk_is_awaited_for_as_long_as_it_takes(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            caller = centre.telephony.call("4008100002", "13800138000")
            call_id = CallId(f"call-{caller.id}")
            standing = asyncio.create_task(centre.hotline.talks.standing(call_id))
            await asyncio.sleep(1)
            caller.press("1")
            await asyncio.sleep(60)
            assert not standing.done()
            centre.available(ANN)
            live = await standing
            (began,) = centre.events(TalkStarted)
            assert (live.call_id, live.agent_id, centre.telephony.now()) == (call_id, ANN, began.at)
            assert await centre.hotline.talks.standing(call_id) is live

    in_virtual_time(story())


@pytest.mark.req("QUA-5")
def test_a_supervision_ends_in_the_moment_when_nobody_follows_the_agent(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            _, live = await centre.talk()
            centre.telephony.agents[BOSS] = Party(after_s=1)
            supervision = Supervision(centre.hotline)
            session = await supervision.supervise(live.call_id, BOSS, Mode.LISTEN)
            await asyncio.sleep(3)
            assert session.joined
            live.agent_leg.leave()  # type: ignore[attr-defined]
            await centre.happens(SupervisorLeft)
            (ended,), (left,) = centre.events(TalkEnded), centre.events(SupervisorLeft)
            assert (left.at, left.reason) == (ended.at, "talk_ended")

    in_virtual_time(story())


TIMED = {
    "ivr/outbound/dialler.py": 2,  # the store may be away: tried again; a lease is renewed before it runs out
    "ivr/talking/duty.py": 1,  # the apology is said again to who waits for somebody on duty
}
"""Where something is done again after a time, which is no looking."""


def sleeps_in_loops(tree: ast.AST) -> Iterator[int]:
    for loop in ast.walk(tree):
        if isinstance(loop, ast.While | ast.For | ast.AsyncFor):
            for node in ast.walk(loop):
                match node:
                    case ast.Call(func=ast.Attribute(value=ast.Name(id="asyncio"), attr="sleep")):
                        yield node.lineno
                    case ast.Call(func=ast.Attribute(value=ast.Name(id="asyncio"), attr="wait"), keywords=named):
                        if any(each.arg == "timeout" for each in named):
                            yield node.lineno


def test_nothing_of_the_call_path_looks_again_and_again() -> None:
    """Asterisk's own side is apart: there a process and a socket are watched, which tell nothing by themselves."""
    rooms = [room for room in (ROOT / "ivr").iterdir() if room.is_dir() and room.name not in ("ari", "pbx")]
    found: dict[str, int] = {}
    for room in [*rooms, ROOT / "routing", ROOT / "app" / "live"]:
        for path in room.rglob("*.py"):
            if lines := set(sleeps_in_loops(ast.parse(path.read_text(encoding="utf-8")))):
                found[path.relative_to(ROOT).as_posix()] = len(lines)
    assert found == TIMED


@pytest.mark.parametrize("wait", ["asyncio.sleep(0.2)", "asyncio.wait({search}, timeout=0.2)"])
def test_a_poll_would_be_found(wait: str) -> None:
    assert list(sleeps_in_loops(ast.parse(f"async def f():\n    while not done():\n        await {wait}"))) == [3]

"""The synthetic caller and agent on a real Asterisk, with the smallest possible controller behind it."""

import asyncio
import json
import shutil
import socket
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from ruamel.yaml import YAML

from app.phone.account import Account
from app.phone.agent import AgentCall, AgentOptions, Reporter, work
from app.phone.caller import CallOptions, place_call
from app.phone.errors import ApiRefused, PhoneTimeout, RegistrationRefused, SystemNotRunning
from app.phone.media import Tone
from app.phone.sip import TestPhone
from app.phone.sound.audio import longest_gap_s
from app.phone.sound.heard import score
from app.phone.sound.wav import read_prompts, write_wav
from config.paths import DataDir
from ivr.pbx.prefix.install import find_asterisk
from ivr.pbx.private_files import agent_secrets
from ivr.pbx.process import AsteriskProcess
from ivr.pbx.settings import PbxSettings
from tests.fakes.little_system import LittleSystem
from tests.fakes.sound import speech

pytestmark = pytest.mark.asterisk

DEMO_SITE = Path(__file__).parents[2] / "config" / "site"
HOTLINE = "4008100002"
LENGTHS_S = {"greeting-default": 0.6, "line-hotline": 1.5, "menu-hotline": 5.0, "apology-system": 1.5}


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def site_with_own_sounds(directory: Path) -> Path:
    """The demo site, its prompts replaced by sounds made here: what is tested does not depend on the voices."""
    site = directory / "site"
    shutil.copytree(DEMO_SITE, site, ignore=lambda path, names: names if Path(path).name == "zh" else [])
    path, yaml = site / "prompts" / "prompts.yaml", YAML()
    listed = yaml.load(path)
    for prompt, entry in listed["prompts"].items():
        entry.pop("sha256", None)
        entry.pop("voice", None)
        entry["own"] = True
        seed = zlib.crc32(prompt.encode())
        write_wav(site / "prompts" / "zh" / f"{prompt}.wav", speech(LENGTHS_S.get(prompt, 0.4), seed))
    yaml.dump(listed, path)
    return site


@dataclass(frozen=True)
class Running:
    """An Asterisk, the little system, and the data directory that names both."""

    data: DataDir
    site: Path
    system: LittleSystem
    pbx: AsteriskProcess


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    with TemporaryDirectory(prefix="phone") as temporary:
        data, site = DataDir(Path(temporary)), site_with_own_sounds(Path(temporary))
        secrets = agent_secrets(data, ["8001"])
        settings = PbxSettings(
            data=data,
            site_prompts=site / "prompts" / "zh",
            sip_host="127.0.0.1",
            sip_port=free_port(socket.SOCK_DGRAM),
            controller_host="127.0.0.1",
            controller_port=free_port(socket.SOCK_STREAM),
            trunk_match=("127.0.0.2",),
            agents=secrets,
        )
        pbx = AsteriskProcess(find_asterisk(), settings)
        system = LittleSystem(secrets["8001"], f"127.0.0.1:{settings.sip_port}")
        await system.listen_api()
        try:
            await pbx.adopt_or_start()
            said = {"http": f"127.0.0.1:{system.http_port}", "sip": system.sip, "site": str(site)}
            data.system_file.write_text(json.dumps({**said, "token": system.token}))
            yield Running(data, site, system, pbx)
        finally:
            await system.stop()
            await pbx.stop()


async def with_controller(running: Running) -> None:
    facts = running.pbx.facts
    await running.system.listen_ari(facts.controller_host, facts.controller_port, facts.ari_user, facts.ari_password)


async def one_agent(running: Running, **options: float) -> tuple["asyncio.Task[list[AgentCall]]", Reporter]:
    reporter = Reporter(say=lambda _: None)
    shift = asyncio.create_task(
        work(AgentOptions("8001", running.data, answer_after_s=0.3, count=1, **options), reporter)  # type: ignore[arg-type]
    )
    ready = asyncio.create_task(running.system.available.wait())
    await asyncio.wait([shift, ready], timeout=10, return_when=asyncio.FIRST_COMPLETED)
    if shift.done():
        shift.result()
    assert running.system.available.is_set()
    return shift, reporter


async def test_caller_and_agent_talk_and_both_can_prove_it(running: Running) -> None:
    await with_controller(running)
    shift, _ = await one_agent(running)
    steps: list[str] = []
    result = await place_call(
        CallOptions(HOTLINE, running.data, keys=("1",), talk_s=2.5, agent_timeout_s=15), steps.append
    )
    (call,) = await asyncio.wait_for(shift, 10)

    told = json.loads(result.as_json())
    assert told["rings"] == 1
    assert told["heard"] == ["greeting-default", "line-hotline", "menu-hotline"]
    assert all(match.score >= 0.8 for match in result.matches)
    assert (told["keys"], len(told["keys_at"])) == ("1", 1)
    assert told["connected_agent"] == "8001"
    assert told["ended_by"] == "caller"
    assert told["ticket"] == "20261122-0001"
    assert told["tone_hz_heard"] == 650
    assert 2.0 < told["talk_s"] < 3.5
    assert call.tone_hz_heard == 440
    assert call.call == "c-1"
    assert call.popped_at and call.answered_at and call.ended_at
    assert call.popped_at < call.answered_at < call.ended_at
    assert (call.invited_at - result.keys_at[0]).total_seconds() < 0.3
    assert running.system.states == ["available", "logged_out"]
    assert any("响铃" in step for step in steps)
    assert any("听到 menu-hotline" in step for step in steps)
    assert any("已接通坐席 8001" in step for step in steps)


async def test_the_agent_may_hang_up_first(running: Running) -> None:
    await with_controller(running)
    shift, _ = await one_agent(running, hangup_after_s=1.5)
    result = await place_call(CallOptions(HOTLINE, running.data, keys=("1",), talk_s=20), lambda _: None)
    await asyncio.wait_for(shift, 10)
    assert result.ended_by == "agent"
    assert result.talk_s < 3


async def test_interrupting_the_caller_hangs_up_and_still_tells(running: Running) -> None:
    await with_controller(running)
    stop = asyncio.Event()

    def say(step: str) -> None:
        if "接通" in step:
            stop.set()

    result = await place_call(CallOptions(HOTLINE, running.data, keys=("1",)), say, stop)
    assert result.answered_at
    assert (result.keys, result.connected_agent, result.ended_by) == ([], None, "caller")


async def test_without_a_controller_asterisk_answers_in_the_third_ring_and_apologises(running: Running) -> None:
    result = await place_call(CallOptions(HOTLINE, running.data, agent_timeout_s=4), lambda _: None)
    assert result.rings == 3
    assert result.answered_at and result.ringing_at
    assert (result.answered_at - result.ringing_at).total_seconds() < 15
    assert result.matches[0].prompt == "apology-system"
    assert result.exit_code == 0


async def test_an_unanswered_call_is_a_result_with_exit_code_1(running: Running) -> None:
    result = await place_call(CallOptions(HOTLINE, running.data, answer_timeout_s=1), lambda _: None)
    assert (result.exit_code, result.rings, result.answered_at) == (1, 1, None)
    assert result.sip_code == 487


async def test_a_wrong_secret_is_refused_and_the_right_one_stays_reachable(running: Running) -> None:
    facts = running.pbx.facts
    registrar = (facts.sip_host, facts.sip_port)
    async with TestPhone("127.0.0.1") as phone:
        with pytest.raises(RegistrationRefused, match=r"40[13]"):
            await phone.register(Account("agent-8001", "wrong", registrar))
        await phone.register(Account("agent-8001", running.system.secret, registrar))
        assert phone.address[1] > 0
        assert str(phone.address[1]) in await running.pbx.command("pjsip show contacts")
    assert str(phone.address[1]) not in await running.pbx.command("pjsip show contacts")


async def test_prompts_come_through_asterisk_whole_and_without_gaps(running: Running) -> None:
    await with_controller(running)
    facts = running.pbx.facts
    prompts = read_prompts(running.site / "prompts" / "zh")
    async with TestPhone("127.0.0.2") as phone:
        line = await phone.dial(HOTLINE, (facts.sip_host, facts.sip_port), caller="13800000000")
        await line.wait_answered(5)
        line.media.source = Tone(440)
        await line.media.heard.until(lambda heard: len(heard.arrivals) > 350, 12)
    sound = line.media.heard.samples()
    assert score(sound, prompts["menu-hotline"]) >= 0.9
    assert score(sound, prompts["menu-aid"]) < 0.3
    assert longest_gap_s(line.media.heard.arrivals) < 0.1


async def test_a_callback_on_the_desk_is_accepted(running: Running) -> None:
    stop = asyncio.Event()
    shift = asyncio.create_task(work(AgentOptions("8001", running.data), Reporter(say=lambda _: None), stop))
    await asyncio.wait_for(running.system.available.wait(), 10)
    await running.system.pop(call="c-2", due_call="12")
    async with asyncio.timeout(5):
        await running.system.accepted_any.wait()
    stop.set()
    await asyncio.wait_for(shift, 10)
    assert running.system.accepted == ["12"]
    assert running.system.states[-1] == "logged_out"


async def test_an_unknown_agent_is_told_so(running: Running) -> None:
    with pytest.raises(ApiRefused, match="没有坐席 9999"):
        await work(AgentOptions("9999", running.data), Reporter(say=lambda _: None))


async def test_no_system_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SystemNotRunning, match="make run"):
        await place_call(CallOptions(HOTLINE, DataDir(tmp_path)), lambda _: None)
    with pytest.raises(SystemNotRunning, match="make run"):
        await work(AgentOptions("8001", DataDir(tmp_path)), Reporter(say=lambda _: None))


async def test_a_system_that_has_gone_is_noticed(tmp_path: Path) -> None:
    gone = {"http": f"127.0.0.1:{free_port(socket.SOCK_STREAM)}", "site": str(DEMO_SITE), "token": "x"}
    gone["sip"] = f"127.0.0.1:{free_port(socket.SOCK_DGRAM)}"
    DataDir(tmp_path).system_file.write_text(json.dumps(gone))
    with pytest.raises(SystemNotRunning, match="没有应答"):
        await work(AgentOptions("8001", DataDir(tmp_path)), Reporter(say=lambda _: None))
    with pytest.raises(PhoneTimeout):
        await place_call(CallOptions(HOTLINE, DataDir(tmp_path)), lambda _: None)

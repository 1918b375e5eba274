"""People of the running system: first passwords, the command beside it, rights that end in a talk, restarts. ACC-1."""

import re
import stat
from pathlib import Path

import pytest

from crm.journal.events import CallEnded
from tests.integration.harness.api import Refusal
from tests.integration.harness.invariants import journal_events
from tests.integration.harness.logins import logged_in, session_of, welcomed
from tests.integration.harness.people import caller
from tests.integration.harness.phones import agent_telephone
from tests.integration.harness.processes import SANXIANG, Program
from tests.integration.harness.running import RunningSystem

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

ONE_TIME = re.compile(r"^  (\S+) +([a-z2-9]{5}-[a-z2-9]{5}-[a-z2-9]{5}) ", re.MULTILINE)


def sealed_passwords(settings: Path) -> None:
    """As a site of one's own has it: one-time passwords go into a file."""
    printed = settings.read_text(encoding="utf-8")
    settings.write_text(re.sub(r"^first_passwords: printed", "first_passwords: sealed", printed, flags=re.M), "utf-8")


async def command(system: RunningSystem, name: str, *words: str) -> str:
    """What `sanxiang user …` says beside the running system."""
    arguments = [SANXIANG, "user", *words, "--data", system.data.root]
    async with Program(arguments, system.directory / name) as program:
        code = await program.wait(30)
        assert code == 0, program.last_words()
        return program.said()


@pytest.mark.req("ACC-1")
async def test_the_first_start_prints_everybodys_one_time_password_once(system: RunningSystem) -> None:
    await system.up()
    await welcomed(system)
    printed = dict(ONE_TIME.findall(system.program.said()))
    people = [each["name"] for each in (await (await system.api()).get("/api/users"))["items"]]
    assert sorted(printed) == sorted(people) and len(set(printed.values())) == len(people)
    token = await session_of(system, "8001", printed["8001"])
    assert token
    assert await system.stop() == 0
    said = len(system.program.said())
    await system.up()
    await welcomed(system, said)
    assert ONE_TIME.findall(system.program.said()[said:]) == []
    assert not system.data.one_time_passwords.exists() and not system.data.shared_password.exists()
    for secret in printed.values():
        files = [path for path in sorted(system.data.root.rglob("*")) if path.is_file()]
        assert not [path for path in files if secret.encode() in path.read_bytes()]
    await system.stop()


@pytest.mark.req("ACC-1")
async def test_a_site_of_ones_own_finds_them_in_a_file_for_its_owner_alone(system: RunningSystem) -> None:
    sealed_passwords(system.site.path / "site.yaml")
    await system.up()
    await welcomed(system)
    assert ONE_TIME.findall(system.program.said()) == []
    file = system.data.one_time_passwords
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and str(file) in system.program.said()
    sealed = dict(ONE_TIME.findall(file.read_text(encoding="utf-8")))
    assert await session_of(system, "8901", sealed["8901"])
    await system.stop()


@pytest.mark.req("ACC-2")
async def test_who_is_retired_in_a_talk_finishes_it_and_has_no_rights_left(system: RunningSystem) -> None:
    system.site.queue("*", wrap_up_s=1)
    await system.up()
    api = await system.api()
    async with (
        logged_in(system, "8001") as agent,
        agent_telephone(system, "8001", "--answer-after", "0.5") as telephone,
    ):
        async with caller(system, "13800000071", dials="4008100002") as person:
            await person.begins_to_hear("menu-hotline")
            await person.presses("1")
            await api.agent_becomes("8001", "talking")
            assert "已离职" in await command(system, "retire", "retire", "8001")
            with pytest.raises(Refusal) as refused:
                await agent.get("/api/me")
            assert refused.value.status == 401
            assert (await api.agent("8001"))["state"] == "talking"
            assert (await api.agent("8001"))["wish"] == "logged_out"
            await person.hangs_up()
        await telephone.finished(1)
    await api.agent_becomes("8001", "logged_out")
    with pytest.raises(Refusal):
        await api.set_state("8001", "available")
    ends = [event for event in journal_events(system.data) if isinstance(event, CallEnded)]
    assert [end.outcome for end in ends] == ["answered"]
    await system.stop()
    said = len(system.program.said())
    await system.up()
    await welcomed(system, said)
    with pytest.raises(Refusal):
        await (await system.api()).set_state("8001", "available")
    await system.stop()


@pytest.mark.req("ACC-2")
async def test_a_telephone_at_work_goes_on_when_the_controller_is_started_again(system: RunningSystem) -> None:
    """Its token is of the old controller; it reads the new one."""
    system.site.queue("*", wrap_up_s=1)
    await system.up()
    async with agent_telephone(system, "8001", "--answer-after", "0.3") as telephone:
        await (await system.api()).agent_becomes("8001", "available")
        await system.kill9()
        await system.restart()
        await (await system.api()).agent_becomes("8001", "available")
        async with caller(system, "13800000072", dials="4008100002") as person:
            await person.begins_to_hear("menu-hotline")
            await person.presses("1")
            await (await system.api()).agent_becomes("8001", "talking")
            await person.hangs_up()
        await telephone.finished(1)
    await system.stop()

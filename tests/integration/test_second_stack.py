"""A SIP stack that is not ours at both ends of a call: what works is SIP, not an agreement between our two halves.

pyVoIP cannot press keys, so the menu leads its caller to a person after a short silence.
"""

import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.integration.harness.api import until
from tests.integration.harness.foreign_phone import ForeignPhone
from tests.integration.harness.invariants import assert_nothing_left, assert_one_end_each, journal_events
from tests.integration.harness.people import has_tone, sound_of
from tests.integration.harness.processes import Program
from tests.integration.harness.running import RunningSystem, free_port

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

AGENT, CALLER, LINE = "8001", "13800000051", "4008100002"
CALLER_HZ, AGENT_HZ = 440, 650


@asynccontextmanager
async def foreign(system: RunningSystem, phone: ForeignPhone) -> AsyncIterator[Program]:
    """A pyVoIP telephone that is ready."""
    arguments = [sys.executable, "-m", "tests.integration.harness.foreign_phone", phone.as_json()]
    async with Program(arguments, system.directory / f"foreign-{phone.username}") as program:

        async def ready() -> bool | None:
            assert program.runs, program.last_words()
            return True if "ready" in program.complained() else None

        await until(ready, 20.0, f"pyVoIP's {phone.username}")
        yield program


def result(program: Program) -> dict[str, object]:
    """The last line: pyVoIP prints lines of its own before it."""
    told: dict[str, object] = json.loads(program.said().splitlines()[-1])
    return told


async def test_a_foreign_caller_talks_to_a_foreign_agent(system: RunningSystem) -> None:
    with system.site.edit("menus/hotline.yaml") as menu:
        menu["first_digit_timeout_s"] = 1
        menu["no_input"]["attempts"] = 1
    system.site.sounds(0.5, "menu-hotline")
    await system.up()
    api = await system.api()
    account = await api.get(f"/api/agents/{AGENT}/telephone")
    caller = ForeignPhone(
        host="127.0.0.2",
        port=free_port(socket.SOCK_DGRAM, "127.0.0.2"),
        first_rtp_port=61_000,
        server=system.sip,
        username=CALLER,
        secret="",
        tone_hz=CALLER_HZ,
        expects_hz=AGENT_HZ,
        number=LINE,
    )
    agent = ForeignPhone(
        host="127.0.0.1",
        port=free_port(socket.SOCK_DGRAM),
        first_rtp_port=61_100,
        server=system.sip,
        username=str(account["username"]),
        secret=str(account["secret"]),
        tone_hz=AGENT_HZ,
        expects_hz=CALLER_HZ,
    )
    async with foreign(system, agent) as agents_program:
        await api.set_state(AGENT, "available")
        async with foreign(system, caller) as callers_program:
            assert await callers_program.wait(90) == 0, callers_program.last_words()
            assert await agents_program.wait(20) == 0, agents_program.last_words()
            assert result(callers_program) == {"talked": True, "heard": True}
            assert result(agents_program)["talked"]  # its ear fails where the RTP clock jumps: the recording heard both
    ticket = await api.ticket_of(CALLER)
    assert (ticket["agent"], ticket["outcome"]) == (AGENT, "answered")
    assert ticket["calls"][0]["ended_by"] == "caller"
    sound = sound_of(await api.read("GET", f"/api/tickets/{ticket['number']}/recording"))
    assert has_tone(sound, CALLER_HZ, -3)
    assert has_tone(sound, AGENT_HZ, -3)
    await assert_nothing_left(system)
    assert_one_end_each(journal_events(system.data))

"""SIP over TLS and SRTP with a telephone that is not ours, and with those who would speak less, or nonsense. V12, V17

Asterisk drops what comes from another address than the telephone's before it looks at the key. So the talk is attacked
from elsewhere first, and then, when the telephone is gone, from its very port under its SSRC: only the key is missing.
"""

import asyncio
import random
import re
import socket
import ssl
import struct
from pathlib import Path

import pytest

from tests.integration.harness.baresip import BaresipAccount, baresip
from tests.integration.harness.certificates import Certificates, make_certificates
from tests.integration.harness.invariants import assert_nothing_left, assert_one_end_each, journal_events
from tests.integration.harness.people import Person, caller, has_tone, sound_of
from tests.integration.harness.processes import console
from tests.integration.harness.running import RunningSystem, free_port

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

AGENT, CALLER, LINE = "8001", "13800000052", "4008100002"
CALLER_HZ, AGENT_HZ, INTRUDER_HZ = 440, 650, 1000
ROUNDS, AT_ONCE = 100, 5
"""So many of each kind: libsrtp's refusals are logged by the hundred."""
TAG = 10
"""Bytes of a tag of SRTP."""
SRTP_LOG = "srtp.log"
HEARD_ON = 100
"""Packets of 20 ms that each side hears after the attack."""
LOUD = bytes((0x34, 0x21, 0x21, 0x34, 0xB4, 0xA1, 0xA1, 0xB4) * 20)
"""1 kHz at full strength, in A-law."""
OLD = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)
TODAYS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


def secured(system: RunningSystem) -> tuple[Certificates, int]:
    """Telephones of this site speak TLS, at this port, and SRTP or nothing."""
    certificates, port = make_certificates(system.directory), free_port(socket.SOCK_STREAM)
    files = {"certificate": str(certificates.certificate), "key": str(certificates.key)}
    system.site.section("telephones", tls={"port": port, **files}, media_encryption="required")
    return certificates, port


async def account_of(system: RunningSystem, certificates: Certificates, port: int, **options: str) -> BaresipAccount:
    told = await (await system.api()).get(f"/api/agents/{AGENT}/telephone")
    return BaresipAccount(
        server=("127.0.0.1", port),
        username=told["username"],
        secret=told["secret"],
        authority=certificates.authority,
        media="none" if options.get("media") == "none" else "srtp-mand",
        tone_hz=AGENT_HZ,
    )


def handshake(port: int, authority: Path, version: ssl.TLSVersion) -> str | None:
    """The version that was agreed on when this one alone is offered. Raises ssl.SSLError."""
    context = ssl.create_default_context(cafile=str(authority))
    context.set_ciphers("ALL:@SECLEVEL=0")  # as an old telephone, which would take anything
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", port), 5) as connection,
        context.wrap_socket(connection, server_hostname="127.0.0.1") as secure,
    ):
        return secure.version()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_telephones_are_met_by_tls_of_today_alone_and_plain_audio_is_refused(system: RunningSystem) -> None:
    certificates, port = secured(system)
    await system.up()
    for version in OLD:
        with pytest.raises(ssl.SSLError) as refused:
            await asyncio.to_thread(handshake, port, certificates.authority, version)
        assert "_ALERT_" in str(refused.value.reason), "it was the server that refused"
    agreed = [await asyncio.to_thread(handshake, port, certificates.authority, version) for version in TODAYS]
    assert agreed == ["TLSv1.2", "TLSv1.3"]

    account = await account_of(system, certificates, port, media="none")
    async with baresip(system.directory / "plain", account, "d 13800000053") as telephone:
        await telephone.says(r"m=audio \d+ RTP/AVP ", 10, "an offer of plain audio")
        await telephone.says(r"SIP/2\.0 488 ", 10, "its refusal")
    await assert_nothing_left(system)


def wrong_packets(ssrc: int, chance: random.Random) -> tuple[bytes, ...]:
    """Random bytes, a wrong tag, plain audio, one shorter than a tag, and a wrong tag of nobody's."""

    def headed(source: int, payload: bytes) -> bytes:
        return struct.pack("!BBHII", 0x80, 8, chance.getrandbits(16), chance.getrandbits(32), source) + payload

    return (
        chance.randbytes(chance.randrange(1, 200)),
        headed(ssrc, chance.randbytes(160 + TAG)),
        headed(ssrc, LOUD),
        headed(ssrc, chance.randbytes(3)),
        headed(chance.getrandbits(32), chance.randbytes(160 + TAG)),
    )


async def attack(person: Person, port: int, ssrc: int, source: tuple[str, int]) -> None:
    """A few of each kind with every packet that the caller hears, so that the port's queue holds both."""
    chance = random.Random(17)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as intruder:
        intruder.bind(source)
        for _ in range(ROUNDS):
            await talks_on(person, 1)
            for _ in range(AT_ONCE):
                for wrong in wrong_packets(ssrc, chance):
                    intruder.sendto(wrong, ("127.0.0.1", port))


async def talks_on(person: Person, packets: int = HEARD_ON) -> None:
    """Returns when so much more was heard. Raises TimeoutError."""
    heard = person.line.media.heard
    before = len(heard.arrivals)
    await heard.until(lambda now: len(now.arrivals) >= before + packets, 10)


async def test_an_agent_talks_by_tls_and_srtp_and_nonsense_at_its_port_does_not_disturb(system: RunningSystem) -> None:
    certificates, port = secured(system)
    system.site.queue("*", wrap_up_s=1, announce_agent=False)
    await system.up()
    api = await system.api()
    await console(system.data, f"logger add channel {SRTP_LOG} verbose(2)")
    account = await account_of(system, certificates, port)
    async with baresip(system.directory / "secure", account) as telephone:
        await api.set_state(AGENT, "available")
        async with caller(system, CALLER, dials=LINE) as person:
            person.speaks(CALLER_HZ)
            await person.begins_to_hear("menu-hotline")
            await person.presses("1")
            srtp = r"INVITE sip:[^\0]+?m=audio (\d+) RTP/SAVP [^\0]+?a=crypto:\S+ AES_"
            offered = await telephone.says(srtp, 20, "an offer of SRTP")
            answered = r"m=audio (\d{4,}) RTP/SAVP (?:(?!m=audio)[^\0])+?a=ssrc:([1-9]\d*)"
            own = await telephone.says(answered, 10, "its answer")
            port, ssrc = int(offered[1]), int(own[2])
            await api.agent_becomes(AGENT, "talking")
            await talks_on(person)
            await attack(person, port, ssrc, ("127.0.0.22", 0))
            before = person.sound.size
            await talks_on(person)
            assert has_tone(person.sound[before:], AGENT_HZ)
            assert has_tone(telephone.heard(), CALLER_HZ)
            assert (await api.agent(AGENT))["state"] == "talking"

            await telephone.program.kill()  # its port is free then, and Asterisk has locked on it
            before = person.sound.size
            await attack(person, port, ssrc, ("127.0.0.1", int(own[1])))
            assert not has_tone(person.sound[before:], INTRUDER_HZ, -10)
            await person.hangs_up()
    log = (system.data.asterisk / "log" / SRTP_LOG).read_text(encoding="utf-8")
    assert re.search(r"SRTP unprotect failed .*authentication failure", log), log[-2000:]
    ticket = await api.ticket_of(CALLER)
    assert (ticket["agent"], ticket["outcome"], ticket["calls"][0]["ended_by"]) == (AGENT, "answered", "caller")
    sound = sound_of(await api.read("GET", f"/api/tickets/{ticket['number']}/recording"))
    assert has_tone(sound, CALLER_HZ, -3) and has_tone(sound, AGENT_HZ, -3)
    await assert_nothing_left(system)
    assert_one_end_each(journal_events(system.data))

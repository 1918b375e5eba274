"""Agents' telephones over TLS with SRTP, by a SIP stack that is not ours."""

import asyncio
import logging
import socket
import ssl
import tempfile
from pathlib import Path

import pytest

from config.paths import DataDir
from ivr.pbx.prefix.install import ensure_asterisk
from ivr.pbx.process import AsteriskProcess
from ivr.pbx.settings import PbxSettings, SipTls
from tests.integration.harness.api import until
from tests.integration.harness.invariants import assert_nothing_left
from tests.integration.harness.people import caller, has_tone, sound_of
from tests.integration.harness.running import RunningSystem, free_port
from tests.integration.harness.secure_phone import certify, secure_phone

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

log = logging.getLogger(__name__)

AGENT, PLAIN, CALLER, LINE = "8001", "8002", "13800000061", "4008100002"
CALLER_HZ, AGENT_HZ = 440, 650


def shown_certificate(port: int, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> bytes:
    """What the telephones' port shows to somebody who speaks this version of TLS. Raises ssl.SSLError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain, context.wrap_socket(plain) as secure:
        return secure.getpeercert(binary_form=True) or b""


async def secured(system: RunningSystem, encryption: str) -> int:
    """A running system whose telephones may use TLS; its port."""
    port = free_port(socket.SOCK_STREAM)
    await certify(system.directory, "sip")
    files = {"certificate": str(system.directory / "sip.crt"), "key": str(system.directory / "sip.key")}
    system.site.section("telephones", tls={"port": port, **files}, media_encryption=encryption)
    system.site.queue("hotline", agents=[AGENT, PLAIN])
    await system.up()
    return port


async def talk(system: RunningSystem, number: str) -> str:
    """A caller who hears the agent's tone; the ticket."""
    async with caller(system, number, dials=LINE) as person:
        person.speaks(CALLER_HZ)
        await person.hears("menu-hotline")
        await person.presses("1")

        async def heard() -> bool | None:
            return True if has_tone(person.sound[-8000:], AGENT_HZ, 10) else None

        await until(heard, 20.0, "the agent's tone at the caller's ear")
        await person.hangs_up()
    api = await system.api()
    return str((await api.ticket_of(number))["number"])


async def test_an_agent_talks_by_tls_and_srtp_and_no_other_telephone_is_rung(system: RunningSystem) -> None:
    port = await secured(system, "required")
    api = await system.api()
    account = await api.get(f"/api/agents/{AGENT}/telephone")
    assert (account["sip_tls"], account["media_encryption"]) == (f"127.0.0.1:{port}", "required")
    async with secure_phone(system.directory, account, system.directory / "sip.crt", AGENT_HZ) as phone:
        await api.set_state(AGENT, "available")
        ticket = await talk(system, CALLER)
        assert "SRTP is Enabled" in phone.said() + phone.complained()
    sound = sound_of(await api.read("GET", f"/api/tickets/{ticket}/recording"))
    assert has_tone(sound, CALLER_HZ, -3) and has_tone(sound, AGENT_HZ, -3)
    await assert_nothing_left(system)

    plain = await api.get(f"/api/agents/{PLAIN}/telephone")
    async with secure_phone(system.directory, plain, system.directory / "sip.crt", AGENT_HZ, encrypts=False):
        await api.set_state(AGENT, "not_ready", "break")
        await api.set_state(PLAIN, "available")
        async with caller(system, "13800000062", dials=LINE) as person:
            await person.hears("menu-hotline")
            await person.presses("1")
            await api.agent_becomes(PLAIN, "not_ready")
            await person.hangs_up()
    assert (await api.ticket_of("13800000062"))["outcome"].startswith("abandoned")


async def test_old_tls_is_refused_and_a_renewed_certificate_is_taken_without_a_restart() -> None:
    with tempfile.TemporaryDirectory(prefix="sx", ignore_cleanup_errors=True) as name:
        home, port = Path(name), free_port(socket.SOCK_STREAM)
        (home / "prompts").mkdir()
        await certify(home, "sip")
        settings = PbxSettings(
            data=DataDir(home / "d"),
            site_prompts=home / "prompts",
            sip_host="127.0.0.1",
            sip_port=free_port(socket.SOCK_DGRAM),
            controller_host="127.0.0.1",
            controller_port=free_port(socket.SOCK_STREAM),
            trunk_match=("127.0.0.2",),
            tls=SipTls(port=port, certificate=home / "sip.crt", key=home / "sip.key"),
        )
        asterisk = AsteriskProcess(ensure_asterisk(None, log.info), settings)
        await asterisk.adopt_or_start()
        try:
            await renewal(asterisk, home, port)
        finally:
            await asterisk.stop()


async def renewal(asterisk: AsteriskProcess, home: Path, port: int) -> None:
    pid, first = asterisk.pid, await asyncio.to_thread(shown_certificate, port)
    assert await asyncio.to_thread(shown_certificate, port, ssl.TLSVersion.TLSv1_2) == first
    for old in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.to_thread(shown_certificate, port, old)
    assert not await asterisk.renew_certificate()
    await certify(home, "sip")
    assert await asterisk.renew_certificate()

    async def renewed() -> bool | None:
        return True if await asyncio.to_thread(shown_certificate, port) != first else None

    await until(renewed, 10.0, "the new certificate")
    assert asterisk.pid == pid
    assert not await asterisk.renew_certificate()

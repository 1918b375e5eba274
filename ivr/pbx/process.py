"""One Asterisk process of one data directory: start, adopt, command, stop. When to restart it is `supervisor`'s.

Asterisk runs in a session of its own and outlives a crashed controller, so it is nobody's child: it is known by its pid
and start time, and its end is awaited through a pidfd (design D2).
"""

import asyncio
import logging
import os
import re
import signal
import subprocess
import zlib
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from config.paths import DataDir
from ivr.pbx import processes
from ivr.pbx.console import ask_console, last_words
from ivr.pbx.ports import reserve_rtp_block, udp_is_free
from ivr.pbx.prefix.errors import AsteriskNotReady
from ivr.pbx.prefix.install import AsteriskBinary
from ivr.pbx.processes import ProcessId
from ivr.pbx.render import render, render_agents
from ivr.pbx.settings import PbxSettings, StartFacts, new_facts
from ivr.pbx.state import PbxState, load_state, save_state, state_file

_log = logging.getLogger(__name__)

_START_TIMEOUT_S = 20.0
_COMMAND_TIMEOUT_S = 5.0
_STOP_GRACE_S = 5.0
_POLL_S = 0.02
_ROTATE_AT_BYTES = 10_000_000
_LOGS = ("messages.log", "security.log", "console.log")

Render = Callable[[PbxSettings, AsteriskBinary, StartFacts], Path]


class AsteriskProcess:
    """Use: `await adopt_or_start()`, then run `supervise(...)` beside everything else, at the end `await stop()`."""

    def __init__(self, binary: AsteriskBinary, settings: PbxSettings, render: Render = render) -> None:
        """`render` writes etc/ before each start; another one than ours gives an Asterisk of another configuration."""
        self._binary = binary
        self._render = render
        self._settings = settings
        self._home = settings.data.asterisk.resolve()
        self._facts: StartFacts | None = None
        self._process: ProcessId | None = None
        self._tls_seen: tuple[int, ...] | None = None
        """When the TLS files were written, as of the last look."""
        self.adopted = False
        """It was found running: calls may have outlived the controller before this one."""
        self.trouble: str | None = None
        """What is wrong with the running process, in words; None while it answers. The supervisor's to say."""

    @property
    def facts(self) -> StartFacts:
        """Ports and credentials of the present life; a restart changes them before Asterisk first connects."""
        if self._facts is None:
            raise AsteriskNotReady("Asterisk has not been started")
        return self._facts

    @property
    def data(self) -> DataDir:
        """The data directory that this Asterisk belongs to."""
        return self._settings.data

    @property
    def pid(self) -> int | None:
        """The running process, None when there is none."""
        return self._process.pid if self.is_alive() and self._process else None

    def is_alive(self) -> bool:
        """True while the process exists; a hung one is alive too."""
        return self._process is not None and processes.is_alive(self._process)

    def status(self) -> dict[str, object]:
        """For the status page; no secrets."""
        return {
            "ok": self.is_alive() and self.trouble is None,
            "failure": self.trouble if self.is_alive() else self.trouble or "the process does not run",
            "pid": self.pid,
            "version": self._binary.version,
            "sip": f"{self.facts.sip_host}:{self.facts.sip_port}" if self._facts else None,
            "rtp": [self.facts.rtp_first, self.facts.rtp_last] if self._facts else None,
        }

    async def adopt_or_start(self) -> bool:
        """Takes over this data directory's running Asterisk (True), else starts one (False). Raises AsteriskNotReady.

        An adopted one keeps its addresses and credentials (`facts`), also where the settings now say otherwise; the
        rest of its configuration is renewed.
        """
        state = load_state(self._settings.data)
        running = self._find_running(state)
        if running is not None and state is not None:
            self._process, self._facts = running, state.facts
            try:
                await self.command("core waitfullybooted")
            except AsteriskNotReady as error:
                _log.error("the running Asterisk does not answer, it is replaced: %s", error, extra=_extra("pbx_hung"))
            else:
                await self._renew(state, running)
                self.adopted = True
                return True
        if running is not None:
            self._process = running
            await self.kill()
        elif state is not None and state.process is not None:
            await processes.wait_ended(state.process)
        await self.start()
        return False

    async def start(self) -> None:
        """Starts a new Asterisk with new credentials and waits until it is fully booted. Raises AsteriskNotReady."""
        settings = self._settings
        if not udp_is_free(settings.sip_host, settings.sip_port):
            raise AsteriskNotReady(
                f"the SIP address {settings.sip_host}:{settings.sip_port} (UDP) is in use by another program: "
                "stop that one or choose another with --sip HOST:PORT"
            )
        block = reserve_rtp_block(settings.rtp_ports, seed=zlib.crc32(str(self._home).encode()))
        with closing(block):
            self._process = None
            self._facts = new_facts(settings, block.first, block.last)
            configuration = self._render(settings, self._binary, self._facts)
            for name in ("asterisk.ctl", "asterisk.pid"):
                (self._home / "run" / name).unlink(missing_ok=True)
            save_state(settings.data, PbxState(self._facts, self._binary.version, None))
            alive = await asyncio.to_thread(self._launch, configuration, [guard.fileno() for guard in block.guards])
        try:
            async with asyncio.timeout(_START_TIMEOUT_S):
                self._process = await self._wait_booted(alive)
        except TimeoutError as error:
            await self._abandon_start()
            raise AsteriskNotReady(
                f"Asterisk was not ready after {_START_TIMEOUT_S:.0f} s. {last_words(self._home / 'log')}"
            ) from error
        finally:
            os.close(alive)
        await self._check_sip()
        save_state(settings.data, PbxState(self._facts, self._binary.version, self._process))
        _log.info("Asterisk %s started, pid %d", self._binary.version, self._process.pid, extra=_extra("pbx_started"))

    async def command(self, text: str, timeout_s: float = _COMMAND_TIMEOUT_S) -> str:
        """As `ask_console`."""
        return await ask_console([*self._binary.command, "-C", str(self._configuration)], text, timeout_s)

    async def ping(self) -> bool:
        """Asks Asterisk for a sign of life through its console. Raises AsteriskNotReady; ARI's own ping is cheaper."""
        await self.command("core show uptime seconds")
        return True

    async def wait_ended(self) -> None:
        """Returns when the process has ended; at once when there is none."""
        if self._process is not None:
            await processes.wait_ended(self._process)

    async def stop(self) -> None:
        """Ends all calls and this directory's Asterisk. Asks first, insists after 5 s. Cancel `supervise` before."""
        if self._process is None:
            self._process = self._find_running(load_state(self._settings.data))
        if self.is_alive():
            try:
                await self.command("core stop now", timeout_s=_STOP_GRACE_S)
                async with asyncio.timeout(_STOP_GRACE_S):
                    await self.wait_ended()
            except (AsteriskNotReady, TimeoutError) as error:
                _log.warning("Asterisk does not stop by itself: %s", error, extra=_extra("pbx_stop_forced"))
        await self.kill()
        state_file(self._settings.data).unlink(missing_ok=True)

    async def kill(self) -> None:
        """Ends the process at once, also a hung one, and waits until it is gone. Its callers get no BYE."""
        if self._process is not None:
            processes.send_signal(self._process, signal.SIGKILL)
            await processes.wait_ended(self._process)
        self._process = None

    async def reload_telephones(self, agent: str) -> list[str]:
        """Gives Asterisk the secrets that `settings.agents` has now; talks go on. Raises AsteriskNotReady.

        Returns the contacts under which the agent's telephone is registered, which a reload leaves in place.
        """
        render_agents(self._settings)
        await self.command("module reload res_pjsip.so")
        registered = await self.command("database show registrar/contact")
        return re.findall(rf"^/registrar/contact/(agent-{agent};@\w+)", registered, re.MULTILINE)

    async def renew_certificate(self) -> bool:
        """Has Asterisk take the TLS files when they are other ones than at the last look; connections that are up stay.

        Asterisk compares the files by itself; the first look here only learns them. Raises AsteriskNotReady.
        """
        if (tls := self._settings.tls) is None:
            return False
        seen = tuple(file.stat().st_mtime_ns for file in (tls.certificate, tls.key))
        before, self._tls_seen = self._tls_seen, seen
        if before in (None, seen):
            return False
        await self.command("module reload res_pjsip.so")
        _log.info("Asterisk has the new TLS certificate", extra=_extra("pbx_certificate"))
        return True

    async def rotate_logs(self) -> None:
        """Keeps each log and one before it, of at most 10 MB or so each."""
        large = [path for name in _LOGS if _size(path := self._home / "log" / name) > _ROTATE_AT_BYTES]
        for path in large:
            path.replace(path.with_suffix(".1.log"))
        if large:
            await self.command("logger reload")

    @property
    def _configuration(self) -> Path:
        return self._home / "etc" / "asterisk.conf"

    def _find_running(self, state: PbxState | None) -> ProcessId | None:
        """The Asterisk that runs on our configuration, by the kept identity or else by its own pid file."""
        if state is not None and state.process is not None and processes.is_alive(state.process):
            return state.process
        try:
            pid = int((self._home / "run" / "asterisk.pid").read_text())
        except (FileNotFoundError, ValueError):
            return None
        arguments = processes.command_line(pid)
        ours = str(self._configuration) in arguments and "-rx" not in arguments
        return processes.identify(pid) if ours else None

    async def _renew(self, state: PbxState, running: ProcessId) -> None:
        facts, settings = state.facts, self._settings
        if (facts.sip_host, facts.sip_port) != (settings.sip_host, settings.sip_port):
            _log.warning(
                "Asterisk was adopted with SIP at %s:%d; another address takes effect when it is stopped and started",
                *(facts.sip_host, facts.sip_port),
                extra=_extra("pbx_adopted_old_address"),
            )
        self._render(settings, self._binary, facts)
        save_state(settings.data, replace(state, process=running))
        # One after the other: a reload that meets another one is put off, and telephones would be unknown till then.
        for reload in ("module reload res_pjsip.so", "dialplan reload", "moh reload"):
            await self.command(reload)
        _log.info("Asterisk %s adopted, pid %d", state.version, running.pid, extra=_extra("pbx_adopted"))

    def _launch(self, configuration: Path, guards: Sequence[int]) -> int:
        """Launches Asterisk in its own session; returns a descriptor that reads end-of-file when it has ended."""
        read_end, write_end = os.pipe()
        os.set_blocking(read_end, False)
        try:
            with (self._home / "log" / "console.log").open("ab") as console:
                subprocess.run(
                    ["setsid", "--fork", *self._binary.command, "-f", "-C", str(configuration)],
                    cwd=self._home,
                    stdin=subprocess.DEVNULL,
                    stdout=console,
                    stderr=subprocess.STDOUT,
                    pass_fds=(*guards, write_end),
                    check=True,
                )
        except (OSError, subprocess.CalledProcessError) as error:
            os.close(read_end)
            raise AsteriskNotReady(f"Asterisk could not be launched: {error}") from error
        finally:
            os.close(write_end)
        return read_end

    async def _wait_booted(self, alive: int) -> ProcessId:
        socket = self._home / "run" / "asterisk.ctl"
        while not socket.exists() or (process := self._find_running(None)) is None:
            if processes.has_ended(alive):
                raise AsteriskNotReady(f"Asterisk ended while starting. {last_words(self._home / 'log')}")
            await asyncio.sleep(_POLL_S)
        while True:
            try:
                await self.command("core waitfullybooted", timeout_s=_START_TIMEOUT_S)
                return process
            except AsteriskNotReady:
                if processes.has_ended(alive):
                    raise
                await asyncio.sleep(_POLL_S)

    async def _abandon_start(self) -> None:
        self._process = self._find_running(None)
        await self.kill()

    async def _check_sip(self) -> None:
        if "transport-udp" not in await self.command("pjsip show transports"):
            await self.kill()
            raise AsteriskNotReady(f"Asterisk could not bind its SIP address. {last_words(self._home / 'log')}")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _extra(action: str) -> dict[str, str]:
    return {"action": action}

"""Runs one hotline in the foreground until it is told to stop (flow): start, adopt, serve, the orderly end. D2, §5."""

import asyncio
import fcntl
import logging
import os
import secrets
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial

from app.data_protection.audit_keys import key_file, make_key_file, warnings
from app.data_protection.audit_trail import TrailFiles
from app.data_protection.logins import Enrolment, keep_enrolling
from app.process.clock import CLOCK, utc_now
from app.process.descriptors import raise_descriptor_limit
from app.process.memory import freeze_lasting_objects, shorten_thread_turns
from app.process.options import UpOptions, write_system_file
from app.process.scheduler import Scheduler
from app.run.front_door import warn_of_plain_http, web_server
from app.run.jobs import jobs
from app.run.quality_jobs import ship_cards
from app.run.system import Kept, System, build
from config.loading.load import load_site
from config.paths import DataDir
from config.schema import Site
from config.words import Words, two_lines
from crm.db.projecting.projector import Projector
from crm.db.store import Store
from crm.errors import StoreAway
from crm.journal.events import ClockStepped
from crm.journal.journal import Journal
from crm.users.words import ROLES
from ivr.arrivals.left_messages import collect_left_messages
from ivr.pbx.ports import ports_wanted, udp_is_free
from ivr.pbx.prefix.install import ensure_asterisk
from ivr.pbx.private_files import agent_secrets, make_private
from ivr.pbx.process import AsteriskProcess
from ivr.pbx.settings import PbxSettings, SipTls
from ivr.pbx.supervisor import supervise
from ivr.port.values import Snapshot
from ivr.sip.invites import Unserved

log = logging.getLogger(__name__)

PROJECTOR_RETRY_S = 2.0
CATCH_UP_S = 5.0
"""How long the end waits for the store to have what the journal has; the next start does the rest."""

ENROLS_WITHIN_S = 5.0
"""So long the start waits for people's accounts; with the store away they follow."""

_ADOPTED = ("接管正在运行的 Asterisk", "Adopted the running Asterisk")
_STARTED = ("Asterisk 已启动", "Asterisk started")

STOPS_WITHIN_S = 5.0
"""So long the end waits for each part; it comes in any case."""

RECONNECTS_WITHIN_S = 2.0
"""So long a websocket may be away before the console is asked whether Asterisk lives."""

Say = Callable[[str], None]


class AlreadyRunning(Exception):
    """Another controller serves this data directory."""


async def run(options: UpOptions, say: Say, stop: asyncio.Event) -> None:
    """Serve until `stop`. Raises SiteFaults, AlreadyRunning, AsteriskNotReady, AsteriskGaveUp, OSError (port taken)."""
    site = load_site(options.site)
    raise_descriptor_limit()
    with only_one(options.data):
        CLOCK.go_on_from(options.data.clock_file)
        telephones = agent_secrets(options.data, [agent.id for agent in site.agents if agent.telephone])
        journal = Journal.open(options.data.journal)
        url = options.database_url or options.data.database_url
        trail = audit_files(options, site, say)
        store = await Store.open(url, area_code=site.area_code, zone=site.zone, clock=utc_now, audit_outside=trail)
        await count_on(journal, store, site)
        await begin_trail(trail, store)
        try:
            pbx = await start_asterisk(options, site, telephones, say)
            try:
                system = build(options, site, pbx, Kept(journal, store, trail))
                freeze_lasting_objects()
                shorten_thread_turns()
                await serve(system, telephones, say, stop)
            finally:
                await pbx.stop()
            await let_the_store_catch_up(system)
        finally:
            journal.close()
            await store.close()
            options.data.system_file.unlink(missing_ok=True)


def audit_files(options: UpOptions, site: Site, say: Say) -> TrailFiles:
    """The audit trail's keys, made at the first start (ACC-5). Raises ValueError, OSError."""
    file = key_file(site, options.audit_key)
    for line in warnings(file, make_key_file(file), options.data.root):
        say(line)
    return TrailFiles(options.data, file)


async def begin_trail(trail: TrailFiles, store: Store) -> None:
    """The last row without a key is recorded before there is one with; a store that is away is asked again later."""
    try:
        await trail.begin(store)
    except StoreAway as exc:
        log.warning("The audit trail's begin waits: %s", exc, extra={"action": "audit_store_away"})


async def count_on(journal: Journal, store: Store, site: Site) -> None:
    """Ticket numbers go on where the store's end, for the case that this journal is younger than its store."""
    try:
        number = await store.tickets.last_number(utc_now().astimezone(site.zone).date())
    except StoreAway as exc:
        log.warning("Ticket numbers are counted by the journal alone: %s", exc, extra={"action": "count_without_store"})
    else:
        if number:
            journal.note_ticket(number)


@contextmanager
def only_one(data: DataDir) -> Iterator[None]:
    """One controller per data directory."""
    make_private(data.root)
    descriptor = os.open(data.lock_file, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise AlreadyRunning(
            f"{data.root} 上已有一个系统在运行，请先停止它，或换一个 --data\n"
            f"a system is running on {data.root} already: stop it first, or use another --data"
        ) from None
    try:
        yield
    finally:
        os.close(descriptor)


async def start_asterisk(options: UpOptions, site: Site, telephones: dict[str, str], say: Say) -> AsteriskProcess:
    """A running Asterisk for this directory: the one that is there, or a new one."""
    binary = await asyncio.to_thread(ensure_asterisk, None, say)
    rules = site.admission
    settings = PbxSettings(
        data=options.data,
        site_prompts=(site.directory / "prompts" / "zh").resolve(),
        sip_host=options.sip.host,
        sip_port=options.sip.port,
        controller_host="127.0.0.1",
        controller_port=free_port(),
        trunk_match=site.trunk.match,
        trunk_outbound=site.trunk.outbound,
        media_address=options.media_address,
        agents=telephones,
        message_max_s=int(site.recording.message_max_s),
        message_silence_s=int(site.recording.message_silence_s),
        rtp_ports=rules.rtp_ports or ports_wanted(len(telephones), rules.calls_in_setup, rules.reserved_legs),
        transfer_key=site.telephones.transfer_key,
        rtp_timeout_s=site.silent_lines.after_s,
        rtp_timeout_hold_s=site.silent_lines.hold_s,
        tls=sip_tls(site),
        media_encryption=site.telephones.media_encryption,
    )
    pbx = AsteriskProcess(binary, settings)
    adopted = await pbx.adopt_or_start()
    for told in _ADOPTED if adopted else _STARTED:
        say(told)
    return pbx


def sip_tls(site: Site) -> SipTls | None:
    """Raises ValueError for files that are not there or do not fit: Asterisk would say so to telephones."""
    if (tls := site.telephones.tls) is None:
        return None
    certificate, key = (site.directory / name for name in (tls.certificate, tls.key))
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as exc:
        raise ValueError(
            two_lines(
                f"telephones.tls：证书 {certificate} 或私钥 {key} 不能用：{exc}",
                f"telephones.tls: the certificate {certificate} or its key {key} cannot be used: {exc}",
            )
        ) from exc
    return SipTls(port=tls.port, certificate=certificate.resolve(), key=key.resolve())


async def serve(system: System, telephones: dict[str, str], say: Say, stop: asyncio.Event) -> None:
    """All parts at work, until `stop`, or until one of them fails for good."""
    token = secrets.token_urlsafe(32)
    works = [
        asyncio.create_task(system.telephony.serve(system.calls.reception.arrive, connected(system)), name="telephony"),
        asyncio.create_task(supervise(system.pbx, sign_of_life(system), asterisk_restarted), name="asterisk"),
        asyncio.create_task(keep_projecting(system.projector), name="projector"),
        asyncio.create_task(system.sip_watch.serve(unserved(system)), name="sip watch"),
        asyncio.create_task(until(stop), name="stop"),
    ]
    figures = asyncio.create_task(system.desk.figures.read_journal(), name="figures")
    people = asyncio.create_task(keep_enrolling(enrolment(system, say)), name="people")
    scheduler = Scheduler(jobs(system), system.clock, partial(clock_stepped, system))
    try:
        async with web_server(system, token, telephones) as listening:
            works.append(listening)
            warn_of_plain_http(system.options, say)
            # At once: `/status` may say that all is up before the rest below is done.
            write_system_file(system.options, f"{system.pbx.facts.sip_host}:{system.pbx.facts.sip_port}", token)
            scheduler.start()
            await asyncio.gather(system.callers.refresh(), system.office.calendar.refresh())
            await asyncio.wait([people], timeout=ENROLS_WITHIN_S)
            await ship_cards(system.store, system.site)
            await wait_ready(system, works)
            welcome(system, say)
            done, _ = await asyncio.wait(works, return_when=asyncio.FIRST_COMPLETED)
            for work in done:
                work.result()
    finally:
        scheduler.shutdown()
        await system.office.hooks.close()
        await system.desk.supervision.close()
        await system.calls.reception.close()
        for work in (figures, people, *works):
            work.cancel()
        await asyncio.wait([figures, people, *works], timeout=STOPS_WITHIN_S)


def enrolment(system: System, say: Say) -> Enrolment:
    """Accounts for the people of this site; who has none any more is signed off."""
    return Enrolment(
        store=system.store,
        site=system.site,
        data=system.options.data,
        shut_out=lambda agent: system.desk.acd.shut_out(agent, by=None),
        say=say,
    )


async def keep_projecting(projector: Projector) -> None:
    """A fault on the store's side is no caller's: it is told, and tried again, and calls go on (design D5)."""
    while True:
        try:
            return await projector.run()
        except Exception:
            log.exception("Events do not reach the store; trying again.", extra={"action": "projector_failed"})
            await asyncio.sleep(PROJECTOR_RETRY_S)


async def until(stop: asyncio.Event) -> None:
    """A task that ends when the system is told to stop."""
    await stop.wait()


def free_port() -> int:
    """A port on loopback that nothing listens on, neither by TCP (ARI) nor by UDP (copies of SIP messages)."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port: int = server.getsockname()[1]
            if udp_is_free("127.0.0.1", port):
                return port


def connected(system: System) -> Callable[[Snapshot], "asyncio.Future[None]"]:
    """At each connect: messages taken without us first, so that their calls are known, then the live calls."""

    async def reconcile(snapshot: Snapshot) -> None:
        await collect_left_messages(system.calls.hotline, system.calls.history)
        await system.calls.reception.reconnect(snapshot)

    return lambda snapshot: asyncio.ensure_future(reconcile(snapshot))


def unserved(system: System) -> Callable[[Unserved], None]:
    """Calls that Asterisk has refused by itself go on record."""
    loop = asyncio.get_running_loop()
    return lambda one: system.calls.reception.admission.put_on_record(one, loop.time() - one.invited_at)


def clock_stepped(system: System, step_s: float) -> None:
    """Somebody set the machine's clock: on record, and told; what time it is here does not change."""
    apart_s = round(system.clock.apart_s, 1)
    stepped = ClockStepped(at=system.clock.now(), by_s=round(step_s, 1), apart_s=apart_s)
    system.calls.hotline.tickets.record(stepped)


async def asterisk_restarted() -> None:
    """The calls that were up are lost; their flows end by themselves, and the next connect finds nothing alive."""
    log.error("Asterisk was restarted; calls that were up are lost.", extra={"action": "asterisk_restarted"})


def sign_of_life(system: System) -> Callable[[], Awaitable[bool]]:
    """How the supervisor asks Asterisk: by the websocket; by console when there has been none for some time.

    In between, while Asterisk dials again, nothing can be said: that neither clears it nor counts against it.
    """
    loop = asyncio.get_running_loop()
    connected_at = loop.time()

    async def ping() -> bool:
        nonlocal connected_at
        if system.telephony.connected.is_set():
            connected_at = loop.time()
            await system.telephony.ping()
            return True
        return loop.time() - connected_at > RECONNECTS_WITHIN_S and await system.pbx.ping()

    return ping


async def wait_ready(system: System, works: list["asyncio.Task[None]"]) -> None:
    """Until Asterisk has connected and its calls are taken up, or one of the works has failed."""
    ready = asyncio.create_task(system.telephony.serving.wait())
    await asyncio.wait([ready, *works], return_when=asyncio.FIRST_COMPLETED)
    ready.cancel()


def welcome(system: System, say: Say) -> None:
    """The page, the numbers to dial, the logins (design §5)."""
    options, site = system.options, system.site
    scheme = "https" if options.certificate else "http"
    rows = [(Words("页面", "page"), f"{scheme}://{options.http}/  ·  /wallboard  ·  /supervisor")]
    rows += [
        (Words("号码", "dial"), f"{line.dnis}  {Words(line.title, line.title_en).on_paper()}") for line in site.lines
    ]
    rows += [(Words("话机", "SIP"), f"{system.pbx.facts.sip_host}:{system.pbx.facts.sip_port}")]
    for role, title in ROLES.items():
        names = ", ".join(agent.id for agent in site.agents if agent.role == role)
        rows += [(Words("登录", "log in"), f"{title.on_paper()}: {names}")]
    data = options.data.root
    rows += [
        (Words("忘记密码", "password"), f"sanxiang user reset {site.agents[0].id} --data {data}"),
        (Words("试一试", "try"), f"sanxiang agent 8001 --data {data}"),
        (Words("试一试", "try"), f"sanxiang call {site.lines[-1].dnis} --keys 1 --data {data}"),
        (Words("停止", "stop"), "Ctrl-C"),
    ]
    say("\n" + two_lines(f"{site.name}已就绪", f"{site.name_en} is ready"))
    for label, value in rows:
        say(f"  {label.zh:　<4} {label.en:<9} {value}")
    say("")


async def let_the_store_catch_up(system: System) -> None:
    """After the last call: what the journal has, the store gets, if it can soon."""
    catching_up = asyncio.create_task(system.projector.run())
    try:
        await asyncio.wait_for(system.projector.caught_up(), CATCH_UP_S)
    except TimeoutError:
        log.warning("The store has not caught up; the next start goes on.", extra={"action": "not_caught_up"})
    finally:
        catching_up.cancel()
        await asyncio.wait([catching_up], timeout=STOPS_WITHIN_S)

"""The pages and the API on their address (flow): listening, TLS, and a word about those who go without it."""

import asyncio
import ipaddress
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

from aiohttp import web

from app.process.options import UpOptions
from app.run.system import System
from app.web.front.listener import FRONT, bound_sockets
from app.web.server import create_app

log = logging.getLogger(__name__)


@asynccontextmanager
async def web_server(system: System, token: str, telephones: dict[str, str]) -> AsyncIterator["asyncio.Task[None]"]:
    """The task that takes connections. Raises OSError when the port is taken."""
    options = system.options
    app = create_app(system.services(token, telephones))
    app[FRONT] = system.front
    runner = web.AppRunner(app, shutdown_timeout=2.0)
    await runner.setup()
    try:
        sockets = bound_sockets(options.http.host, options.http.port)
        server = cast(web.Server, runner.server)  # set up above
        listening = asyncio.create_task(system.front.serve(server, sockets, _tls(options)), name="web")
        try:
            yield listening
        finally:
            listening.cancel()
            await asyncio.wait([listening])
    finally:
        await runner.cleanup()


def _tls(options: UpOptions) -> ssl.SSLContext | None:
    if not options.certificate:
        return None
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(options.certificate, options.key)
    return tls


def warn_of_plain_http(options: UpOptions, say: Callable[[str], None]) -> None:
    """Loudly: passwords and callers' data would go over the network as they are."""
    if options.certificate or is_loopback(options.http.host):
        return
    say(
        "!!! 警告：网页未加密（HTTP），且本机以外可以访问：密码和来电者信息会明文传输。"
        "请用 --cert 和 --key，或放在 TLS 代理之后。"
    )
    say(
        "!!! WARNING: the pages go unencrypted (HTTP) beyond this machine: passwords and callers' data can be read "
        "on the way. Use --cert and --key, or put a TLS proxy in front."
    )
    log.warning("The pages go unencrypted beyond this machine.", extra={"action": "plain_http"})


def is_loopback(host: str) -> bool:
    """Nobody but this machine reaches that address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

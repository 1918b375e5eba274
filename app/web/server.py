"""Puts the web server together: operations, live feeds, pages, and one place for what goes wrong (adapter)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from aiohttp import web

from app.web.api.intake.public import RATE, SENT
from app.web.api.intake.sent_forms import SentForms
from app.web.api.table import DESCRIBED, DESCRIPTION, OPERATIONS
from app.web.feeds.live import FEED, SOCKETS, STREAMS, close_all
from app.web.feeds.wallboard import WallboardFeed
from app.web.front.edge import expected, readable
from app.web.front.listener import in_time
from app.web.http.audit.table import AUDITED
from app.web.http.audit.trail import WebTrail
from app.web.http.barrier import problems
from app.web.http.idempotency import KeptRequests
from app.web.http.identity import Authenticator
from app.web.http.operations import serve
from app.web.http.pages import DOOR, UI, UI_DIRECTORY, add_headers
from app.web.http.permissions import PERMISSIONS
from app.web.http.rate import RateLimit
from app.web.http.services import Services
from app.web.openapi import describe
from app.web.wire.encoding import encode

_LARGEST_BODY: Final = 64 * 1024


def create_app(services: Services, *, ui: Path = UI_DIRECTORY) -> web.Application:
    """The web server, not yet listening. Raises ValueError for an operation that nobody has ruled on."""
    for table, names in (("permissions", set(PERMISSIONS)), ("what is audited", set(AUDITED))):
        if unruled := {operation.name for operation in OPERATIONS} ^ names:
            raise ValueError(f"operations and {table} do not agree on {', '.join(sorted(unruled))}")
    app = web.Application(middlewares=[problems, readable, in_time], client_max_size=_LARGEST_BODY)
    app[FEED] = WallboardFeed(services)
    app[SOCKETS] = set()
    app[STREAMS] = set()
    web_form = services.site.channels.web_form
    app[RATE] = RateLimit(web_form.per_address, web_form.total)
    app[SENT] = SentForms()
    app[UI] = ui
    app[DESCRIPTION] = encode(describe(DESCRIBED))
    door, kept = Authenticator(services), KeptRequests(services.store.requests, services.clock)
    app[DOOR] = door
    trail = WebTrail(services.store, services.clock, door.address)
    for operation in OPERATIONS:
        handler = serve(operation, services, door, kept, trail)
        app.router.add_route(operation.method, operation.path, handler, name=operation.name, expect_handler=expected)
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(close_all)
    app.cleanup_ctx.append(_wallboard)
    return app


async def _wallboard(app: web.Application) -> AsyncIterator[None]:
    app[FEED].start()
    yield
    await app[FEED].close()

"""Looks at a request's line and headers before anything else reads them (adapter): 400 for what is unreadable.

aiohttp hands bytes that are no text on as halves of characters, and takes any Host and any path; each of them would
break whoever uses it first, somewhere else each time.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import hdrs, web

from app.web.front.values import Unkept, check_text
from app.web.wire.problems import invalid

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LONGEST_PART: Final = 255
"""Of a path, in bytes: no file and no record has a longer name."""
_HOST: Final = re.compile(r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}))(?::(\d{1,5}))?", re.ASCII)


@web.middleware
async def readable(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Raises Problem (400)."""
    check_request(request)
    return await handler(request)


async def expected(request: web.Request) -> web.StreamResponse | None:
    """What a client that asks whether to go on is told, before any of the middlewares: to go on, or 400."""
    if request.headers.get(hdrs.EXPECT, "").lower() != "100-continue":
        return invalid("Expect", "100-continue, or nothing").response()
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0
    return None


def check_request(request: web.BaseRequest) -> None:
    """Raises Problem (400) with the place."""
    try:
        check_text("path", request.path)
        for name, value in request.headers.items():
            check_text(name, name + value)
    except Unkept as exc:
        raise invalid(exc.field.encode("ascii", "replace").decode(), f"{exc}") from exc
    if any(len(part.encode()) > LONGEST_PART for part in request.path.split("/")):
        raise invalid("path", f"each part has at most {LONGEST_PART} bytes")
    hosts = request.headers.getall(hdrs.HOST, [])
    if len(hosts) != 1 or not _is_host(hosts[0]):
        raise invalid("Host", "one name or address, with a port if need be, for example hotline.example.cn:8443")


def _is_host(text: str) -> bool:
    found = _HOST.fullmatch(text)
    return found is not None and (found[1] is None or 0 < int(found[1]) < 65_536)

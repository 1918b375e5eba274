"""The built front end, and the headers that keep a browser in bounds on every answer (adapter).

Whatever path is no file is the one page, which finds its own way; what it shows comes from the API.
"""

from pathlib import Path
from typing import Final

from aiohttp import hdrs, web

from app.web.http.contract import Nothing, PageQuery
from app.web.http.identity import Authenticator
from app.web.http.operations import Ask
from app.web.wire.problems import Problem

UI_DIRECTORY: Final = Path(__file__).resolve().parents[2] / "ui" / "dist"
UI: Final = web.AppKey("ui", Path)
DOOR: Final = web.AppKey("door", Authenticator)
"""Knows which pages are open by TLS, behind a proxy of ours too."""

_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""No script but ours, none inline: a caller's name or a ticket's text can never run. Widgets set styles inline."""

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
}
HSTS: Final = "max-age=31536000; includeSubDomains"
"""A year of TLS alone, for this name and those below it: a page below it could set cookies for this one."""


async def page(ask: Ask[PageQuery, Nothing]) -> web.StreamResponse:
    """A file of the front end, or its one page."""
    root = ask.request.app[UI].resolve()
    wanted = (root / ask.path("path")).resolve()
    if not wanted.is_relative_to(root) or ask.path("path").startswith("api/"):
        raise Problem("not_found", "No such page.")
    index = root / "index.html"
    if wanted.is_file() and wanted != index:
        kept = "public, max-age=31536000, immutable" if wanted.parent.name == "assets" else "no-cache"
        return web.FileResponse(wanted, headers={hdrs.CACHE_CONTROL: kept})
    if wanted.suffix and wanted != index:
        raise Problem("not_found", "No such file.")
    if not index.is_file():
        raise Problem("no_front_end", "The front end is not built: `make setup` builds it.")
    return web.FileResponse(index, headers={hdrs.CACHE_CONTROL: "no-cache"})


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """On every answer, errors and streams too; what the API says is never kept by a browser."""
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if request.app[DOOR].secure(request):
        response.headers.setdefault("Strict-Transport-Security", HSTS)
    response.headers.pop(hdrs.SERVER, None)  # of no use to anybody but an attacker
    if request.path.startswith(("/api/", "/status")):
        response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")

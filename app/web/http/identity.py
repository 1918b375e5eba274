"""Who is asking: a session cookie, a session used as a token, a system's key, or a program's token (adapter).

Not what they may do: permissions.py. Where something changes or a socket opens, a cookie counts only together with the
page's own Origin, so that no other site can use it. Sessions seen lately hold while the store is away (design D5).
"""

import hashlib
import logging
import math
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final, get_args

from aiohttp import hdrs, web
from yarl import URL

from app.web.http.login_guard import LoginGuard
from app.web.http.services import Services
from app.web.http.tokens import role_of
from app.web.wire.problems import Problem
from config.schema import Role
from crm.errors import AccountLocked, StoreAway
from crm.keys.model import PREFIX
from crm.rights import Principal
from crm.users.model import SESSION_ABSOLUTE, User, session_is_valid

log = logging.getLogger(__name__)
security = logging.getLogger("security")

_SAFE: Final = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS})
_MAX_REMEMBERED = 5_000


class Authenticator:
    """Tells requests apart. One for the whole server."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._seen: OrderedDict[str, tuple[User, datetime, datetime]] = OrderedDict()

    async def principal(self, request: web.Request) -> Principal | None:
        """None when nothing valid came with the request. Raises Problem for a cookie from a foreign page."""
        if (token := _bearer(request)) is not None:
            if (role := role_of(token, self._services.local_token, self._services.clock())) is not None:
                return Principal(name=f"token:{role}", agent=None, role=role)
            if token.startswith(PREFIX):
                return await self._of_key(token)
            return await self._of_session(token)
        token = request.cookies.get(self.cookie_name(request))
        if token is None:
            return None
        if request.method not in _SAFE or hdrs.UPGRADE in request.headers:
            self.check_origin(request, required=True)
        return await self._of_session(token)

    def check_origin(self, request: web.Request, *, required: bool) -> None:
        """Raises Problem unless the request comes from a page of this very server."""
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None and not required:
            return
        scheme = "https" if self._services.secure_cookie else request.scheme
        if origin is None or origin != str(URL(f"{scheme}://{request.host}").origin()):
            log.warning(
                "Refused a request with the cookie of a session from the page %s",
                origin,
                extra={"action": "foreign_origin", "path": request.path},
            )
            raise Problem("foreign_origin", "A session's cookie is good only on this server's own pages.")

    def cookie_name(self, request: web.Request) -> str:
        """Browsers do not tell ports apart, systems that run side by side must."""
        prefix = "__Host-" if self._services.secure_cookie else ""
        return f"{prefix}sanxiang-{request.url.port}"

    def set_cookie(self, request: web.Request, response: web.Response, token: str) -> None:
        response.set_cookie(
            self.cookie_name(request),
            token,
            max_age=int(SESSION_ABSOLUTE.total_seconds()),
            path="/",
            httponly=True,
            secure=self._services.secure_cookie,
            samesite="Strict",
        )

    async def log_in(self, name: str, password: str, address: str, guard: LoginGuard) -> tuple[User, str]:
        """A new session and its token. Raises Problem: too many attempts, or a wrong name or password."""
        users, now = self._services.store.users, self._services.clock()
        if wait := guard.admit(address, now):
            raise _too_many(wait)
        try:
            user = await users.verify(name, password)
        except AccountLocked as exc:
            raise _too_many(exc.until - now) from exc
        if user is None:
            raise Problem("wrong_login", "The name is unknown or the password is wrong.")
        guard.succeeded(address)
        security.info("%s has logged in", user.name, extra={"action": "logged_in", "address": address})
        return user, await users.sessions.create(user, now)

    async def log_out(self, request: web.Request, response: web.Response) -> None:
        """Ends the session on the server too; a program's token is not affected."""
        token = _bearer(request) or request.cookies.get(self.cookie_name(request))
        if token is not None:
            await self._services.store.users.sessions.revoke(token)
            self._seen.pop(_digest(token), None)
        response.del_cookie(self.cookie_name(request), path="/", secure=self._services.secure_cookie, samesite="Strict")

    async def _of_key(self, secret: str) -> Principal | None:
        """ACC-4. Unlike a session it opens nothing while the store is away: it may have been revoked by then."""
        keys = self._services.store.keys
        key = await keys.find(secret)
        if key is None:
            return None
        if key.closed(self._services.clock()):
            await keys.note_closed(key)
            return None
        await keys.note_use(key)
        return Principal(name=key.principal_name, agent=None, role=key.role, scope=frozenset(key.scope))

    async def _of_session(self, token: str) -> Principal | None:
        now = self._services.clock()
        try:
            user = await self._services.store.users.sessions.lookup(token, now)
        except StoreAway:
            user = self._remembered(token, now)
            if user is None:
                raise
        else:
            self._remember(token, user, now)
        return None if user is None else self.principal_of(user)

    def principal_of(self, user: User) -> Principal:
        """A user with the role the store knows; the desk only while the site still has the agent."""
        role = next(known for known in get_args(Role) if known == user.role)
        is_agent = any(agent.id == user.name for agent in self._services.site.agents)
        return Principal(name=user.name, agent=user.name if is_agent else None, role=role)

    def _remember(self, token: str, user: User | None, now: datetime) -> None:
        known = self._seen.pop(_digest(token), None)
        if user is None:
            return
        self._seen[_digest(token)] = (user, known[1] if known else now, now)
        if len(self._seen) > _MAX_REMEMBERED:
            self._seen.popitem(last=False)

    def _remembered(self, token: str, now: datetime) -> User | None:
        known = self._seen.get(_digest(token))
        if known is None or not session_is_valid(created_at=known[1], seen_at=known[2], now=now):
            return None
        user, created_at, _ = known
        self._seen[_digest(token)] = (user, created_at, now)
        return user


def _too_many(wait: timedelta) -> Problem:
    """The same words for an address and for an account."""
    return Problem(
        "too_many_attempts", "Too many wrong passwords.", retry_after_s=max(1, math.ceil(wait.total_seconds()))
    )


def _bearer(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

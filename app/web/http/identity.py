"""Who is asking: a session cookie, a session used as a token, a system's key, or a program's token (adapter).

Not what they may do: permissions.py. Where something changes or a socket opens, a cookie counts only together with the
page's own Origin, so that no other site can use it. Sessions seen lately hold while the store is away (design D5).
"""

import hashlib
import logging
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final, Literal, TypeVar

from aiohttp import hdrs, web

from app.web.http.door.cookies import Cookies
from app.web.http.door.outside import Outside, outside
from app.web.http.services import Services
from app.web.http.tokens import role_of
from app.web.wire.problems import Problem
from config.words import Words
from crm.db.users.sessions import session_id
from crm.errors import BadPassword, StoreAway
from crm.keys.model import PREFIX
from crm.rights import Principal
from crm.use_cases.accounts.logins import Login, log_in, log_in_signed_on
from crm.users.model import Place, User, Vouched, session_is_valid
from crm.users.throttle import Attempt, Throttle

log = logging.getLogger(__name__)
security = logging.getLogger("security")

T = TypeVar("T")

_SAFE: Final = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS})
_MAX_REMEMBERED: Final = 5_000
_LONGEST_BROWSER: Final = 200


class Authenticator:
    """Tells requests apart. One for the whole server."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.cookies = Cookies(self.outside)
        self._seen: OrderedDict[str, tuple[User, datetime, datetime]] = OrderedDict()
        self._throttle = Throttle()
        self._long: dict[str, set[Callable[[], None]]] = {}

    # --- who it is ----------------------------------------------------------------------------------------------------

    async def principal(self, request: web.Request) -> Principal | None:
        """None when nothing valid came with the request. Raises Problem for a cookie from a foreign page."""
        if (token := _bearer(request)) is not None:
            if (role := role_of(token, self._services.local_token, self._services.clock())) is not None:
                return Principal(name=f"token:{role}", agent=None, role=role)
            if token.startswith(PREFIX):
                return await self._of_key(token)
            return await self._of_session(token)
        token = self.cookies.session(request)
        if token is None:
            return None
        if request.method not in _SAFE or hdrs.UPGRADE in request.headers:
            self.check_origin(request, required=True)
        return await self._of_session(token)

    def outside(self, request: web.Request) -> Outside:
        """How the request looks from outside, behind a proxy of ours too."""
        trusted = self._services.site.channels.trusted_proxies
        return outside(request.remote, request.scheme, request.host, request.headers, trusted)

    def address(self, request: web.Request) -> str:
        """Who asks, as it stands on the audit trail."""
        return self.outside(request).address

    def secure(self, request: web.Request) -> bool:
        """Whether the page is open by TLS. Asks no Host, which an unreadable request may lack."""
        trusted = self._services.site.channels.trusted_proxies
        return outside(request.remote, request.scheme, "", request.headers, trusted).secure

    def check_origin(self, request: web.Request, *, required: bool) -> None:
        """Raises Problem unless the request comes from a page of this very server."""
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None and not required:
            return
        if origin is None or origin.lower() != self.outside(request).origin:
            log.warning(
                "Refused a request with the cookie of a session from the page %s",
                origin,
                extra={"action": "foreign_origin", "path": request.path},
            )
            raise Problem("foreign_origin", "A session's cookie is good only on this server's own pages.")

    def principal_of(self, user: User) -> Principal:
        """A user with the role the store knows; the desk only while the site still has the agent."""
        is_agent = any(agent.id == user.name for agent in self._services.site.agents)
        return Principal(
            name=user.name,
            agent=user.name if is_agent else None,
            role=user.role,
            title=Words(user.display_name, user.display_name_en),
            pending=user.pending(self._services.site.accounts.second_factor),
            signed_on=user.proof == "sign_on",
            shown_at=user.shown_at,
        )

    # --- in and out ---------------------------------------------------------------------------------------------------

    def place(self, request: web.Request) -> Place:
        """Where somebody logs in."""
        return Place(address=self.outside(request).address, browser=_browser(request))

    async def log_in(self, request: web.Request, name: str, password: str) -> Login:
        """A new session. Raises Problem: too many attempts, or a wrong name or password, in the same words."""
        store, place, device = self._services.store, self.place(request), self.cookies.device(request)
        entered = await self.attempt(request, name, lambda: log_in(store, name, password, place, device=device))
        if entered is None:
            raise Problem("wrong_login", "The name is unknown, the password is wrong, or the account is locked.")
        self.rights_changed(entered.user.name)  # it may have ended the oldest session
        security.info("%s has logged in", entered.user.name, extra={"action": "logged_in", "address": place.address})
        return entered

    async def sign_on(
        self, request: web.Request, person: Vouched
    ) -> Login | Literal["unknown_person", "another_person"]:
        """A new session of somebody whom the provider has vouched for, or why there is none."""
        store, place = self._services.store, self.place(request)
        entered = await log_in_signed_on(store, person, place, device=self.cookies.device(request))
        if not isinstance(entered, str):
            self.rights_changed(entered.user.name)
            said = {"action": "logged_in", "address": place.address}
            security.info("%s has logged in by single sign-on", entered.user.name, extra=said)
        return entered

    async def attempt(
        self,
        request: web.Request,
        name: str,
        check: Callable[[], Awaitable[T | None]],
        *,
        of_code: bool = False,
    ) -> T | None:
        """What `check` says of somebody's password; None, or an exception but BadPassword: it is wrong, and counted.
        `of_code`: of the code of an app. These are counted by themselves and on no known machine: whoever guesses them
        knows the password, and each login with it makes another machine known.

        Raises Problem when it is tried too often: on a machine where this person has logged in before nobody else's
        attempts count (crm/users/throttle.py).
        """
        token = self.cookies.device(request)
        device = None if of_code else await self._services.store.users.devices.known(token, name)
        attempt = Attempt(f"code of {name}" if of_code else name, self.outside(request).address, device)
        if wait := self._throttle.admit(attempt, self._services.clock()):
            raise _too_many(wait)
        try:
            right = await check()
        except BadPassword:  # the old one was right, the new one will not do
            self._throttle.succeeded(attempt)
            raise
        if right is not None:
            self._throttle.succeeded(attempt)
        return right

    async def log_out(self, request: web.Request, response: web.Response) -> None:
        """Ends the session on the server too; a program's token is not affected."""
        token = self._token(request)
        if token is not None:
            await self._services.store.users.sessions.revoke(token)
            self._seen.pop(_digest(token), None)
        self.cookies.forget_session(request, response)

    def session_of(self, request: web.Request) -> str | None:
        """What the session of this request is called (crm.users.model.Session.id)."""
        token = self._token(request)
        return None if token is None else session_id(token)

    # --- rights that end ----------------------------------------------------------------------------------------------

    @contextmanager
    def long_connection(self, who: Principal, look: Callable[[], None]) -> Iterator[None]:
        """While a connection is open that began with this login: `look` is called when the login may have ended."""
        looks = self._long.setdefault(who.name, set())
        looks.add(look)
        try:
            yield
        finally:
            looks.discard(look)
            if not looks:
                self._long.pop(who.name, None)

    def rights_changed(self, name: str) -> None:
        """This person's sessions or rights have: nothing remembered holds, and open connections look at once."""
        for key in [key for key, (user, _, _) in self._seen.items() if user.name == name]:
            del self._seen[key]
        for look in list(self._long.get(name, ())):
            look()

    def _token(self, request: web.Request) -> str | None:
        return _bearer(request) or self.cookies.session(request)

    async def who_has(self, session: str) -> Principal:
        """Whose session it is that was made a moment ago. Raises Problem when it has ended again, StoreAway."""
        who = await self._of_session(session)
        if who is None:
            raise Problem("unauthenticated", "The login has ended again.")
        return who

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
        "too_many_attempts", "Too many wrong attempts.", retry_after_s=max(1, math.ceil(wait.total_seconds()))
    )


def _browser(request: web.Request) -> str:
    """What the browser calls itself: for people to recognise a session by, and nobody's proof of anything."""
    said = request.headers.get(hdrs.USER_AGENT, "")
    return "".join(character for character in said if character.isprintable())[:_LONGEST_BROWSER]


def _bearer(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

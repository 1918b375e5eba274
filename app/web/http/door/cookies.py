"""What a browser keeps for us: its session, that it is a known machine, a single sign-on that has begun (adapter).

All out of reach of scripts; by TLS they are good for this host alone (`__Host-`). ACC-1, ACC-3.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final, Literal

from aiohttp import web

from app.web.http.door.outside import Outside
from crm.use_cases.accounts.logins import Login
from crm.users.model import SESSION_ABSOLUTE

SameSite = Literal["Strict", "Lax"]

_DEVICE_LASTS: Final = timedelta(days=400)
"""As long as browsers keep a cookie at all."""


class Cookies:
    """One for the whole server. `outside`: how a request looks from outside, where the cookies live."""

    def __init__(self, outside: Callable[[web.Request], Outside]) -> None:
        self._outside = outside

    def session(self, request: web.Request) -> str | None:
        """The token of a session."""
        return request.cookies.get(self._session_name(request))

    def device(self, request: web.Request) -> str | None:
        """That somebody has logged in on this machine before: by it strangers who guess are told from its owner."""
        return request.cookies.get(self._device_name(request))

    def begun(self, request: web.Request) -> str | None:
        """What a browser at the provider of single sign-on has to come back with."""
        return request.cookies.get(self._begun_name(request))

    def keep_login(self, request: web.Request, response: web.Response, login: Login) -> None:
        """The session's, and that of the machine."""
        self.keep_session(request, response, login.session)
        self._keep(request, response, self._device_name(request), login.device, _DEVICE_LASTS)

    def keep_session(self, request: web.Request, response: web.Response, session: str) -> None:
        """In place of another one, if there was one."""
        self._keep(request, response, self._session_name(request), session, SESSION_ABSOLUTE)

    def keep_begun(self, request: web.Request, response: web.Response, kept: str, lasts: timedelta) -> None:
        """Lax: the browser comes back from the provider's pages."""
        self._keep(request, response, self._begun_name(request), kept, lasts, "Lax")

    def forget_session(self, request: web.Request, response: web.Response) -> None:
        """No effect where there is none."""
        self._forget(request, response, self._session_name(request), "Strict")

    def forget_begun(self, request: web.Request, response: web.Response) -> None:
        """Nobody comes back twice."""
        self._forget(request, response, self._begun_name(request), "Lax")

    def _session_name(self, request: web.Request) -> str:
        """Browsers do not tell ports apart, systems that run side by side must."""
        seen = self._outside(request)
        return f"{'__Host-' if seen.secure else ''}sanxiang-{seen.port}"

    def _device_name(self, request: web.Request) -> str:
        return f"{self._session_name(request)}-device"

    def _begun_name(self, request: web.Request) -> str:
        return f"{self._session_name(request)}-sign-on"

    def _keep(
        self,
        request: web.Request,
        response: web.Response,
        name: str,
        value: str,
        lasts: timedelta,
        same_site: SameSite = "Strict",
    ) -> None:
        response.set_cookie(
            name,
            value,
            max_age=int(lasts.total_seconds()),
            path="/",
            httponly=True,
            secure=self._outside(request).secure,
            samesite=same_site,
        )

    def _forget(self, request: web.Request, response: web.Response, name: str, same_site: SameSite) -> None:
        secure = self._outside(request).secure
        response.del_cookie(name, path="/", secure=secure, httponly=True, samesite=same_site)

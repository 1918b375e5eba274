"""Keeps one telephone registered: a clear refusal at first, refreshes, and the return after a registrar's restart.

Requests, digests and refreshes are aiosipua's `Registration`; what to do about failures is here.
"""

import asyncio
import logging

from aiosipua import Registration, SipDigestAuth, SipResponse, SipUAC

from app.phone.account import Account
from app.phone.errors import RegistrationRefused
from config.words import two_lines

logger = logging.getLogger(__name__)

EXPIRES_S = 60
RETRY_S = 2.0
ANSWER_TIMEOUT_S = 5.0
GOODBYE_S = 1.0


class Binding:
    """An account bound to a telephone's address from `open()` to `close()`."""

    def __init__(self, uac: SipUAC, account: Account, user_agent: str) -> None:
        host, port = account.registrar
        self._registrar = f"{host}:{port}"
        self._registration = Registration(
            uac,
            f"sip:{account.username}@{host}",
            account.registrar,
            expires=EXPIRES_S,
            auth=SipDigestAuth(account.username, account.secret),
            registrar_uri=f"sip:{self._registrar}",
            user_agent=user_agent,
        )
        self._closing = False
        self._gone = asyncio.Event()
        self._retry: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Registers. Raises RegistrationRefused with the registrar's word, or 408 if there is none within 5 s."""
        outcome: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

        def settle(code: int, reason: str) -> None:
            if not outcome.done():
                outcome.set_result((code, reason))

        self._registration.on_registered = lambda _: settle(200, "OK")
        self._registration.on_failed = lambda _, code, reason: settle(code, reason)
        self._registration.register()
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                code, reason = await outcome
        except TimeoutError:
            code, reason = 408, f"{self._registrar} no answer"
        if code != 200:
            raise RegistrationRefused(
                two_lines(f"话机注册被拒绝：{code} {reason}", f"the telephone was not registered: {code} {reason}")
            )
        self._registration.on_failed = lambda *_: self._lost()
        self._registration.on_expired = lambda *_: self._lost()

    def _lost(self) -> None:
        if self._closing:
            return
        logger.warning("The registration was lost; trying again", extra={"action": "phone_reregister"})
        self._retry = asyncio.get_running_loop().call_later(RETRY_S, self._registration.register)

    def saw(self, response: SipResponse) -> None:
        """To be told every response to a REGISTER, so that `close` knows when it is done."""
        if self._closing and response.status_code == 200:
            self._gone.set()

    async def close(self) -> None:
        """Takes the registration back; returns when that is confirmed, or after one second."""
        self._closing = True
        if self._retry is not None:
            self._retry.cancel()
        self._registration.unregister()
        try:
            async with asyncio.timeout(GOODBYE_S):
                await self._gone.wait()
        except TimeoutError:
            logger.warning("The registrar did not confirm our leaving", extra={"action": "phone_unregister"})

"""Single sign-on (flow): a browser is sent to the provider, and who comes back is known here, or nobody. ACC-3."""

import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime

from app.sign_on.provider import Provider
from app.sign_on.rules import (
    Begun,
    SignOnRefused,
    authorization_address,
    logout_address,
    page_of_ours,
    sealed,
    unsealed,
)
from config.service.accounts import SingleSignOn
from crm.users.model import Vouched


class SignOn:
    """One per server. What was begun lies in the browser: a restart costs whoever is at the provider a second click."""

    def __init__(self, rule: SingleSignOn, secret: str | None, clock: Callable[[], datetime]) -> None:
        self.rule = rule
        self._clock = clock
        self._provider = Provider(rule, secret, clock)
        self._key = secrets.token_bytes(32)

    async def begin(self, back: str, to: str) -> tuple[str, str]:
        """Where to send the browser, and the cookie that it has to come back with. Raises SignOnRefused."""
        found = await self._provider.metadata()
        begun = Begun(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(64),
            back=back,
            to=page_of_ours(to),
            at=self._clock(),
        )
        return authorization_address(found, self.rule, begun), sealed(begun, self._key)

    async def finish(self, query: Mapping[str, str], cookie: str | None) -> tuple[Vouched, str]:
        """Whom the provider vouches for, and the page that was asked for. Raises SignOnRefused."""
        begun = unsealed(cookie, self._key) if cookie else None
        if begun is None or begun.is_over(self._clock()) or not _same(begun.state, query.get("state", "")):
            raise SignOnRefused("expired", "this browser has not begun a login here, or too long ago")
        if "error" in query:
            said = query["error"][:100]
            raise SignOnRefused("cancelled" if said == "access_denied" else "untrusted", f"the provider said {said!r}")
        if not query.get("code"):
            raise SignOnRefused("untrusted", "the provider sent no code")
        return await self._provider.person(query["code"], begun), begun.to

    async def logout_address(self, back: str) -> str | None:
        """Where the provider's own session is ended; None where it names no such place. Raises SignOnRefused."""
        return logout_address(await self._provider.metadata(), self.rule, back)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))

"""The provider of single sign-on, asked over HTTP (adapter): about itself, for its keys, for a token. ACC-3."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

import aiohttp
import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.sign_on.rules import Begun, Metadata, SignOnRefused, checked_metadata, person_in
from config.service.accounts import SingleSignOn
from crm.users.model import Vouched

log = logging.getLogger(__name__)

TIMEOUT_S: Final = 8.0
LARGEST_ANSWER: Final = 256 * 1024
KNOWN_FOR: Final = timedelta(hours=1)
KEYS_AGAIN: Final = timedelta(seconds=30)
"""A token with an unknown key has the keys read again, and no more often than this."""
AWAY_FOR: Final = timedelta(seconds=5)
"""A provider that did not say what it is is not asked again before: however many people click, one of them waits."""


class _Token(msgspec.Struct, frozen=True):
    """What the token endpoint gives."""

    id_token: str


class Provider:
    """One per system. `secret`: the client's, None for a public client, which PKCE protects alone."""

    def __init__(self, rule: SingleSignOn, secret: str | None, clock: Callable[[], datetime]) -> None:
        self._rule = rule
        self._secret = secret
        self._clock = clock
        self._known: tuple[Metadata, datetime] | None = None
        self._keys: tuple[KeySet, datetime] | None = None
        self._refused: tuple[SignOnRefused, datetime] | None = None
        self._asking = asyncio.Lock()

    async def metadata(self) -> Metadata:
        """Raises SignOnRefused."""
        async with self._asking:
            now = self._clock()
            if self._known is None or now - self._known[1] >= KNOWN_FOR:
                self._known = await self._read_metadata(now), now
            return self._known[0]

    async def _read_metadata(self, now: datetime) -> Metadata:
        if self._refused is not None and now - self._refused[1] < AWAY_FOR:
            raise SignOnRefused(self._refused[0].reason, "as a moment ago")
        address = f"{self._rule.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            return checked_metadata(await self._ask("GET", address), self._rule)
        except SignOnRefused as refused:
            self._refused = refused, self._clock()
            raise

    async def person(self, code: str, begun: Begun) -> Vouched:
        """Who stands in the token that this code is worth. Raises SignOnRefused."""
        found = await self.metadata()
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": begun.back,
            "code_verifier": begun.verifier,
            "client_id": self._rule.client_id,
        }
        said = await self._ask("POST", found.token_endpoint, asked)
        try:
            token = msgspec.json.decode(said, type=_Token).id_token
        except msgspec.DecodeError as exc:
            raise SignOnRefused("untrusted", f"the provider gave no token: {exc}") from exc
        try:
            return self._read(token, begun, await self._key_set(found))
        except SignOnRefused:
            if not self._keys_are_old():
                raise
            self._keys = None  # the provider may have changed its keys since
            return self._read(token, begun, await self._key_set(found))

    def _read(self, token: str, begun: Begun, keys: KeySet) -> Vouched:
        return person_in(token, keys, self._rule, begun.nonce, self._clock())

    def _keys_are_old(self) -> bool:
        return self._keys is not None and self._clock() - self._keys[1] >= KEYS_AGAIN

    async def _key_set(self, found: Metadata) -> KeySet:
        async with self._asking:
            now = self._clock()
            if self._keys is None or now - self._keys[1] >= KNOWN_FOR:
                said = await self._ask("GET", found.jwks_uri)
                try:
                    self._keys = KeySet.import_key_set(msgspec.json.decode(said)), now
                except (msgspec.DecodeError, JoseError, ValueError, TypeError, KeyError) as exc:
                    raise SignOnRefused("away", f"the provider's keys cannot be read: {exc}") from exc
            return self._keys[0]

    async def _ask(self, method: str, address: str, form: Mapping[str, str] | None = None) -> bytes:
        """The body of an answer of 2xx. Redirects are not followed: a code and a secret go where they were meant to."""
        headers = {}
        if form is not None and self._secret is not None:
            # RFC 6749 §2.3.1: both are form-encoded before they are put together.
            known = aiohttp.encode_basic_auth(quote(self._rule.client_id, safe=""), quote(self._secret, safe=""))
            headers["Authorization"] = known
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
                session.request(method, address, data=form, headers=headers, allow_redirects=False) as answer,
            ):
                body = b""
                async for piece in answer.content.iter_any():
                    body += piece
                    if len(body) > LARGEST_ANSWER:
                        raise SignOnRefused("away", f"{address} says too much")
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            raise SignOnRefused("away", f"{address} does not answer: {type(exc).__name__}") from exc
        if not 200 <= answer.status < 300:
            raise SignOnRefused("untrusted" if form else "away", f"{address} answered {answer.status}")
        return body

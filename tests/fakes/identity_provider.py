"""A small provider of OpenID Connect, over real HTTP with really signed tokens: what single sign-on is tried on.

It checks what a provider has to check (client, redirect, PKCE, a code once), and tells lies where a test asks for one.
"""

import base64
import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import encode_basic_auth, web
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

CLIENT, SECRET = "sanxiang", "the client's : secret"

Claims = dict[str, Any]


@dataclass
class IdentityProvider:
    """`person`: whoever is logged in there; None: that one says no. `lie`: changes claims before they are signed."""

    issuer: str
    person: str | None = "8901"
    lie: Callable[[Claims], Claims] = lambda claims: claims
    signs: Callable[["IdentityProvider", Claims], str] | None = None
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": secrets.token_hex(4)}))
    metadata: Claims = field(default_factory=dict)
    redirects: tuple[str, ...] = ()
    codes: dict[str, Claims] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    up: bool = True

    def token(self, claims: Claims) -> str:
        """Signed as a provider signs."""
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        if not self.up:
            return web.Response(status=503)
        match request.path:
            case "/.well-known/openid-configuration":
                return web.json_response(self.described() | self.metadata)
            case "/keys":
                return web.json_response(KeySet([self.key]).as_dict(private=False))
            case "/authorize":
                return self._authorize(request)
            case "/end":
                return web.Response(text="logged out")
            case "/token":
                return await self._token(request)
            case _:
                return web.Response(status=404)

    def described(self) -> Claims:
        paths = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        paths |= {"end_session_endpoint": "/end"}
        return {"issuer": self.issuer} | {name: self.issuer + path for name, path in paths.items()}

    def _authorize(self, request: web.Request) -> web.Response:
        query = request.query
        if (
            query["client_id"] != CLIENT
            or query["redirect_uri"] not in self.redirects
            or query["response_type"] != "code"
        ):
            self.refusals.append("not our client")
            return web.Response(status=400)
        if query.get("code_challenge_method") != "S256" or "openid" not in query["scope"].split():
            self.refusals.append("no PKCE, or not OpenID")
            return web.Response(status=400)
        if self.person is None:
            said = {"error": "access_denied", "state": query["state"]}
        else:
            code = secrets.token_urlsafe(16)
            self.codes[code] = dict(query)
            said = {"code": code, "state": query["state"]}
        return web.Response(status=302, headers={"Location": f"{query['redirect_uri']}?{urlencode(said)}"})

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        asked = self.codes.pop(str(form["code"]), None)
        digest = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        known = encode_basic_auth("sanxiang", "the%20client%27s%20%3A%20secret")
        right = (
            asked is not None
            and asked["code_challenge"] == challenge
            and asked["redirect_uri"] == form["redirect_uri"]
            and request.headers.get("Authorization") == known
        )
        if not right or asked is None:
            self.refusals.append("a code that is not worth a token")
            return web.json_response({"error": "invalid_grant"}, status=400)
        now = int(time.time())
        claims = self.lie(
            {
                "iss": self.issuer,
                "aud": CLIENT,
                "sub": f"id-of-{self.person}",
                "preferred_username": self.person,
                "nonce": asked["nonce"],
                "iat": now,
                "exp": now + 300,
            }
        )
        signed = self.signs(self, claims) if self.signs else self.token(claims)
        return web.json_response({"access_token": "x", "token_type": "Bearer", "id_token": signed})


@asynccontextmanager
async def identity_provider() -> AsyncIterator[IdentityProvider]:
    """A running one, on a port of its own."""
    provider = IdentityProvider(issuer="")
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", provider.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    provider.issuer = f"http://127.0.0.1:{port}"
    try:
        yield provider
    finally:
        await runner.cleanup()

"""Single sign-on by OpenID Connect: what is asked of the provider, and what its token has to say (rules). ACC-3.

Authorization code with PKCE (RFC 7636, S256), `state` bound to the browser, `nonce` bound to the token. Only signatures
with the provider's public keys are taken: a token signed with a shared secret, or not at all, proves nothing.
"""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from urllib.parse import urlencode, urlsplit

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from config.service.accounts import SingleSignOn
from crm.users.model import Vouched

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY_S: Final = 60
"""So far the provider's clock may be off."""
LASTS: Final = timedelta(minutes=10)
"""So long somebody may take at the provider."""

Reason = Literal["another_person", "away", "cancelled", "expired", "too_weak", "untrusted", "unknown_person"]
"""Why nobody was logged in, as the login page tells it."""


class SignOnRefused(Exception):
    """Nobody was logged in. The message is for the log: it names no secret. `name`: who was vouched for, if anybody."""

    def __init__(self, reason: Reason, message: str, name: str = "") -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.name = name


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says about itself (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None = None


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who has been sent to the provider, and is to come back to `back`, and on to the page `to`.

    It lies in that browser's cookie: only this browser comes back with it, and strangers who begin fill nothing here.
    """

    state: str
    nonce: str
    verifier: str
    back: str
    to: str
    at: datetime

    def is_over(self, now: datetime) -> bool:
        return now - self.at >= LASTS


def sealed(begun: Begun, key: bytes) -> str:
    """The text of the cookie: readable by its browser, and changed by nobody."""
    text = base64.urlsafe_b64encode(msgspec.json.encode(begun)).decode()
    return f"{text}.{_seal(text, key)}"


def unsealed(cookie: str, key: bytes) -> Begun | None:
    """None for what `sealed` did not make with this key."""
    text, _, seal = cookie.partition(".")
    if not cookie.isascii() or not hmac.compare_digest(seal, _seal(text, key)):
        return None
    return msgspec.json.decode(base64.urlsafe_b64decode(text), type=Begun)


def _seal(text: str, key: bytes) -> str:
    return hmac.new(key, b"sign-on " + text.encode(), hashlib.sha256).hexdigest()


def checked_metadata(said: bytes, rule: SingleSignOn) -> Metadata:
    """Raises SignOnRefused for another issuer's, and for addresses that are less safe than the issuer's own."""
    try:
        found = msgspec.json.decode(said, type=Metadata)
    except msgspec.DecodeError as exc:
        raise SignOnRefused("away", f"what {rule.issuer} says about itself cannot be read: {exc}") from exc
    if found.issuer != rule.issuer:
        raise SignOnRefused("untrusted", f"{rule.issuer} calls itself {found.issuer}: write that into accounts.yaml")
    wanted = urlsplit(rule.issuer).scheme
    for address in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri, found.end_session_endpoint):
        if address is not None and urlsplit(address).scheme not in ("https", wanted):
            raise SignOnRefused("untrusted", f"{address} of {rule.issuer} is not https")
    return found


def authorization_address(found: Metadata, rule: SingleSignOn, begun: Begun) -> str:
    """Where the browser is sent."""
    asked = {
        "response_type": "code",
        "client_id": rule.client_id,
        "redirect_uri": begun.back,
        "scope": " ".join(rule.scopes),
        "state": begun.state,
        "nonce": begun.nonce,
        "code_challenge": challenge_of(begun.verifier),
        "code_challenge_method": "S256",
    }
    if rule.strength:
        asked["acr_values"] = " ".join(rule.strength)
    joint = "&" if urlsplit(found.authorization_endpoint).query else "?"
    return f"{found.authorization_endpoint}{joint}{urlencode(asked)}"


def challenge_of(verifier: str) -> str:
    """RFC 7636 §4.2, S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def page_of_ours(wanted: str) -> str:
    """Where to go after the login: a path of this server, whatever a link asked for."""
    ours = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    return wanted if ours else "/"


def logout_address(found: Metadata, rule: SingleSignOn, back: str) -> str | None:
    """Where a browser ends the provider's own session (RP-Initiated Logout 1.0); None where that is not to be had."""
    if found.end_session_endpoint is None:
        return None
    joint = "&" if urlsplit(found.end_session_endpoint).query else "?"
    asked = urlencode({"client_id": rule.client_id, "post_logout_redirect_uri": back})
    return f"{found.end_session_endpoint}{joint}{asked}"


def person_in(token: str, keys: KeySet, rule: SingleSignOn, nonce: str, now: datetime) -> Vouched:
    """Whom the provider's token (ID token) vouches for. Raises SignOnRefused."""
    try:
        claims = jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
    except (JoseError, ValueError) as exc:
        raise SignOnRefused("untrusted", f"the provider's token is not signed as it should be: {exc}") from exc
    if fault := _fault_of(claims, rule, nonce, now):
        raise SignOnRefused("untrusted", f"the provider's token is not for this login: {fault}")
    name = claims.get(rule.claim)
    if not isinstance(name, str) or not name or not name.isprintable():
        raise SignOnRefused("unknown_person", f"the provider's token has no {rule.claim} that could be a name")
    if rule.strength and claims.get("acr") not in rule.strength:
        raise SignOnRefused("too_weak", f"the provider's login is none of {', '.join(rule.strength)}", name)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject or not subject.isascii() or not subject.isprintable():
        raise SignOnRefused("untrusted", "the provider's token does not say who this is there (sub)", name)
    return Vouched(name, rule.issuer, subject)


def _fault_of(claims: dict[str, Any], rule: SingleSignOn, nonce: str, now: datetime) -> str | None:
    """OpenID Connect Core 1.0 §3.1.3.7."""
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    until, since, moment = _seconds(claims, "exp"), _seconds(claims, "iat"), now.timestamp()
    if claims.get("iss") != rule.issuer:
        return "another issuer"
    if rule.client_id not in audiences:
        return "another client"
    if claims.get("azp", rule.client_id) != rule.client_id or (len(audiences) > 1 and "azp" not in claims):
        return "made for another client"
    if until is None or moment >= until + LEEWAY_S:
        return "it has expired"
    if since is None or since > moment + LEEWAY_S or moment - since > LASTS.total_seconds():
        return "it was not made just now"
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        return "another nonce"
    return None


def _seconds(claims: dict[str, Any], name: str) -> float | None:
    """An instant of the token, in seconds since 1970."""
    value = claims.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

"""API tokens for programs: the running system's local token, and signed ones for a role (rules: no I/O, no clock).

A role token needs no store: it is signed with the local token, so it ends at the latest with the running system.
"""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import get_args

from config.schema import Role

_MARK = "sx1"


def role_token(local_token: str, role: Role, expires: datetime) -> str:
    """A Bearer token with the rights of `role` until `expires` (aware)."""
    claim = f"{_MARK}.{role}.{int(expires.timestamp())}"
    return f"{claim}.{_signature(local_token, claim)}"


def role_of(token: str, local_token: str, now: datetime) -> Role | None:
    """The role a token gives at `now`: administrator for the local token itself; None for any other text."""
    if hmac.compare_digest(token.encode(), local_token.encode()):
        return "administrator"
    claim, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(local_token, claim).encode()):
        return None
    mark, role, expires = claim.split(".")
    if mark != _MARK or now >= datetime.fromtimestamp(int(expires), UTC):
        return None
    return next(known for known in get_args(Role) if known == role)


def _signature(local_token: str, claim: str) -> str:
    return hmac.new(local_token.encode(), claim.encode(), hashlib.sha256).hexdigest()

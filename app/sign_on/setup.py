"""Single sign-on as a site has it: its provider, and the client's secret from a private file (adapter). ACC-3."""

import logging
from collections.abc import Callable
from datetime import datetime

from app.sign_on.flow import SignOn
from config.paths import DataDir
from config.schema import Site

log = logging.getLogger(__name__)


def make_sign_on(site: Site, data: DataDir, clock: Callable[[], datetime]) -> SignOn | None:
    """None where the site has no provider, or others can read the secret. Without a secret it is a public client, which
    PKCE protects. Raises OSError."""
    rule, file = site.accounts.single_sign_on, data.sign_on_secret
    if rule is None:
        return None
    if not file.exists():
        return SignOn(rule, None, clock)
    if file.stat().st_mode & 0o077:
        log.error("%s can be read by others: chmod 600 it and start again; until then there is no single sign-on", file)
        return None
    return SignOn(rule, file.read_text(encoding="utf-8").strip(), clock)

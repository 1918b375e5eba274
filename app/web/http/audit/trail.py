"""Puts on the audit trail what the server itself has to: logins, secrets shown, who was turned away (flow). ACC-5."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from aiohttp import web

from app.web.http.audit.table import Refusals, subject_of
from app.web.wire.problems import Problem
from crm.cases.rights import StepRefused
from crm.db.store import Store
from crm.errors import Forbidden, StoreAway
from crm.rights import Principal
from crm.tickets.model import Detail

LOGIN_REFUSED: Final = frozenset(
    {"wrong_login", "too_many_attempts", "foreign_origin", "unknown_person", "untrusted", "too_weak", "another_person"}
)
"""Kinds of problems, and of what is wrong with a single sign-on (app.sign_on.rules.Reason)."""
CODE_REFUSED: Final = frozenset({"wrong_code", "too_many_attempts"})
TURNED_AWAY: Final = frozenset({"forbidden", "foreign_origin"})


class WebTrail:
    """One for the whole server."""

    def __init__(self, store: Store, clock: Callable[[], datetime], address: Callable[[web.Request], str]) -> None:
        self._store = store
        self._clock = clock
        self._address = address
        self._refusals = Refusals()

    async def logged_in(self, name: str, request: web.Request) -> None:
        """Raises StoreAway."""
        details = {"address": self._address(request)}
        await self._store.note_act(by=name, action="logged_in", subject=f"user {name}", details=details)

    async def login_refused(self, name: str, why: str, request: web.Request) -> None:
        """A name that nobody has is not kept: it may be a password in the wrong field."""
        if why not in LOGIN_REFUSED:
            return
        try:
            known = await self._store.users.get(name)
            by, address = known.name if known else "unknown", self._address(request)
            await self._refused(address, by, "login_refused", f"user {by}", {"address": address, "why": why})
        except StoreAway:
            pass  # who was refused gets nothing: no secret left the house unrecorded

    async def code_refused(self, who: Principal, why: str, request: web.Request) -> None:
        """Whoever shows a wrong code of an app has shown the right password before."""
        if why not in CODE_REFUSED:
            return
        details: dict[str, Detail] = {"address": self._address(request), "why": why}
        try:
            await self._refused(f"code of {who.name}", who.name, "code_refused", f"user {who.name}", details)
        except StoreAway:
            pass

    async def note(self, who: Principal, name: str, path: str, request: web.Request) -> None:
        """Raises StoreAway: what cannot be put on record is neither shown nor begun."""
        subject = subject_of(path, dict(request.match_info))
        await self._store.note_act(by=who.name, action=name, subject=subject)

    async def turned_away(
        self, who: Principal | None, name: str, path: str, why: Exception, request: web.Request
    ) -> None:
        """Somebody who is logged in asked for what is not theirs."""
        if who is None or not _is_refusal(why):
            return
        subject = subject_of(path, dict(request.match_info))
        try:
            await self._refused(
                who.name, who.name, "refused", subject, {"operation": name, "address": self._address(request)}
            )
        except StoreAway:
            pass

    async def _refused(self, key: str, by: str, action: str, subject: str, details: dict[str, Detail]) -> None:
        left_out = self._refusals.admit(key, self._clock())
        if left_out is None:
            return
        if left_out:
            details["left_out"] = left_out
        await self._store.note_act(by=by, action=action, subject=subject, details=details)


def _is_refusal(why: Exception) -> bool:
    if isinstance(why, Problem):
        return why.kind in TURNED_AWAY
    return isinstance(why, Forbidden) or (isinstance(why, StepRefused) and why.forbidden)

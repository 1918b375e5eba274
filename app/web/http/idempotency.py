"""A request that is sent twice is carried out once: the header `Idempotency-Key` (adapter).

Within this process memory decides, also while the store is away; over a restart the store does. A request that was
refused has changed nothing, so its key is free again; one that was cut off in the middle stays taken, because nobody
knows what it has done.
"""

import asyncio
import hashlib
import logging
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web

from app.web.wire.problems import Problem, invalid
from crm.db.requests.queries import RequestTable
from crm.errors import CrmError, StoreAway

log = logging.getLogger(__name__)

HEADER: Final = "Idempotency-Key"
KEPT_FOR: Final = timedelta(hours=24)
WAITS_S: Final = 10.0
_KEY: Final = re.compile(r"[\x21-\x7e]{1,128}")
_MOST: Final = 2000


@dataclass(frozen=True)
class KeyedRequest:
    """Who wants what under which key."""

    user: str
    key: str
    fingerprint: str


@dataclass(frozen=True)
class Kept:
    """A whole answer."""

    status: int
    body: bytes

    def response(self, *, again: bool) -> web.Response:
        response = web.Response(status=self.status, body=self.body or None, content_type="application/json")
        if again:
            response.headers["Idempotency-Replayed"] = "true"
        return response


@dataclass(frozen=True)
class _Slot:
    fingerprint: str
    at: datetime
    answer: "asyncio.Future[Kept | None]"
    """None: it was refused, and nothing was done."""


class KeptRequests:
    """One per server."""

    def __init__(self, table: RequestTable, clock: Callable[[], datetime]) -> None:
        self._table = table
        self._clock = clock
        self._slots: OrderedDict[tuple[str, str], _Slot] = OrderedDict()

    async def once(self, wish: KeyedRequest, carry_out: Callable[[], Awaitable[Kept]]) -> web.StreamResponse:
        """The answer of the one time that it is carried out. Raises Problem: another request has the key (422), its
        outcome is not known (409); and whatever `carry_out` raises."""
        now, place = self._clock(), (wish.user, wish.key)
        slot = self._slots.get(place)
        if slot is not None and now - slot.at < KEPT_FOR:
            return await self._of_the_other(slot, wish)
        slot = _Slot(wish.fingerprint, now, asyncio.get_running_loop().create_future())
        self._slots[place] = slot
        known: Kept | None = None
        try:
            known = await self._in_store(wish, now)
            if known is not None:
                return known.response(again=True)
            known = await self._first_time(wish, carry_out)
            return known.response(again=False)
        finally:
            slot.answer.set_result(known)
            if known is None:
                self._slots.pop(place, None)
            self._bound()

    async def _first_time(self, wish: KeyedRequest, carry_out: Callable[[], Awaitable[Kept]]) -> Kept:
        try:
            answer = await carry_out()
        except (Problem, CrmError, web.HTTPException):
            await self._tell_store(self._table.release(wish.user, wish.key))
            raise
        await self._tell_store(self._table.keep(wish.user, wish.key, answer.status, answer.body.decode()))
        return answer

    async def _in_store(self, wish: KeyedRequest, now: datetime) -> Kept | None:
        try:
            row = await self._table.claim(wish.user, wish.key, wish.fingerprint, now)
        except StoreAway as exc:
            log.warning("A key is kept in memory alone: %s", exc, extra={"action": "requests_store_away"})
            return None
        if row is None:
            return None
        if now - row.at >= KEPT_FOR:
            await self._tell_store(self._table.release(wish.user, wish.key))
            return await self._in_store(wish, now)
        _check(row.fingerprint, wish)
        if row.status is None:
            raise Problem(
                "conflict", "A request with this key was cut off: look whether it was carried out, then use a new key."
            )
        return Kept(row.status, row.answer.encode())

    async def _of_the_other(self, slot: _Slot, wish: KeyedRequest) -> web.StreamResponse:
        _check(slot.fingerprint, wish)
        try:
            answer = await asyncio.wait_for(asyncio.shield(slot.answer), WAITS_S)
        except TimeoutError:
            raise Problem("conflict", "The request with this key is still being carried out; ask again.") from None
        if answer is None:
            raise Problem("conflict", "The request with this key was refused meanwhile; send it again.")
        return answer.response(again=True)

    async def _tell_store(self, work: Awaitable[object]) -> None:
        try:
            await work
        except StoreAway as exc:
            log.warning("A kept request is not in the store: %s", exc, extra={"action": "requests_store_away"})

    def _bound(self) -> None:
        for place in list(self._slots)[: max(0, len(self._slots) - _MOST)]:
            if self._slots[place].answer.done():
                del self._slots[place]


def wish_of(request: web.Request, user: str, body: bytes) -> KeyedRequest | None:
    """None when the request comes without a key. Raises Problem for a key that is none. A body that is streamed counts
    by its length and type."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if _KEY.fullmatch(key) is None:
        raise invalid(HEADER, "1 to 128 visible ASCII characters")
    parts = (request.method, request.raw_path, request.headers.get("Content-Type", ""), str(request.content_length))
    digest = hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape") + b"\n" + body)
    return KeyedRequest(user, key, digest.hexdigest())


def _check(fingerprint: str, wish: KeyedRequest) -> None:
    if fingerprint != wish.fingerprint:
        raise Problem("key_reused", "This Idempotency-Key came with another request before; use a new one.")

"""Brings the journal into the store, in order, once each, however long the store is away (design D5). Flow, not SQL."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, ParamSpec, TypeVar

import msgspec
from sqlalchemy import Connection, select

from crm.backoff import wait_s
from crm.db.base.bulk import insert_new, upsert
from crm.db.base.worker import Worker
from crm.db.projecting.open_calls import OpenCalls
from crm.db.projecting.projection import Projection
from crm.db.schema.core import journal_position, rejected_event
from crm.db.store import Store
from crm.errors import StoreAway
from crm.journal.events import AnyEvent
from crm.journal.journal import BATCH, Journal, Position

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
Batch = Sequence[tuple[Position, AnyEvent]]

FIRST_RETRY_S: Final = 0.1
LONGEST_RETRY_S: Final = 2.0
GATHER_S: Final = 0.15
"""Between two transactions, so that one takes the events of many calls; a ticket is still seen within 0.2 s (P10)."""
GIVE_WAY_S: Final = 0.01
"""Between two transactions while there is a backlog: SQLite has one writer at a time, and people save forms."""
TRIES: Final = 3
"""How often an event is tried alone before it counts as one that the store cannot take."""


class Projector:
    """One per journal. `on_applied` is told what the store has just learnt; it must neither block nor raise, and after
    a crash it may hear of the last batch again."""

    def __init__(
        self,
        journal: Journal,
        store: Store,
        on_applied: Callable[[Sequence[AnyEvent]], None] | None = None,
    ) -> None:
        self._journal = journal
        self._store = store
        self._on_applied = on_applied
        self._calls = OpenCalls()
        self._projection = Projection(store.area_code, self._calls)
        self._applied: Position | None = None
        self._moved = asyncio.Condition()
        self._away: str | None = None
        self._rejected = 0

    async def run(self) -> None:
        """Until the journal is closed and everything in it is in the store, or the task is cancelled."""
        writer = Worker(self._store.database)
        try:
            await self._run(writer)
        finally:
            await writer.close()

    async def _run(self, writer: Worker) -> None:
        async with self._moved:
            self._applied = self._journal.checked(await self._with_patience(writer.transact, self._stored_position))
            self._moved.notify_all()
        async for batch in self._journal.follow(self._applied, writer):
            await self._with_patience(self._apply, writer, batch)
            segment = self._applied.segment if self._applied else ""
            async with self._moved:
                self._applied = batch[-1][0]
                self._moved.notify_all()
            if self._applied.segment != segment:
                self._journal.prune(self._applied)
            if self._on_applied is not None:
                self._on_applied([event for _, event in batch])
            await asyncio.sleep(GATHER_S if len(batch) < BATCH else GIVE_WAY_S)

    async def caught_up(self) -> None:
        """Returns when everything that is in the journal now is in the store."""
        target = self._journal.end
        async with self._moved:
            await self._moved.wait_for(lambda: self._has_reached(target))

    def status(self) -> dict[str, object]:
        """`up` is False while the store is away; `behind_bytes` is what it does not have yet."""
        return {
            "up": self._away is None,
            "behind_bytes": self._journal.bytes_after(self._applied),
            "rejected": self._rejected,
            "failure": self._away,
        }

    def _has_reached(self, target: Position) -> bool:
        applied = self._applied or Position("", 0)
        return applied >= target or next(self._journal.read(applied), None) is None

    async def _with_patience(self, work: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Repeats the work until the store is there. Says once that it went away and once that it is back."""
        failures = 0
        while True:
            try:
                done = await work(*args, **kwargs)
            except StoreAway as exc:
                if self._away is None:
                    log.error("events wait in the journal: %s", exc, extra={"action": "store_away"})
                self._away = str(exc)
                failures += 1
                await asyncio.sleep(wait_s(failures, FIRST_RETRY_S, LONGEST_RETRY_S))
                continue
            if self._away is not None:
                log.warning("the store is back", extra={"action": "store_back"})
                self._away = None
            _heed_cancellation()
            return done

    async def _apply(self, writer: Worker, batch: Batch) -> None:
        """The whole batch in one transaction; when the store refuses it, each event in its own, so that one bad event
        holds up nobody."""
        try:
            await self._store_batch(writer, batch)
        except StoreAway:
            raise
        except Exception:
            log.exception("a batch was refused; trying its events one by one", extra={"action": "batch_refused"})
            for position, event in batch:
                await self._apply_one(writer, position, event)

    async def _apply_one(self, writer: Worker, position: Position, event: AnyEvent) -> None:
        """Puts the event aside only when it fails again and again: then it is the event, not the moment."""
        for _ in range(TRIES - 1):
            try:
                return await self._store_batch(writer, [(position, event)])
            except StoreAway:
                raise
            except Exception as exc:
                log.warning("event %s was refused: %s", event.event_id, exc, extra={"action": "event_refused"})
                await asyncio.sleep(FIRST_RETRY_S)
        try:
            await self._store_batch(writer, [(position, event)])
        except StoreAway:
            raise
        except Exception as exc:
            log.exception(
                "event %s at %s is put aside in rejected_event",
                event.event_id,
                position,
                extra={"action": "event_rejected", "call_id": getattr(event, "call_id", None)},
            )
            reason = f"{type(exc).__name__}: {exc}"
            await writer.transact(lambda connection: self._put_aside(connection, position, event, reason))
            self._rejected += 1

    async def _store_batch(self, writer: Worker, batch: Batch) -> None:
        """With the position, in one transaction: whenever this process is killed, the next one goes on right there."""

        def store(connection: Connection) -> None:
            self._projection.apply(connection, [event for _, event in batch])
            self._remember(connection, batch[-1][0])

        try:
            await writer.transact(store)
        except BaseException:
            self._calls.forget_all()
            raise

    # --- on the writer's thread -------------------------------------------------------------------------------------

    def _stored_position(self, connection: Connection) -> Position | None:
        query = select(journal_position.c.segment, journal_position.c.offset)
        row = connection.execute(query.where(journal_position.c.journal == self._journal.id)).one_or_none()
        return None if row is None else Position(row.segment, row.offset)

    def _put_aside(self, connection: Connection, position: Position, event: AnyEvent, reason: str) -> None:
        row = {
            "event_id": event.event_id,
            "payload": msgspec.json.encode(event).decode(),
            "error": reason[:1000].replace("\x00", ""),
        }
        insert_new(connection, rejected_event, [row], ["event_id"])
        self._remember(connection, position)

    def _remember(self, connection: Connection, position: Position) -> None:
        row = {"journal": self._journal.id, "segment": position.segment, "offset": position.offset}
        upsert(connection, journal_position, [row], ["journal"])


def _heed_cancellation() -> None:
    """Ends a task whose cancellation was lost on the way through a driver that finished its work all the same."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError

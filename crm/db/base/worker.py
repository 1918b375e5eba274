"""A thread with one plain connection, for what calls need of the store: what is written in bulk, what is read at each
offer. The event loop neither waits for the database nor pays for the driver: a query through asyncio's bridge costs
twelve times as much. It knows no tables."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

from crm.db.base.engine import Database

T = TypeVar("T")

ENDS_WITHIN_S: Final = 1.0
"""How long the end waits for the work in hand. A thread that hangs on a hung server is left behind: it holds up
neither the end of the system nor, being a daemon, of the process; its transaction is then rolled back."""


class Worker:
    """Does one piece of work after the other. Belongs to one event loop; a new one is a new thread and connection."""

    def __init__(self, database: Database, *, writes: bool = True) -> None:
        self._database = database
        self._engine = database.plain_engine(writes=writes)
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._ended: Future[None] = Future()
        self._ended.set_running_or_notify_cancel()
        self._kept: Connection | None = None
        """For questions."""
        threading.Thread(target=self._serve, name="store-writer" if writes else "store-reader", daemon=True).start()

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """The work in its own transaction, committed when it returns, rolled back when it raises. Raises StoreAway.

        A cancellation is heeded at once, but what the thread has begun it may still finish.
        """
        await self._database.prepare()
        return await self(lambda: self._transaction(work))

    async def ask(self, work: Callable[[Connection], T]) -> T:
        """Work that only reads, each of its statements for itself, on a connection that is kept. Raises StoreAway."""
        await self._database.prepare()
        return await self(lambda: self._answer(work))

    async def __call__(self, work: Callable[[], T]) -> T:
        """Any work, on the thread."""
        done: Future[T] = Future()
        self._work.put(lambda: _settle(done, work))
        return await asyncio.wrap_future(done)

    async def close(self) -> None:
        """Ends the thread after the work in hand, and closes the connection."""
        self._work.put(None)
        ended = asyncio.wrap_future(self._ended)
        await asyncio.wait([ended], timeout=ENDS_WITHIN_S)
        ended.cancel()

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        with self._database.translated(), self._engine.begin() as connection:
            return work(connection)

    def _answer(self, work: Callable[[Connection], T]) -> T:
        with self._database.translated():
            if self._kept is None:
                self._kept = self._engine.connect()
            try:
                return work(self._kept)
            except BaseException:
                self._let_go()
                raise

    def _let_go(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            work()
        self._let_go()
        self._engine.dispose()
        self._ended.set_result(None)


def _settle(done: "Future[Any]", work: Callable[[], Any]) -> None:
    """Everything that the work raises is its caller's to hear."""
    if not done.set_running_or_notify_cancel():
        return
    try:
        done.set_result(work())
    except BaseException as error:
        done.set_exception(error)
